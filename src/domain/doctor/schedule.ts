// Whether anything renews by itself: the schedule that is missing, switched off, points at a program that is gone, or has not run.
import { type SchedulePlaces, otherScheduleHints } from "../other-schedule.ts";
import { shellWord } from "../shell-word.ts";
import { utcMinute } from "../utc-minute.ts";
import { isToldBy } from "./cause.ts";
import type { DoctorFinding, Looked } from "./finding.ts";

export interface ScheduleFacts {
  readonly kind: "systemd" | "cron";
  readonly files: readonly { readonly path: string; readonly state: "missing" | "current" | "different" | "foreign" }[];
  readonly active: boolean;
  readonly problem?: string;
  /** What it renews instead. */
  readonly instead?: SchedulePlaces;
  /** The one command that mends that. */
  readonly command?: string;
  /** Since when nothing ran (ISO), where systemd does not say: the state's lock, and the line for cron, were last written then. */
  readonly quietSince?: string;
  readonly next?: string;
  readonly last?: { readonly at?: string; readonly status: number; readonly ok: boolean; readonly output?: string };
}

const check = "doctor-schedule";
const install = "mailcert schedule install";
const byOtherMeans =
  "start `mailcert renew --quiet` every hour by other means (in a container: mailcert renew --every 1h)";
/** It runs each hour, up to half an hour late; a run over many certificates takes its time. */
const lateMs = 4 * 3600_000;

/** What a run said was wrong, in its own words; the rest of what it said is about what went well. */
const faultsIn = (output: string): readonly string[] =>
  output
    .split("\n")
    .filter((line) => /^\s*fault: |: FAILED\b|^mailcert: error: /.test(line))
    .map((line) => line.trim().replace(/^fault: /, ""));

/** undefined: all that was wrong is told by other looks, and once that is mended the next run clears this, too. */
const failedRun = (
  kind: ScheduleFacts["kind"],
  { status, at, output = "" }: NonNullable<ScheduleFacts["last"]>,
  told: readonly DoctorFinding[],
): DoctorFinding | undefined => {
  const faults = faultsIn(output);
  const open = faults.filter((line) => !told.some((one) => isToldBy(one, line)));
  if (faults.length > 0 && open.length === 0) return undefined;
  const [words = output.split("\n")[0] ?? ""] = open;
  const message = `the last run by itself${at === undefined ? "" : ` (${utcMinute(at)})`} failed (exit ${status})${words === "" ? "" : `: ${words}`}`;
  const again = kind === "systemd" ? "systemctl start mailcert.service" : "mailcert renew";
  const said = "`mailcert schedule show` has all that it said";
  return told.some(({ severity }) => severity === "fault")
    ? { check, severity: "fault", message, hint: `${said}; once everything here is mended: ${again}` }
    : // What it says is looked at no more: a run shows whether it still is so.
      {
        check,
        severity: "fault",
        message,
        command: again,
        hint: `nothing else is found wrong now: the next run clears this, where it is mended; ${said}`,
      };
};

const behind = ({ files }: ScheduleFacts): DoctorFinding | undefined => {
  const paths = files.filter(({ state }) => state === "different").map(({ path }) => path);
  if (paths.length === 0) return undefined;
  return {
    check,
    severity: "warning",
    message: `${paths.join(" and ")} ${paths.length === 1 ? "is" : "are"} not what this mailcert would write (another version, other servers or folders since)`,
    command: install,
  };
};

/** One that is of before may fail for that alone: a run under systemd writes only where its unit lets it. Installing it anew starts a run. */
const failedBehind = (failed: DoctorFinding, old: DoctorFinding): DoctorFinding => {
  const { command: _again, ...rest } = failed;
  return {
    ...rest,
    command: install,
    hint: `${old.message}: that writes it anew and starts a run; \`mailcert schedule show\` has all that the last one said`,
  };
};

