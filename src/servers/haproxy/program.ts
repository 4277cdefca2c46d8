// The HAProxy of this host: its files are those of its command line, else those that Debian's service gives it.
import { stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { Failure } from "../../domain/failure.ts";
import { readTextIfPresent } from "../../system/files.ts";
import type { RunProgram } from "../../system/run.ts";
import { sendSignal } from "../../system/signal.ts";
import { expand } from "../glob.ts";
import { complaint, runIfInstalled } from "../program.ts";
import { commandLine } from "../command-line.ts";
import { daemonsCalled, hasChildCalled } from "../daemons.ts";
import { runningPid } from "../running.ts";
import { type Section, parseHaproxy } from "./parse.ts";

export interface Haproxy {
  readonly version: string;
  /** Arguments that name its configuration: `-f FILE` each, and `-C FOLDER`. */
  readonly names: readonly string[];
  readonly pid: number | undefined;
}

const program = "haproxy";
const standard = "/etc/haproxy/haproxy.cfg";
const pidFile = "/run/haproxy.pid";

/** What names files on its command line: `-f FILE` (or a folder), `-C FOLDER`, and every word behind `--`. */
const naming = (words: readonly string[]): readonly string[] => {
  const found: string[] = [];
  for (let index = 1; index < words.length; index += 1) {
    const word = words[index] ?? "";
    const next = words[index + 1];
    if (word === "--") return [...found, ...words.slice(index + 1).flatMap((file) => ["-f", file])];
    if ((word === "-f" || word === "-C") && next !== undefined) {
      found.push(word, next);
      index += 1;
    }
  }
  return found;
};

/** CONFIG= of Debian's /etc/default/haproxy, which its unit and its script read. */
const ofDebian = async (): Promise<readonly string[]> => {
  const defaults = (await readTextIfPresent("/etc/default/haproxy").catch(() => undefined)) ?? "";
  return ["-f", /^\s*CONFIG=(["']?)(\/[^"'\s]+)\1\s*$/m.exec(defaults)?.[2] ?? standard];
};

/** undefined: not installed. */
export const findHaproxy = async (run: RunProgram): Promise<Haproxy | undefined> => {
  const asked = await runIfInstalled(run, program, ["-v"]);
  if (asked === undefined) return undefined;
  const pid = (await runningPid(pidFile, program)) ?? (await daemonsCalled(program)).at(-1);
  const names = pid === undefined ? [] : naming(await commandLine(pid));
  return {
    version: /^HA-?Proxy version (\d+(?:\.\d+)+)/m.exec(asked.stdout)?.[1] ?? "of an unknown version",
    names: names.length > 0 ? names : await ofDebian(),
    pid,
  };
};

const isFolder = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => undefined))?.isDirectory() === true;

/** Its files in the order in which it reads them; of a folder, those called *.cfg. */
export const filesOf = async ({ names }: Haproxy): Promise<readonly string[]> => {
  const found: string[] = [];
  const folder = names[names.lastIndexOf("-C") + 1 || names.length] ?? "/";
  for (let index = 0; index < names.length; index += 2) {
    if (names[index] !== "-f") continue;
    const path = resolve(folder, names[index + 1] ?? "");
    if (await isFolder(path)) found.push(...(await expand(`${path}/*.cfg`)));
    else found.push(path);
  }
  return found;
};

/** Folder of its first file: ours go there. */
export const folderOf = async (haproxy: Haproxy): Promise<string> => dirname((await filesOf(haproxy))[0] ?? standard);

/** A file that cannot be read is passed over: its own test names it. */
export const readHaproxy = async (haproxy: Haproxy): Promise<readonly Section[]> => {
  const files = await Promise.all(
    (await filesOf(haproxy)).map(async (path) => ({
      path,
      text: (await readTextIfPresent(path).catch(() => undefined)) ?? "",
    })),
  );
  return parseHaproxy(files);
};

/** Where a file is named, without which it would not start. */
export const namedBy = async (run: RunProgram, path: string): Promise<string | undefined> => {
  const haproxy = await findHaproxy(run);
  const lines = haproxy ? (await readHaproxy(haproxy)).flatMap((section) => section.lines) : [];
  const found = lines.find(({ words }) => words.some(({ text }) => text === path));
  return found && `${found.path} line ${found.line}`;
};

/** @throws Failure `config` with its own words. */
export const testHaproxy = async (run: RunProgram, { names }: Haproxy): Promise<void> => {
  const result = await run(program, ["-c", ...names]);
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

/** Old processes keep their sessions to the end. @throws Failure `unavailable` where it cannot be done without ending them. */
export const reloadHaproxy = async (run: RunProgram, { pid }: Haproxy): Promise<void> => {
  if (pid === undefined) return;
  // A master starts its workers anew with the new configuration (management.txt, 4).
  if (await hasChildCalled(pid, program)) return sendSignal(pid, "SIGUSR2");
  const words = withoutReload(await commandLine(pid));
  if (!words.includes("-D")) {
    throw new Failure("unavailable", "HAProxy runs in the foreground without a master process: nothing can reload it", {
      hints: ["start it with -W (master-worker), or restart it now: it serves the old certificate until then"],
    });
  }
  const result = await run(program, [...words, "-sf", String(pid)]);
  if (result.status === 0) return;
  throw new Failure("unavailable", `HAProxy did not start anew: ${complaint(result.stderr)}`, {
    hints: ["the old process goes on; mend what it says, and the next run tries again"],
  });
};
