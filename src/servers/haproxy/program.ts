// The HAProxy of this host: its files are those of its command line, else those that Debian's service gives it.
import { basename } from "node:path";
import type { RunProgram } from "../../system/run.ts";
import { type Offence, offenceOnTheWay } from "../../system/root-only.ts";
import { runIfInstalled } from "../program.ts";
import { commandLine } from "../command-line.ts";
import { daemonsCalled } from "../daemons.ts";
import { runningPid } from "../running.ts";
import { mainUnitOf } from "../units.ts";
import { isRoots, isRootsFile, userOf } from "../whose-words.ts";
import { namedIn, naming, ofDebian, readHaproxy } from "./configuration-files.ts";

export interface Haproxy {
  readonly version: string;
  /** Arguments that name its configuration: `-f FILE` each, and `-C FOLDER`. */
  readonly names: readonly string[];
  readonly pid: number | undefined;
  /** The words of its process are root's: those of one that gave its rights up, or never had them, are of whoever works as its user. */
  readonly ofRoot: boolean;
  /** Root's own pid file, or systemd, names the process. */
  readonly noted: boolean;
  /** Who else than root can change what its unit names, where it is another user's: root does not run it. */
  readonly foreign?: Offence;
}

export const program = "haproxy";
export const pidFile = "/run/haproxy.pid";

/** undefined: not installed. */
export const findHaproxy = async (run: RunProgram): Promise<Haproxy | undefined> => {
  const asked = await runIfInstalled(run, program, ["-v"]);
  if (asked === undefined) return undefined;
  const version = /^HA-?Proxy version (\d+(?:\.\d+)+)/m.exec(asked.stdout)?.[1] ?? "of an unknown version";
  const inFile = await runningPid(pidFile, program);
  if (inFile !== undefined) {
    const found = await believed(run, [inFile]);
    if (found) return { ...found, version, noted: true };
  }
  // That file may be of one that ended long ago, whose number is somebody else's now.
  const found = await believed(run, (await daemonsCalled(program)).toReversed());
  if (found) return { ...found, version };
  return { version, names: await ofDebian(), pid: undefined, ofRoot: true, noted: false };
};

type Found = Omit<Haproxy, "version"> & { readonly pid: number };

/** Root's own goes before all that anybody could have started, however late. */
const believed = async (run: RunProgram, pids: readonly number[]): Promise<Found | undefined> => {
  for (const way of [byRoot, byUnit, byFiles])
    for (const pid of pids) {
      const found = await way(run, pid);
      if (found) return found;
    }
  return undefined;
};

const namesOr = async (names: readonly string[]): Promise<readonly string[]> =>
  names.length > 0 ? names : await ofDebian();

const byRoot = async (_run: RunProgram, pid: number): Promise<Found | undefined> =>
  (await isRoots(program, pid))
    ? { pid, names: await namesOr(naming(await commandLine(pid))), ofRoot: true, noted: false }
    : undefined;

/** The words of its `ExecStart=`; where a script or variables stand there, its own, so far as they name root's files. */
const byUnit = async (run: RunProgram, pid: number): Promise<Found | undefined> => {
  const unit = await mainUnitOf(run, pid);
  if (unit === undefined || !/\bhaproxy/.test(unit.start)) return undefined;
  const given = basename(unit.words[0] ?? "") === program ? naming(unit.words) : [];
  if (given.length > 0) {
    // The unit's user may be the one who writes these files: HAProxy would run them as root in a test.
    const foreign = unit.asRoot ? undefined : await foreignIn(given);
    return { pid, names: given, ofRoot: false, noted: true, ...(foreign === undefined ? {} : { foreign }) };
  }
  const names = await namesOr(naming(await commandLine(pid)));
  return (await areRoots(names)) ? { pid, names, ofRoot: false, noted: true } : undefined;
};

/** Of any other one: files of root's, whose `user` it is. */
const byFiles = async (run: RunProgram, pid: number): Promise<Found | undefined> => {
  const uid = await userOf(pid);
  if (uid === undefined) return undefined;
  const names = await namesOr(naming(await commandLine(pid)));
  if (!(await areRoots(names))) return undefined;
  const found = { pid, names, ofRoot: false, noted: false };
  if (uid === 0) return found;
  const words = (await readHaproxy(found)).flatMap(({ kind, lines }) => (kind === "global" ? lines : []));
  const given = (name: string): string | undefined =>
    words.findLast((line) => line.words[0]?.text === name)?.words[1]?.text;
  const user = given("uid") ?? given("user");
  return user !== undefined && (await run("id", ["-u", "--", user])).stdout.trim() === String(uid) ? found : undefined;
};

const areRoots = async (names: readonly string[]): Promise<boolean> => {
  const seen = new Set<string>();
  for (const path of await namedIn(names)) if (!(await isRootsFile(path, seen))) return false;
  return true;
};

const foreignIn = async (names: readonly string[]): Promise<Offence | undefined> => {
  for (const path of await namedIn(names)) {
    const offence = await offenceOnTheWay(path);
    if (offence !== undefined) return offence;
  }
  return undefined;
};

/** Where a file is named, without which it would not start. */
export const namedBy = async (run: RunProgram, path: string): Promise<string | undefined> => {
  const haproxy = await findHaproxy(run);
  const lines = haproxy ? (await readHaproxy(haproxy)).flatMap((section) => section.lines) : [];
  const found = lines.find(({ words }) => words.some(({ text }) => text === path));
  return found && `${found.path} line ${found.line}`;
};