/** What is wrong with one that is there. */
const troubleOf = (state: ScheduleFacts, { gone, told }: ScheduledWhere, now: Date): DoctorFinding | undefined => {
  const { kind, files, active, problem, command, last, instead } = state;
  const old = behind(state);
  const title = kind === "systemd" ? "mailcert.timer" : (files[0]?.path ?? "the cron line");
  if (instead)
    return {
      check,
      severity: "fault",
      message: `nothing renews these by itself: ${problem ?? ""}`,
      hint: otherScheduleHints(instead)[0] ?? "",
    };
  if (gone.length > 0)
    return {
      check,
      severity: "fault",
      message: `${title} starts ${gone.join(" and ")}, which is not there any more: nothing renews by itself`,
      command: install,
    };
  if (!active && problem !== undefined)
    return {
      check,
      severity: "fault",
      message: `nothing renews by itself: ${problem}`,
      // A daemon of cron's that does not run is nothing that writing its line again would mend.
      ...(kind === "systemd"
        ? { command: install }
        : command === undefined
          ? { hint: `install cron, or ${byOtherMeans}` }
          : { command }),
    };
  if (last && !last.ok) {
    const failed = failedRun(kind, last, told);
    return failed && old ? failedBehind(failed, old) : (failed ?? old);
  }
  if (last?.at !== undefined && now.getTime() - Date.parse(last.at) > lateMs)
    return {
      check,
      severity: "warning",
      message: `the hourly run was last there at ${utcMinute(last.at)}`,
      command: "systemctl restart mailcert.timer && systemctl start mailcert.service",
    };
  const { quietSince } = state;
  if (last === undefined && quietSince !== undefined && now.getTime() - Date.parse(quietSince) > lateMs)
    return {
      check,
      severity: "warning",
      message: `${title} is to start a run every hour, and there was none since ${utcMinute(quietSince)}`,
      command:
        kind === "systemd"
          ? "systemctl restart mailcert.timer && systemctl start mailcert.service"
          : "service cron restart",
    };
  return old;
};

export interface ScheduledWhere {
  /** Programs that its files name and that are not there. */
  readonly gone: readonly string[];
  /** This host has systemd or cron. */
  readonly possible: boolean;
  /** A certificate is there: it will end. */
  readonly needed: boolean;
  /** `renew --every` runs. */
  readonly loops: boolean;
  /** What other looks have found. */
  readonly told: readonly DoctorFinding[];
}

const nobody = ({ possible, needed }: ScheduledWhere): DoctorFinding => ({
  check,
  severity: needed ? "fault" : "warning",
  message: possible
    ? "no timer and no cron line of mailcert's is there: nothing renews by itself"
    : "neither systemd nor cron is here: nothing renews by itself",
  ...(possible ? { command: install } : { hint: `install cron, or ${byOtherMeans}` }),
});

/** Before there is anything to renew: whether it could be scheduled. */
export const schedulable = (possible: boolean): Looked =>
  possible
    ? { findings: [], well: [], unseen: [] }
    : { findings: [nobody({ gone: [], possible, needed: false, loops: false, told: [] })], well: [], unseen: [] };

export const scheduleLooked = (states: readonly ScheduleFacts[], where: ScheduledWhere, now: Date): Looked => {
  const { loops } = where;
  const foreign = states.flatMap(({ files }) => files).find(({ state }) => state === "foreign");
  const there = states.filter(({ files }) => files.some(({ state }) => state === "current" || state === "different"));
  // Another's stands in the way of installing this one's.
  const [state] = [...there.filter(({ active }) => active), ...there.filter(({ instead }) => instead), ...there];
  if (loops && state?.active !== true) return { findings: [], well: ["mailcert renew --every"], unseen: [] };
  if (state === undefined) {
    const finding: DoctorFinding = foreign
      ? {
          check,
          severity: "fault",
          message: `nothing renews by itself: ${foreign.path} is there, and mailcert did not write it`,
          command: `mv ${shellWord(foreign.path)} /root/ && ${install}`,
        }
      : nobody(where);
    return { findings: [finding], well: [], unseen: [] };
  }
  const trouble = troubleOf(state, where, now);
  if (trouble) return { findings: [trouble], well: [], unseen: [] };
  const kind = state.kind === "systemd" ? "systemd timer" : "cron line";
  const next = state.next === undefined ? "" : `, next run ${utcMinute(state.next)}`;
  return { findings: [], well: [`${kind}${next}`], unseen: [] };
};
