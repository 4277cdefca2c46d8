// What a renewal run leaves open: causes by key, those of certificates that only waited carried along.
import { Failure } from "../domain/failure.ts";
import type { Finding } from "../domain/finding.ts";
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

/** Something was tried, so that what was open before is known anew. */
const acted = ({ issued, deployed, failure }: RenewedCertificate): boolean =>
  issued !== undefined || deployed !== undefined || (failure !== undefined && failure.kind !== "try-later");

const causesOf = (one: RenewedCertificate, before: readonly Cause[], now: Date): readonly Cause[] => {
  const { certificate, failure, deployed, findings, decision } = one;
  const real = failure && failure.kind !== "try-later" ? [failureFinding(certificate, failure)] : [];
  const found = [...real, ...(deployed?.findings ?? []), ...findings].flatMap(
    (finding) => asCause(finding, certificate, "", now) ?? [],
  );
  const mine = before.filter((cause) => cause.certificate === certificate);
  // That its end comes near is said of runs that wait, and is no less so after one that failed.
  if (acted(one))
    return real.length === 0 ? found : [...found, ...mine.filter(({ check }) => check === "renew-ending")];
  // Nothing to do: faults are over. A warning was told, and comes again with the next deployment: that is no news.
  const idle = decision.action === "nothing" || (decision.action === "wait" && decision.window === true);
  const kept = mine.filter(({ severity }) => !(idle && severity === "fault"));
  return [...found, ...kept.filter((cause) => cause.check !== "renew-ending")];
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
  /** Absent: the run as a whole failed. */
  readonly result?: RenewResult;
  readonly failure?: Failure;
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
    ...(result?.certificates ?? []).flatMap((one) => causesOf(one, known, now)),
    ...(result?.findings ?? []).flatMap((finding) => asCause(finding, "", "", now) ?? []),
    ...late,
    ...missedCause(run.lastRun, now),
    ...others.filter(({ check, entry }) => !(result && check === "renew-failed" && entry === "run")),
  ];
  // What was told by its words keeps its name: the remembered one of two with the same key is left out.
  const first = new Map<string, Cause>();
  for (const cause of all) if (!first.has(keyOf(cause) + cause.message)) first.set(keyOf(cause) + cause.message, cause);
  return withSince(distinct([...first.values()]), before);
};
