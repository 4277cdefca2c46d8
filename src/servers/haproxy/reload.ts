// Tests HAProxy's configuration and makes the running one read it: by its master process, by its unit, or by a successor that takes its sockets over.
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { Failure } from "../../domain/failure.ts";
import { readTextIfPresent } from "../../system/files.ts";
import { offenceOnTheWay } from "../../system/root-only.ts";
import type { RunProgram } from "../../system/run.ts";
import { sendSignal } from "../../system/signal.ts";
import { hasChangedSinceStart } from "../changed-at.ts";
import { commandLine } from "../command-line.ts";
import { hasChildCalled } from "../daemons.ts";
import { expand } from "../glob.ts";
import { complaint, output, sayable } from "../program.ts";
import { systemdRuns, unitOfProcess } from "../units.ts";
import { refuseDoubted } from "../whose-words.ts";
import { environmentFor } from "./environment.ts";
import { filesOf, readHaproxy } from "./configuration-files.ts";
import { type Haproxy, program } from "./believed.ts";

/** For everybody's eyes. */
const saidOf = async (haproxy: Haproxy, stderr: string): Promise<string> => {
  const alert = /^\[ALERT\][^:]*: (?:config : )?(.*)$/m.exec(stderr)?.[1];
  return sayable(complaint(alert ?? stderr), await filesOf(haproxy));
};

