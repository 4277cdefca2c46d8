// Runs a command line in this process, over the real composition, with configuration and state in a folder of the test.
import { setMaxListeners } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Host } from "../../src/cli/host.ts";
import { main } from "../../src/main.ts";

const root = join(import.meta.dirname, "../..");

export interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** As bin/host.js has it: a run that looks at many entry points at once listens to it for each. */
export const stopOfRun = (): AbortController => {
  const stop = new AbortController();
  setMaxListeners(0, stop.signal);
  return stop;
};

export const hostFor = (
  dir: string,
  argv: readonly string[],
  write: { out: (text: string) => void; err: (text: string) => void },
): Host => ({
  argv,
  env: { PATH: join(dir, "bin"), MAILCERT_RESOLV_CONF: "/dev/null", NO_COLOR: "1", TERM: "xterm" },
  stdout: { write: write.out, isTTY: false, columns: 80 },
  stderr: { write: write.err, isTTY: false, columns: 80 },
  ask: undefined,
  readInput: async () => "",
  now: () => new Date(),
  elapsed: () => performance.now(),
  sleep: async () => undefined,
  pid: process.pid,
  uid: process.getuid?.() ?? 0,
  signal: stopOfRun().signal,
  version: "0.0.0",
  nodePath: process.execPath,
  programPath: join(root, "bin/mailcert.js"),
  readTemplate: (file) => readFileSync(join(root, "templates", file), "utf8"),
  cwd: dir,
});

/** The same with parts of the host replaced. */
export const runMainOn = async (dir: string, over: Partial<Host>, ...line: readonly string[]): Promise<Ran> => {
  let stdout = "";
  let stderr = "";
  const argv = ["-c", join(dir, "etc/mailcert.yaml"), "--state", join(dir, "state"), ...line];
  const host = hostFor(dir, argv, { out: (text) => void (stdout += text), err: (text) => void (stderr += text) });
  const status = await main({ ...host, ...over });
  return { status, stdout, stderr };
};

/** `dir` is a temporary folder of the test's own: configuration and state stand in it. */
export const runMain = (dir: string, ...line: readonly string[]): Promise<Ran> => runMainOn(dir, {}, ...line);
