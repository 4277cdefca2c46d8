// The HAProxy of this host: its files are those of its command line, else those that Debian's service gives it.
import { stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { readTextIfPresent } from "../../system/files.ts";
import type { RunProgram } from "../../system/run.ts";
import { offenceOnTheWay } from "../../system/root-only.ts";
import { expand } from "../glob.ts";
import { runIfInstalled } from "../program.ts";
import { commandLine } from "../command-line.ts";
import { daemonsCalled, identityOf } from "../daemons.ts";
import { runningPid } from "../running.ts";
import { isMainOfUnit } from "../units.ts";
import { type Section, parseHaproxy } from "./parse.ts";

export interface Haproxy {
  readonly version: string;
  /** Arguments that name its configuration: `-f FILE` each, and `-C FOLDER`. */
  readonly names: readonly string[];
  readonly pid: number | undefined;
}

export const program = "haproxy";
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
  const version = /^HA-?Proxy version (\d+(?:\.\d+)+)/m.exec(asked.stdout)?.[1] ?? "of an unknown version";
  const noted = await runningPid(pidFile, program);
  for (const pid of noted === undefined ? (await daemonsCalled(program)).toReversed() : [noted]) {
    const words = naming(await commandLine(pid));
    const names = words.length > 0 ? words : await ofDebian();
    if (await isRoots(run, { version, names, pid }, pid)) return { version, names, pid };
  }
  return { version, names: await ofDebian(), pid: undefined };
};

/**
 * Its files are tried as root and name programs (Lua), its words start a successor: anybody may start a HAProxy of his own. Root's own, systemd's,
 * or one that gave its rights up as files say that root alone can change.
 */
const isRoots = async (run: RunProgram, haproxy: Haproxy, pid: number): Promise<boolean> => {
  const uid = (await identityOf(pid))?.uid;
  if (uid === undefined || uid === 0) return uid === 0;
  if (await isMainOfUnit(run, pid)) return true;
  const seen = new Set<string>();
  for (const file of await filesOf(haproxy))
    if ((await offenceOnTheWay(file, seen).catch(() => true)) !== undefined) return false;
  const words = (await readHaproxy(haproxy)).flatMap(({ kind, lines }) => (kind === "global" ? lines : []));
  const given = (name: string): string | undefined =>
    words.findLast((line) => line.words[0]?.text === name)?.words[1]?.text;
  const user = given("uid") ?? given("user");
  return user !== undefined && (await run("id", ["-u", user])).stdout.trim() === String(uid);
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
