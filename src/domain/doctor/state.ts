// What the state folder says of a certificate that cannot go on by itself: stages that are stuck, last errors, entry points that are not well.
import { shellWord } from "../shell-word.ts";
import { utcMinute } from "../utc-minute.ts";
import { isToldBy } from "./cause.ts";
import type { DoctorFinding } from "./finding.ts";
import { few } from "./words.ts";

/** The part of `status` that this is about. */
export interface StuckFacts {
  readonly name: string;
  readonly configured: boolean;
  readonly parked: boolean;
  readonly stage: "none" | "staged" | "switched" | "reloaded" | "verified";
  /** Some generation is there. */
  readonly issued: boolean;
  /** Its servers are there to be deployed to. */
  readonly served: boolean;
  readonly lastError?: {
    readonly at: string;
    readonly what: "issue" | "deploy";
    readonly message: string;
    readonly hints?: readonly string[];
  };
  /** `imaps://mail.example.org:993` that are stale, broken or failing. */
  readonly bad: readonly string[];
}

const check = "doctor-stuck";

/** Where an attempt failed, its reason says more than the stage. */
export const stuckFindings = (facts: StuckFacts): readonly DoctorFinding[] => {
  const { name, configured, parked, stage, issued, served, lastError, bad } = facts;
  if (!configured || parked) return [];
  const renew = `mailcert renew ${shellWord(name)}`;
  const deploy = `mailcert deploy ${shellWord(name)}`;
  if (lastError)
    return [
      {
        check,
        severity: "fault",
        message: `${name}: the last attempt to ${lastError.what === "issue" ? "issue" : "deploy"} (${utcMinute(lastError.at)}) failed: ${lastError.message}`,
        // What failed for a reason fails again: no command mends that by itself.
        hint: [...(lastError.hints ?? []), `once that is mended: ${lastError.what === "issue" ? renew : deploy}`].join(
          "; ",
        ),
      },
    ];
  if (!issued)
    return [{ check, severity: "fault", message: `${name} is configured, and nothing was issued yet`, command: renew }];
  if (bad.length > 0)
    return [
      {
        check,
        severity: "fault",
        message: `${name}: not served as it should be at ${few(bad)} when last looked at`,
        command: deploy,
      },
    ];
  if (stage === "verified" || stage === "none" || !served) return [];
  const reached = {
    staged: "made and not switched to",
    switched: "switched to, and the servers were not told",
    reloaded: "not proven on the wire yet",
  }[stage];
  return [
    {
      check,
      severity: stage === "reloaded" ? "warning" : "fault",
      message: `${name}: the newest generation is ${reached}`,
      command: deploy,
    },
  ];
};

/** What another finding says is the reason of a failure: its words, or the setting that it names in parentheses. */
const explains = (other: DoctorFinding, name: string, stuck: string): boolean => {
  const { severity, check: id, message } = other;
  if (severity !== "fault" || id === check) return false;
  const [, why] = / failed: ([^]*)$/.exec(stuck) ?? [];
  // Refused as it stands, and not even tried.
  if (why === undefined) return message.startsWith(`${name}: `) && stuck.endsWith("nothing was issued yet");
  const [, setting] = /\(([^()]*)\)/.exec(why) ?? [];
  // The same port shows the same, now as then.
  const [url] = /\w+:\/\/\S+/.exec(why) ?? [];
  if (id === "doctor-served" && url !== undefined && message.includes(url)) return true;
  return isToldBy(other, why) || message.includes(why) || (setting !== undefined && message.includes(setting));
};

/** One cause, one finding: an attempt that failed for what another look has found is that look's to tell, with what mends it. */
export const withoutExplained = (
  findings: readonly DoctorFinding[],
  others: readonly DoctorFinding[],
): readonly DoctorFinding[] =>
  findings.filter(({ check: id, message, command }) => {
    const [, name = ""] = /^(\S+?):? /.exec(message) ?? [];
    const remembered = message.endsWith(" when last looked at");
    // A hook that cannot be run is the configuration's to tell.
    if (id === "hook-failed") return !others.some((other) => isToldBy(other, message));
    return (
      id !== check ||
      // What the ports show now is told instead.
      !others.some((other) => explains(other, name, message) || (remembered && other.command === command))
    );
  });
