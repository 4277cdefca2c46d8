// What a renewal run leaves open: causes by key, those of certificates that only waited carried along.
import { Failure } from "../domain/failure.ts";
import type { Finding } from "../domain/finding.ts";
import { hookEvents } from "../domain/hook.ts";
import { type Cause, type Causes, asCause, distinct, keyOf } from "../domain/news.ts";
import { daysWithoutRun } from "../domain/overdue.ts";
import { utcMinute } from "../domain/utc-minute.ts";
import type { RenewResult, RenewedCertificate } from "./renew.ts";

const failureFinding = (certificate: string, { message, hints, facts }: Failure): Finding => ({
  check: facts?.["check"] === "hook-failed" ? "hook-failed" : "renew-failed",
  severity: "fault",
  message: `${certificate}: ${message}`,
  ...(hints[0] === undefined ? {} : { hint: hints[0] }),
});

/** Several hooks of a certificate can fail, each for itself. */
const entryOf = ({ check, message }: Finding): string =>
  check === "hook-failed" ? (hookEvents.find((event) => message.includes(`: ${event}: `)) ?? "") : "";

/** What an issuance that went well has the last word on. */
const ofIssuing = (check: string): boolean => /^(?:renew-|ca-|wish-|name-|dane-)/.test(check);

/** Whether what was open is so still: a run that did not look ends nothing. */
const goesOn = ({ issued, deployed, failure, decision }: RenewedCertificate, { check, entry, severity }: Cause) => {
  const failed = failure !== undefined && failure.kind !== "try-later";
  // That its end comes near is said of runs that wait, and is no less so after one that failed.
  if (check === "renew-ending") return (failed && deployed === undefined) || deployed?.outcome === "rolled-back";
  if (deployed !== undefined || (issued !== undefined && ofIssuing(check))) return false;
  // Each of these runs what it finds owed; one that holds the switch back is a failed deployment.
  const owed = decision.action === "nothing" || decision.action === "wait";
  if (check === "hook-failed" && entry !== "before_deploy" && owed && failure === undefined) return false;
  // Nothing to do: faults are over. A warning was told, and comes again with the next deployment: that is no news.
  return decision.action !== "nothing" || failure !== undefined || severity === "warning";
};

const causesOf = (one: RenewedCertificate, before: readonly Cause[], now: Date): readonly Cause[] => {
  const { certificate, failure, deployed, findings } = one;
  const real = failure && failure.kind !== "try-later" ? [failureFinding(certificate, failure)] : [];
  const found = [...real, ...(deployed?.findings ?? []), ...findings].flatMap(
    (finding) => asCause(finding, certificate, entryOf(finding), now) ?? [],
  );
  const mine = before.filter((cause) => cause.certificate === certificate && goesOn(one, cause));
  return [...found, ...mine.filter((cause) => !found.some((seen) => keyOf(seen) === keyOf(cause)))];
};

/** Each as it was first seen; its words are the last ones. */
const withSince = (causes: Causes, before: Causes): Causes =>
  Object.fromEntries(
    Object.entries(causes).map(([key, cause]) => [key, { ...cause, since: before[key]?.since ?? cause.since }]),
  );

/** Said by the run that comes after all: it is over by then. */
const missedCause = (lastRun: string | undefined, now: Date): readonly Cause[] => {
  const days = daysWithoutRun(lastRun, now);
  if (lastRun === undefined || days === undefined) return [];
  const finding: Finding = {
    check: "renew-missed",
    severity: "warning",
    message: `nothing has run for ${days} days, from ${utcMinute(lastRun)} to ${utcMinute(now)}: what was due then was looked at now`,
    hint: "find out why: mailcert schedule show, journalctl -u mailcert.timer",
  };
  return [asCause(finding, "", lastRun.slice(0, 16), now)].flatMap((cause) => cause ?? []);
};

export interface RunSeen {
  /** Absent: the run as a whole failed, or could not begin. */
  readonly result?: RenewResult;
  readonly failure?: Failure;
  /** Why it could not begin. */
  readonly stuck?: Finding;
  /** Names of the configuration; about others nothing is open. */
  readonly configured: readonly string[];
  /** Every certificate was looked at. */
  readonly whole: boolean;
  readonly lastRun: string | undefined;
}

export const causesAfter = (before: Causes, run: RunSeen, late: readonly Cause[], now: Date): Causes => {
  const { result, failure, configured, whole } = run;
  const known = Object.values(before);
  const seen = result?.certificates.map(({ certificate }) => certificate) ?? [];
  const others = known.filter(
    ({ certificate, check }) =>
      check !== "notify-failed" &&
      // A run that got so far could begin.
      (check !== "renew-stuck" || result === undefined) &&
      (certificate === ""
        ? !whole || result === undefined
        : !seen.includes(certificate) && configured.includes(certificate)),
  );
  const all: readonly Cause[] = [
    ...(failure && failure.kind !== "try-later"
      ? [asCause({ ...failureFinding("this run", failure), check: "renew-failed" }, "", "run", now)].flatMap(
          (one) => one ?? [],
        )
      : []),
    ...[run.stuck && asCause(run.stuck, "", "", now)].flatMap((one) => one ?? []),
    ...(result?.certificates ?? []).flatMap((one) => causesOf(one, known, now)),
    ...(result?.findings ?? []).flatMap((finding) => asCause(finding, "", "", now) ?? []),
    ...late,
    ...(run.stuck === undefined ? missedCause(run.lastRun, now) : []),
    ...others.filter(({ check, entry }) => !(result && check === "renew-failed" && entry === "run")),
  ];
  // What was told by its words keeps its name: the remembered one of two with the same key is left out.
  const first = new Map<string, Cause>();
  for (const cause of all) if (!first.has(keyOf(cause) + cause.message)) first.set(keyOf(cause) + cause.message, cause);
  return withSince(distinct([...first.values()]), before);
};
