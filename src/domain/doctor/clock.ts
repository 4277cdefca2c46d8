// A clock that is wrong by what this host itself knows: certificates that begin in the future, changes that were made later than now.
import type { DoctorFinding, Looked } from "./finding.ts";
import { utcMinute } from "../utc-minute.ts";

export interface ClockFacts {
  readonly synchronised: boolean;
  readonly kept: boolean;
  readonly canKeep: boolean;
  readonly program: "timedatectl" | "chronyc";
}

/** Something that has happened, and when by this host's clock then (ISO). */
export interface Known {
  readonly what: string;
  readonly at: string;
}

const check = "doctor-clock";
/** Two clocks that are both right differ by less. */
const slackMs = 5 * 60_000;

const mend = (facts: ClockFacts | undefined): Pick<DoctorFinding, "command" | "hint"> =>
  facts?.program === "chronyc"
    ? { command: "chronyc makestep" }
    : facts?.canKeep
      ? { command: "timedatectl set-ntp true" }
      : { hint: "set it, and have it kept right: install chrony or systemd-timesyncd" };

export const clockLooked = (now: Date, known: readonly Known[], facts: ClockFacts | undefined): Looked => {
  const findings: DoctorFinding[] = [];
  const [latest] = known.toSorted((a, b) => (a.at < b.at ? 1 : -1));
  if (latest && Date.parse(latest.at) > now.getTime() + slackMs)
    findings.push({
      check,
      severity: "fault",
      message: `this host's clock says ${utcMinute(now)}, and ${latest.what} at ${utcMinute(latest.at)}: it goes wrong, or went wrong then`,
      ...mend(facts),
    });
  else if (facts && !facts.synchronised && facts.canKeep)
    findings.push({
      check,
      severity: "warning",
      message: facts.kept
        ? `the clock is not synchronised yet, says ${facts.program}: its time servers may be out of reach`
        : `nothing keeps the clock right, says ${facts.program}`,
      ...(facts.kept
        ? {
            hint:
              facts.program === "chronyc"
                ? "`chronyc -n sources` shows which answer"
                : "`timedatectl timesync-status` shows what it asks",
          }
        : mend(facts)),
    });
  if (findings.length > 0) return { findings, well: [], unseen: [] };
  const kept = facts === undefined ? "" : facts.synchronised ? ` (synchronised, says ${facts.program})` : "";
  return { findings, well: [`${utcMinute(now)}${kept}`], unseen: [] };
};
