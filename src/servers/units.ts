// Which unit of systemd a daemon belongs to: what runs in one is restarted by systemd, never by us, for our own unit ends with all that was started in it.
import { access } from "node:fs/promises";
import { readTextIfPresent } from "../system/files.ts";
import type { RunProgram } from "../system/run.ts";

/** The unit of a process, where systemd started it (its control group is called so): `opensmtpd.service`. One of a user's own manager is none. */
export const unitOf = (cgroup: string): string | undefined =>
  cgroup
    .split("\n")
    .filter((line) => !line.includes("/user.slice/"))
    .flatMap((line) => /\/([\w@.\\:-]+\.service)$/.exec(line)?.[1] ?? [])[0];

/** systemd is PID 1 (sd_booted(3)). */
export const systemdRuns = (): Promise<boolean> =>
  access("/run/systemd/system").then(
    () => true,
    () => false,
  );

const cgroupOf = async (pid: number | "self"): Promise<string> =>
  (await readTextIfPresent(`/proc/${pid}/cgroup`).catch(() => undefined)) ?? "";

/** undefined also without systemd, and for what runs in the very unit that we run in. */
export const unitOfProcess = async (pid: number): Promise<string | undefined> => {
  if (!(await systemdRuns())) return undefined;
  const unit = unitOf(await cgroupOf(pid));
  return unit === unitOf(await cgroupOf("self")) ? undefined : unit;
};

/**
 * The very process that systemd started for its unit. Being in its control group says nothing: what cron, a mail server's pipe or a web server runs for a
 * user is in theirs.
 */
export const isMainOfUnit = async (run: RunProgram, pid: number): Promise<boolean> => {
  const unit = await unitOfProcess(pid);
  if (unit === undefined) return false;
  const { stdout } = await run("systemctl", ["show", "-p", "MainPID", unit]);
  return stdout.trim() === `MainPID=${pid}`;
};
