// Tests HAProxy's configuration and makes the running one read it: by its master process, by its unit, or by a successor that takes its sockets over.
import { Failure } from "../../domain/failure.ts";
import { readTextIfPresent } from "../../system/files.ts";
import type { RunProgram } from "../../system/run.ts";
import { sendSignal } from "../../system/signal.ts";
import { changedAt } from "../changed-at.ts";
import { commandLine } from "../command-line.ts";
import { hasChildCalled, startedAt } from "../daemons.ts";
import { complaint, output } from "../program.ts";
import { systemdRuns, unitOfProcess } from "../units.ts";
import { environmentFor } from "./environment.ts";
import { type Haproxy, filesOf, program, readHaproxy } from "./program.ts";

/** @throws Failure `config` with its own words. */
export const testHaproxy = async (run: RunProgram, haproxy: Haproxy): Promise<void> => {
  const { names } = haproxy;
  const env = await environmentFor(haproxy, await readHaproxy(haproxy));
  const result = await run(program, ["-c", ...names], { env });
  if (result.status === 0) return;
  const alert = /^\[ALERT\][^:]*: (?:config : )?(.*)$/m.exec(result.stderr)?.[1];
  throw new Failure("config", `HAProxy refuses its configuration: ${complaint(alert ?? result.stderr)}`, {
    hints: [`mend it; \`haproxy -c ${names.join(" ")}\` shows the same complaint`],
  });
};

/** Its arguments for a successor: what only a reload adds is left out. */
const withoutReload = (words: readonly string[]): readonly string[] => {
  const kept: string[] = [];
  for (let index = 1; index < words.length; index += 1) {
    const word = words[index] ?? "";
    if (word === "-x") index += 1;
    else if (word === "-sf" || word === "-st") while (/^\d+$/.test(words[index + 1] ?? "")) index += 1;
    else kept.push(word);
  }
  return kept;
};

/** The units of successors that we had systemd start. */
const ourUnits = "mailcert-haproxy-after-";

/** The unit that somebody made for it, where systemd runs. */
const theirUnit = async (pid: number): Promise<string | undefined> => {
  const unit = await unitOfProcess(pid);
  return unit?.startsWith(ourUnits) ? undefined : unit;
};

/** A unit without a way to reload restarts it, and its sessions end. */
const canReload = async (run: RunProgram, unit: string): Promise<boolean> =>
  (await run("systemctl", ["show", "--property=CanReload", "--value", unit])).stdout.trim() === "yes";

/** Why it is restarted rather than reloaded; undefined: it is not. */
export const restartReason = async (run: RunProgram, { pid }: Haproxy): Promise<string | undefined> => {
  if (pid === undefined || (await hasChildCalled(pid, program))) return undefined;
  const unit = await theirUnit(pid);
  if (unit === undefined || (await canReload(run, unit))) return undefined;
  return `it runs without a master process, and ${unit} has no way to reload it`;
};

/** Times of files are those of a clock that is a little behind. */
const marginMs = 100;

/** A restart ends sessions: not for what it has read long ago. */
const isStale = async (haproxy: Haproxy, pid: number): Promise<boolean> => {
  const sections = await readHaproxy(haproxy);
  const words = sections.flatMap(({ lines }) => lines.flatMap((line) => line.words.map(({ text }) => text)));
  const named = [...new Set([...(await filesOf(haproxy)), ...words.filter((word) => word.startsWith("/"))])];
  // What a list names, too.
  const listed = await Promise.all(named.filter((path) => path.endsWith(".crt-list")).map(pathsInList));
  const newest = Math.max(0, ...(await Promise.all([...named, ...listed.flat()].map(changedAt))));
  return newest + marginMs > ((await startedAt(pid)) ?? 0);
};

const pathsInList = async (list: string): Promise<readonly string[]> =>
  ((await readTextIfPresent(list).catch(() => undefined)) ?? "")
    .split("\n")
    .flatMap((line) => /^\s*(\/\S+)/.exec(line)?.[1] ?? []);

/** Old processes keep their sessions to the end. @throws Failure `unavailable` where it cannot be done without ending them, but by a unit of somebody's that knows no other way. */
export const reloadHaproxy = async (run: RunProgram, haproxy: Haproxy): Promise<void> => {
  const { pid } = haproxy;
  if (pid === undefined) return;
  // A master starts its workers anew with the new configuration (management.txt, 4).
  if (await hasChildCalled(pid, program)) return sendSignal(pid, "SIGUSR2");
  const unit = await theirUnit(pid);
  if (unit !== undefined) {
    if ((await canReload(run, unit)) || (await isStale(haproxy, pid)))
      await output(run, "systemctl", ["reload-or-restart", unit], "unavailable", { timeoutMs: 120_000 });
    return;
  }
  const words = withoutReload(await commandLine(pid));
  if (!words.includes("-D")) {
    throw new Failure("unavailable", "HAProxy runs in the foreground without a master process: nothing can reload it", {
      hints: ["start it with -W (master-worker), or restart it now: it serves the old certificate until then"],
    });
  }
  const env = await environmentFor(haproxy, await readHaproxy(haproxy));
  const [command, ...args] = [...((await systemdRuns()) ? apart(pid, env) : []), program, ...words, "-sf", String(pid)];
  const result = await run(command ?? program, args, { env });
  if (result.status === 0) return;
  throw new Failure("unavailable", `HAProxy did not start anew: ${complaint(result.stderr)}`, {
    hints: ["the old process goes on; mend what it says, and the next run tries again"],
  });
};

/** What is started by us runs in our own unit: confined, and ended by systemd when the run is over. Values go by the environment, not by the command line. */
const apart = (pid: number, env: Readonly<Record<string, string>>): readonly string[] => [
  "systemd-run",
  "--quiet",
  "--collect",
  "--service-type=forking",
  `--unit=${ourUnits}${pid}`,
  "--description=HAProxy, with the certificate that mailcert put in place",
  ...Object.keys(env).map((name) => `--setenv=${name}`),
  "--",
];
