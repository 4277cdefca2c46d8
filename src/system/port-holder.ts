// Who listens on a TCP port of this machine: /proc/net/tcp{,6} gives the socket's inode, /proc/<pid>/fd the process that holds it.
import { readFile, readdir, readlink } from "node:fs/promises";
import { join } from "node:path";
import { clean } from "../domain/text.ts";

export interface PortHolder {
  readonly pid: number;
  /** The program's short name, e.g. `nginx`. */
  readonly program: string;
}

const listening = "0A"; // TCP_LISTEN in include/net/tcp_states.h

/** Inodes of the listening sockets on `port`, from one table of /proc/net. */
export const listeningInodes = (table: string, port: number): readonly string[] =>
  table.split("\n").flatMap((line) => {
    // sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode
    const columns = line.trim().split(/\s+/);
    const [, local, , state] = columns;
    const inode = columns[9];
    const hexPort = local?.split(":")[1];
    if (state !== listening || hexPort === undefined || inode === undefined) return [];
    return Number.parseInt(hexPort, 16) === port ? [inode] : [];
  });

/** Every process that listens on `port` (one per program and pid); empty when nobody does or this user may not see it. */
export const findPortHolders = async (port: number, proc = "/proc"): Promise<readonly PortHolder[]> => {
  const tables = await Promise.all(
    ["tcp", "tcp6"].map((name) => readFile(join(proc, "net", name), "utf8").catch(() => "")),
  );
  const sockets = new Set(tables.flatMap((table) => listeningInodes(table, port)).map((inode) => `socket:[${inode}]`));
  if (sockets.size === 0) return [];
  const pids = (await readdir(proc).catch(() => [])).filter((name) => /^[0-9]+$/.test(name)).map(Number);
  const holders: PortHolder[] = [];
  for (const pid of pids.sort((a, b) => a - b)) {
    const folder = join(proc, String(pid), "fd");
    // A process may end while we look, and other users' descriptors are closed to us: both are "not seen".
    for (const descriptor of await readdir(folder).catch(() => [])) {
      const target = await readlink(join(folder, descriptor)).catch(() => "");
      if (!sockets.has(target)) continue;
      const name = await readFile(join(proc, String(pid), "comm"), "utf8").catch(() => "");
      holders.push({ pid, program: clean(name, 32) || "a program" });
      break;
    }
  }
  return holders;
};
