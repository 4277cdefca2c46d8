// Processes that speak TLS to clients, from /proc: since when each runs, and whether it can still take new ones.
import { readFile, readdir, readlink } from "node:fs/promises";

export interface ServingProcess {
  readonly pid: number;
  /** The server's own word for it: `imap-login`, `smtpd`. */
  readonly program: string;
  /** ISO date; exact to about a second. */
  readonly startedAt: string;
  /** It listens, and has no client where it takes one at a time. Absent: this user may not see. */
  readonly takesNew?: boolean;
}

/** Linux tells starts in hundredths of a second since it came up (proc(5), USER_HZ). */
const ticksPerSecond = 100;
/** The kernel keeps so many characters of a program's name. */
const nameLength = 15;

const text = (path: string): Promise<string> => readFile(path, "latin1").catch(() => "");

/** Name, parent and start of one process; undefined where it has ended. */
const readStat = async (pid: number): Promise<{ name: string; parent: number; ticks: number } | undefined> => {
  const stat = await text(`/proc/${pid}/stat`);
  const [from, to] = [stat.indexOf("("), stat.lastIndexOf(")")];
  if (from < 0 || to < from) return undefined;
  const fields = stat.slice(to + 2).split(" ");
  return { name: stat.slice(from + 1, to), parent: Number(fields[1]), ticks: Number(fields[19]) };
};

/** Inodes of TCP sockets in a state (`0A` listens, `01` has a peer), in the network of a process. */
const sockets = async (pid: number, state: string): Promise<ReadonlySet<string>> => {
  const tables = await Promise.all(["tcp", "tcp6"].map((table) => text(`/proc/${pid}/net/${table}`)));
  const rows = tables.flatMap((table) => table.split("\n").slice(1)).map((line) => line.trim().split(/\s+/));
  return new Set(rows.flatMap((fields) => (fields[3] === state && fields[9] !== undefined ? [fields[9]] : [])));
};

/** Its sockets' inodes; undefined: not ours to look at. */
const socketsOf = async (pid: number): Promise<readonly string[] | undefined> => {
  const names = await readdir(`/proc/${pid}/fd`).catch(() => undefined);
  if (names === undefined) return undefined;
  const targets = await Promise.all(names.map((name) => readlink(`/proc/${pid}/fd/${name}`).catch(() => "")));
  return targets.flatMap((target) => /^socket:\[(\d+)\]$/.exec(target)?.[1] ?? []);
};

/** Children of `master` with these names. `oneAtATime`: they listen all their lives, and take nobody new while they have a client. */
export const servingProcesses = async (
  master: number | undefined,
  programs: readonly string[],
  oneAtATime: boolean,
): Promise<readonly ServingProcess[]> => {
  if (master === undefined) return [];
  const bootedAt = Number(/^btime (\d+)$/m.exec(await text("/proc/stat"))?.[1]);
  if (!(bootedAt > 0)) return [];
  const [listening, connected] = await Promise.all([sockets(master, "0A"), sockets(master, "01")]);
  const found: ServingProcess[] = [];
  for (const entry of await readdir("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = await readStat(Number(entry));
    if (stat?.parent !== master) continue;
    const program = programs.find((one) => one.slice(0, nameLength) === stat.name);
    if (program === undefined) continue;
    const own = await socketsOf(Number(entry));
    const busy = oneAtATime && own?.some((inode) => connected.has(inode)) === true;
    found.push({
      pid: Number(entry),
      program,
      startedAt: new Date((bootedAt + stat.ticks / ticksPerSecond) * 1000).toISOString(),
      ...(own ? { takesNew: !busy && own.some((inode) => listening.has(inode)) } : {}),
    });
  }
  return found;
};
