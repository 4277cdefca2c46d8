// The systemd service that a process belongs to, by its cgroup.
import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** `0::/system.slice/nginx.service` -> `nginx.service`; of templates the instance. */
export const serviceIn = (cgroup: string): string | undefined =>
  /\/([\w@:.\\-]+\.service)(?:\/[^\n]*)?$/m.exec(cgroup)?.[1];

/** undefined: systemd did not start it. */
export const serviceOf = async (pid: number, proc = "/proc"): Promise<string | undefined> =>
  serviceIn(await readFile(join(proc, String(pid), "cgroup"), "utf8").catch(() => ""));
