// Composition: wires the adapters into one World, and turns every failure into words and an exit status.
import type { Globals } from "./cli/command.ts";
import type { Host } from "./cli/host.ts";

export const main = async (host: Host): Promise<number> => {
  // The one answer that needs nothing else.
  if (host.argv.length === 1 && (host.argv[0] === "--version" || host.argv[0] === "-V")) {
    host.stdout.write(`${host.version}\n`);
    return 0;
  }
  // What a shell asks while somebody types.
  if (host.argv[0] === "__complete") return completeHere(host);
  try {
    const [{ runProgram }, { bare, commands }] = await Promise.all([
      import("./cli/program.ts"),
      import("./commands/index.ts"),
    ]);
    return await runProgram({
      host,
      commands,
      bare,
      world: (globals, step, mayMakeConfig, run) => once(() => composeWorld(host, globals, step, mayMakeConfig, run)),
    });
  } catch (error) {
    return (await import("./cli/report-error.ts")).reportError(host, error);
  }
};

const completeHere = async (host: Host): Promise<number> => {
  const [{ answer }, { commands }] = await Promise.all([import("./cli/answer.ts"), import("./commands/index.ts")]);
  return answer({ host, commands, world: (globals) => composeWorld(host, globals, () => undefined, true) });
};

/** The first call makes it, later ones share it. */
const once = <Value>(make: () => Promise<Value>): (() => Promise<Value>) => {
  let made: Promise<Value> | undefined;
  return () => (made ??= make());
};

const composeWorld = async (
  host: Host,
  globals: Globals,
  step: (what: string) => void,
  mayMakeConfig: boolean,
  run?: string,
) => {
  const { createWorld } = await import("./compose.ts");
  return createWorld(host, globals, step, mayMakeConfig, run);
};
