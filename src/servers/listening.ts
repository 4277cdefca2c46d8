// Whether a process listens at a TCP port: what the kernel knows of it, whatever it says of itself.
import { readFile, readdir, readlink } from "node:fs/promises";

const text = (path: string): Promise<string> => readFile(path, "latin1").catch(() => "");

/** Inodes of sockets that listen at one of these ports, in the network of a process (proc_pid_net(5): state 0A, the local port in hexadecimal). */
const listeningAt = async (pid: number, ports: readonly number[]): Promise<ReadonlySet<string>> => {
  const tables = await Promise.all(["tcp", "tcp6"].map((table) => text(`/proc/${pid}/net/${table}`)));
  const rows = tables.flatMap((table) => table.split("\n").slice(1)).map((line) => line.trim().split(/\s+/));
  return new Set(
    rows.flatMap(([, local = "", , state, ...rest]) =>
      state === "0A" && ports.includes(Number.parseInt(local.slice(local.indexOf(":") + 1), 16)) ? [rest[5] ?? ""] : [],
    ),
  );
};

const socketsOf = async (pid: number): Promise<readonly string[]> => {
  const names = await readdir(`/proc/${pid}/fd`).catch(() => []);
  const targets = await Promise.all(names.map((name) => readlink(`/proc/${pid}/fd/${name}`).catch(() => "")));
  return targets.flatMap((target) => /^socket:\[(\d+)\]$/.exec(target)?.[1] ?? []);
};

const childrenOf = async (pid: number): Promise<readonly number[]> =>
  (await text(`/proc/${pid}/task/${pid}/children`)).split(/\s+/).flatMap((one) => (one === "" ? [] : [Number(one)]));

/** It, or a worker of its. */
export const listens = async (pid: number, ports: readonly number[]): Promise<boolean> => {
  if (ports.length === 0) return false;
  const sockets = await listeningAt(pid, ports);
  if (sockets.size === 0) return false;
  for (const one of [pid, ...(await childrenOf(pid))])
    if ((await socketsOf(one)).some((inode) => sockets.has(inode))) return true;
  return false;
};
