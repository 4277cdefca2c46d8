// Which unit of systemd a daemon belongs to: what runs in one is restarted by systemd, never by us, for our own unit ends with all that was started in it.
import { exists } from "../system/exists.ts";
import { readTextIfPresent } from "../system/files.ts";
import { offenceOnTheWay } from "../system/root-only.ts";
import type { RunProgram } from "../system/run.ts";
import { type Values, assignments, valuesIn } from "./assignments.ts";

/**
 * The unit of a process, where systemd started it (its control group is called so): `opensmtpd.service`. One of a user's own manager is none. Whoever was handed a group
 * (`Delegate=`) calls those below it as they like: no name of a unit is an option of a program's.
 */
export const unitOf = (cgroup: string): string | undefined =>
  cgroup
    .split("\n")
    .filter((line) => !line.includes("/user.slice/"))
    .flatMap((line) => /\/([\w@.\\:][\w@.\\:-]*\.service)$/.exec(line)?.[1] ?? [])[0];

/** systemd is PID 1 (sd_booted(3)). */
export const systemdRuns = (): Promise<boolean> => exists("/run/systemd/system");

const cgroupOf = async (pid: number | "self"): Promise<string> =>
  (await readTextIfPresent(`/proc/${pid}/cgroup`).catch(() => undefined)) ?? "";

/** undefined also without systemd, and for what runs in the very unit that we run in. */
export const unitOfProcess = async (pid: number): Promise<string | undefined> => {
  if (!(await systemdRuns())) return undefined;
  const unit = unitOf(await cgroupOf(pid));
  return unit === unitOf(await cgroupOf("self")) ? undefined : unit;
};

/** What root wrote in the unit of a process, which systemd starts. */
export interface MainUnit {
  readonly unit: string;
  /** Of its `ExecStart=`; none where variables stand in it, or somebody else than root can change the unit's files. */
  readonly words: readonly string[];
  /** `ExecStart=` as a whole. */
  readonly start: string;
  /** Root starts it as root. */
  readonly asRoot: boolean;
  /** What its `Environment=` and `EnvironmentFile=` give it. */
  readonly values: Values;
}

/**
 * Of the very process that systemd started for its unit; undefined: it is none. Being in its control group says nothing: what cron, a mail server's pipe or a
 * web server runs for a user is in theirs. What the process says of itself is nobody's word here, either: `User=` gives it away.
 */
export const mainUnitOf = async (run: RunProgram, pid: number): Promise<MainUnit | undefined> => {
  const unit = await unitOfProcess(pid);
  if (unit === undefined) return undefined;
  const properties = ["MainPID", "ExecStart", "FragmentPath", "DropInPaths", "User", "DynamicUser"];
  const further = ["Environment", "EnvironmentFiles"];
  const { stdout } = await run("systemctl", ["show", "-p", [...properties, ...further].join(","), "--", unit]);
  const valueOf = (name: string): string => new RegExp(`^${name}=(.*)$`, "m").exec(stdout)?.[1] ?? "";
  if (valueOf("MainPID") !== String(pid)) return undefined;
  const files = `${valueOf("FragmentPath")} ${valueOf("DropInPaths")}`.split(" ").filter((file) => file !== "");
  const offences = await Promise.all(files.map((file) => offenceOnTheWay(file).catch(() => true)));
  const roots = files.length > 0 && offences.every((offence) => offence === undefined);
  const start = roots ? valueOf("ExecStart") : "";
  const given = /\bargv\[\]=(.*?) ; ignore_errors=/.exec(start)?.[1] ?? "";
  const asRoot = roots && /^(?:root|0)?$/.test(valueOf("User")) && valueOf("DynamicUser") !== "yes";
  const named = [...stdout.matchAll(/^EnvironmentFiles=(\/\S+)/gm)].flatMap((match) => match[1] ?? []);
  const values = roots ? { ...assignments(valueOf("Environment")), ...(await valuesIn(named)) } : {};
  const words = given.includes("$") ? [] : given.split(" ").filter((word) => word !== "");
  return { unit, words, start, asRoot, values };
};
