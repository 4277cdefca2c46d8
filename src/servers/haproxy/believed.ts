// Which HAProxy among the processes of that name is this host's, and whose word its files are: root's, its unit's, or its own so far as it could have read them.
import { basename } from "node:path";
import { shellWord } from "../../domain/shell-word.ts";
import { clean } from "../../domain/text.ts";
import { type Offence, offenceOnTheWay } from "../../system/root-only.ts";
import type { RunProgram } from "../../system/run.ts";
import type { Values } from "../assignments.ts";
import { commandLine } from "../command-line.ts";
import { hasChildCalled } from "../daemons.ts";
import { mainUnitOf } from "../units.ts";
import { type Doubt, isConfiguration, isOfAccount, isRoots, isRootsFile, userOf } from "../whose-words.ts";
import { filesOf, home, namedIn, naming, ofDebian, readHaproxy } from "./configuration-files.ts";
import { sectionNames } from "./parse.ts";

export interface Haproxy {
  readonly version: string;
  /** Arguments that name its configuration: `-f FILE` each, and `-C FOLDER`. */
  readonly names: readonly string[];
  readonly pid: number | undefined;
  /** The words of its process are root's: those of one that gave its rights up, or never had them, are of whoever works as its user. */
  readonly ofRoot: boolean;
  /** Root's own pid file, or systemd, names the process. */
  readonly noted: boolean;
  /** It never had root's rights: it reads keys as its user, and a successor of root's would be something else. */
  readonly unprivileged?: true;
  /** What root gives it in its environment. */
  readonly values?: Values;
  /** Who else than root can change what its unit names, where it is another user's: root does not run it. */
  readonly foreign?: Offence;
  /** It serves, and its word is not taken: `names` are those that it would be started with. */
  readonly doubt?: Doubt;
}

export const program = "haproxy";
export const pidFile = "/run/haproxy.pid";

export type Found = Omit<Haproxy, "version"> & { readonly pid: number };

/** Root's own goes before all that anybody could have started, however late. `doubts`: those that it is none of. */
export const believed = async (
  run: RunProgram,
  pids: readonly number[],
  doubts: Doubt[] = [],
): Promise<Found | undefined> => {
  for (const way of [byRoot, byUnit])
    for (const pid of pids) {
      const found = await way(run, pid);
      if (found) return found;
    }
  const others: Found[] = [];
  for (const pid of pids) {
    const found = await byFiles(run, pid);
    if ("why" in found) doubts.push(found);
    else others.push(found);
  }
  // The one whose files say whose it is before the one whose account alone does.
  return others.find(({ unprivileged }) => !unprivileged) ?? others[0];
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
  const { values, asRoot } = unit;
  const found = {
    pid,
    ofRoot: false,
    noted: true,
    values,
    ...(asRoot ? {} : { unprivileged: true as const }),
  };
  const given = basename(unit.words[0] ?? "") === program ? naming(unit.words) : [];
  if (given.length > 0) {
    // The unit's user may be the one who writes these files: HAProxy would run them as root in a test.
    const foreign = asRoot ? undefined : await foreignIn(given);
    return { ...found, names: given, ...(foreign === undefined ? {} : { foreign }) };
  }
  const names = await namesOr(naming(await commandLine(pid)));
  return (await strangerIn(run, pid, names)) === undefined ? { ...found, names } : undefined;
};

const byItsUnit = "start it by a unit whose ExecStart= names its files";
const ways = `${byItsUnit}, or name them in CONFIG= of /etc/default/haproxy`;

/** Of any other one: files of root's that it could have read itself, and `user` in them, or the account that is called so. */
const byFiles = async (run: RunProgram, pid: number): Promise<Found | Doubt> => {
  const uid = await userOf(pid);
  if (uid === undefined || uid === 0)
    return { pid, why: "its program is none of root's, or gives anybody root's rights", mend: byItsUnit };
  const names = await namesOr(naming(await commandLine(pid)));
  const stranger = await strangerIn(run, pid, names);
  if (stranger !== undefined) {
    const file = clean(stranger, 200);
    return {
      pid,
      why: `${file} is no configuration of HAProxy's that root alone can change, all its way, and that its own user (uid ${uid}) may read`,
      mend: `mend that (\`namei -l ${shellWord(file)}\`), or ${ways}`,
    };
  }
  const found = { pid, names, ofRoot: false, noted: false };
  const words = (await readHaproxy(found)).flatMap(({ kind, lines }) => (kind === "global" ? lines : []));
  const given = (name: string): string | undefined =>
    words.findLast((line) => line.words[0]?.text === name)?.words[1]?.text;
  const user = given("uid") ?? given("user");
  if (user === undefined) {
    if (await isOfAccount(run, pid, [program])) return { ...found, unprivileged: true };
    return {
      pid,
      why: `nothing of root's says that it works as uid ${uid}`,
      mend: `name that user in its file (global: user NAME), or ${byItsUnit}`,
    };
  }
  if ((await run("id", ["-u", "--", user])).stdout.trim() === String(uid))
    // A master that root starts stays root's.
    return (await hasChildCalled(pid, program)) ? { ...found, unprivileged: true } : found;
  return {
    pid,
    why: `it works as uid ${uid}, and its file says user ${clean(user, 40)}`,
    mend: `make the two agree, or ${byItsUnit}`,
  };
};

const begins = new RegExp(`^\\s*(?:${[...sectionNames].join("|")})(?:\\s|$)`);

/** The first file that root would not run HAProxy on for those words. What root names itself needs no further proof. */
const strangerIn = async (run: RunProgram, pid: number, names: readonly string[]): Promise<string | undefined> => {
  const seen = new Set<string>();
  for (const path of await namedIn(names)) if (!(await isRootsFile(path, seen))) return path;
  const own = new Set(await filesOf({ names: await ofDebian() }));
  for (const path of await filesOf({ names }))
    if (!own.has(path) && !(await isConfiguration(run, { path, pid, begins, home }))) return path;
  return undefined;
};

const foreignIn = async (names: readonly string[]): Promise<Offence | undefined> => {
  for (const path of await namedIn(names)) {
    const offence = await offenceOnTheWay(path);
    if (offence !== undefined) return offence;
  }
  return undefined;
};