/** @throws Failure `config` with its own words. */
export const testHaproxy = async (run: RunProgram, haproxy: Haproxy): Promise<void> => {
  const { names, foreign } = haproxy;
  if (foreign !== undefined)
    throw new Failure(
      "config",
      `HAProxy's configuration is not root's alone: ${foreign.who} can change ${foreign.path}, and what it names would run as root in a test`,
      { hints: [`let root alone change it${foreign.mend ? ` (${foreign.mend})` : ""}, then run the command again`] },
    );
  const env = await environmentFor(haproxy, await readHaproxy(haproxy));
  const result = await run(program, ["-c", ...names], { env });
  if (result.status === 0) return;
  throw new Failure("config", `HAProxy refuses its configuration: ${await saidOf(haproxy, result.stderr)}`, {
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

/** Options whose value is a number or a name: they open and write nothing. */
const harmless: Readonly<Record<string, RegExp>> = { "-n": /^\d+$/, "-N": /^\d+$/, "-m": /^\d+$/, "-L": /^[\w.:-]+$/ };

/**
 * The same of a process that is not root's any more, whose user can write any words there, or start another one: its files, which root alone can change, and
 * what does nothing. `-p` where that file names it already: root writes a number there.
 */
const onlyFiles = async ({ names }: Haproxy, pid: number, words: readonly string[]): Promise<readonly string[]> => {
  const kept: string[] = ["-D", ...names];
  for (const [index, word] of words.entries()) {
    const value = words[index + 1] ?? "";
    if (Object.hasOwn(harmless, word) && harmless[word]?.test(value)) kept.push(word, value);
    if (word !== "-p" || kept.includes("-p") || !value.startsWith("/")) continue;
    const noted =
      (await offenceOnTheWay(value)) === undefined && (await readTextIfPresent(value).catch(() => undefined));
    if (typeof noted === "string" && noted.trim() === String(pid)) kept.push(word, value);
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
  (await run("systemctl", ["show", "--property=CanReload", "--value", "--", unit])).stdout.trim() === "yes";

/** Why it is restarted rather than reloaded; undefined: it is not. */
export const restartReason = async (run: RunProgram, { pid, doubt }: Haproxy): Promise<string | undefined> => {
  if (pid === undefined || doubt !== undefined || (await hasChildCalled(pid, program))) return undefined;
  const unit = await theirUnit(pid);
  if (unit === undefined || (await canReload(run, unit))) return undefined;
  return `it runs without a master process, and ${unit} has no way to reload it`;
};

/** Settings whose files it makes itself, or that are no files: they change whenever it starts. */
const made: ReadonlySet<string> = new Set(["pidfile", "stats", "chroot", "log", "server-state-file", "stats-file"]);
/** What may be a folder of files. */
const folders: ReadonlySet<string> = new Set(["crt", "default-crt", "ca-file"]);

/** What of a word behind another it has read: sockets, and what the system keeps, is nothing of the kind. */
const readBy = async (path: string, keyword: string): Promise<readonly string[]> => {
  if (/^\/(?:dev|proc|sys|run|var\/run)\//.test(path)) return [];
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile()) return [path];
  return found?.isDirectory() && folders.has(keyword) ? [path, ...(await expand(join(path, "*")))] : [];
};

/** A restart ends sessions: not for what it has read long ago. */
export const isStale = async (haproxy: Haproxy, pid: number): Promise<boolean> => {
  const lines = (await readHaproxy(haproxy)).flatMap((section) => section.lines);
  const named = new Map<string, string>();
  for (const { words } of lines)
    for (const [index, { text }] of words.entries())
      if (text.startsWith("/") && !made.has(words[0]?.text ?? "")) named.set(text, words[index - 1]?.text ?? "");
  const read = (await Promise.all([...named].map(([path, keyword]) => readBy(path, keyword)))).flat();
  // What a list names, too.
  const listed = await Promise.all(read.filter((path) => path.endsWith(".crt-list")).map(pathsInList));
  return hasChangedSinceStart(pid, [...(await filesOf(haproxy)), ...read, ...listed.flat()]);
};

const pathsInList = async (list: string): Promise<readonly string[]> =>
  ((await readTextIfPresent(list).catch(() => undefined)) ?? "")
    .split("\n")
    .flatMap((line) => /^\s*(\/\S+)/.exec(line)?.[1] ?? []);

/** Old processes keep their sessions to the end. @throws Failure `unavailable` where it cannot be done without ending them, but by a unit of somebody's that knows no other way. */
export const reloadHaproxy = async (run: RunProgram, haproxy: Haproxy): Promise<void> => {
  const { pid, doubt } = haproxy;
  if (pid === undefined) return;
  // Somebody may have done it by hand.
  if (doubt !== undefined) return (await isStale(haproxy, pid)) ? refuseDoubted("HAProxy", doubt) : undefined;
  // A master starts its workers anew with the new configuration (management.txt, 4).
  if (await hasChildCalled(pid, program)) return sendSignal(pid, "SIGUSR2");
  const unit = await theirUnit(pid);
  if (unit !== undefined) {
    if ((await canReload(run, unit)) || (await isStale(haproxy, pid)))
      await output(run, "systemctl", ["reload-or-restart", "--", unit], "unavailable", { timeoutMs: 120_000 });
    return;
  }
  if (haproxy.unprivileged) {
    if (!(await isStale(haproxy, pid))) return;
    throw new Failure(
      "unavailable",
      "HAProxy was started without root's rights and runs without a master process: nothing can reload it as it is",
      {
        hints: ["start it with -W (master-worker), or restart it now: it serves the old certificate until then"],
      },
    );
  }
  const given = withoutReload(await commandLine(pid));
  if (!given.includes("-D")) {
    throw new Failure("unavailable", "HAProxy runs in the foreground without a master process: nothing can reload it", {
      hints: ["start it with -W (master-worker), or restart it now: it serves the old certificate until then"],
    });
  }
  const words = haproxy.ofRoot ? given : await onlyFiles(haproxy, pid, given);
  const env = await environmentFor(haproxy, await readHaproxy(haproxy));
  const [command, ...args] = [...((await systemdRuns()) ? apart(pid, env) : []), program, ...words, "-sf", String(pid)];
  const result = await run(command ?? program, args, { env });
  if (result.status === 0) return;
  throw new Failure(
    "unavailable",
    `HAProxy did not start anew: ${await sayable(complaint(result.stderr), await filesOf(haproxy))}`,
    {
      hints: ["the old process goes on; mend what it says, and the next run tries again"],
    },
  );
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
