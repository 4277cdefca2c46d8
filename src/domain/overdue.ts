// A certificate that ends, or whose renewal is overdue, while nothing says that it is being taken care of: what monitoring has to see.
import type { CertificateState, GenerationRecord } from "../store/store.ts";
import type { Finding } from "./finding.ts";
import { targetOf } from "./generation.ts";
import { endText, nearEnd } from "./near-end.ts";
import type { Decision } from "./renew-decision.ts";
import { renewalPlan } from "./renewal.ts";
import { utcMinute } from "./utc-minute.ts";

/** Runs come each hour: after a day of them one must have tried. */
const lateMs = 86_400_000;

/** No run for longer than that is told: runs come each hour, or with `--every` each day; two of those, and an hour. */
const longestPauseMs = 49 * 3_600_000;

/** Days for which nothing has run; undefined: no longer than it may be. @param lastRun ISO date. */
export const daysWithoutRun = (lastRun: string | undefined, now: Date): number | undefined => {
  const pause = lastRun === undefined ? 0 : now.getTime() - Date.parse(lastRun);
  return pause > longestPauseMs ? Math.floor(pause / lateMs) : undefined;
};

const trying = (name: string): string =>
  `try now: mailcert renew ${name}; whether it runs by itself: mailcert schedule show`;

/** `live`: what servers read; undefined: nothing is served that could end. */
export const overdueFindings = (
  state: CertificateState,
  live: GenerationRecord | undefined,
  decision: Decision,
  now: Date,
): readonly Finding[] => {
  const { name } = state;
  const ended = live !== undefined && Date.parse(live.notAfter) <= now.getTime();
  if (live && (ended || (decision.action !== "nothing" && nearEnd(live, now)))) {
    const message = `${name} ${endText(live, now)} and is not renewed yet`;
    return [{ check: "renew-ending", severity: "fault", message, hint: trying(name) }];
  }
  const target = targetOf(state);
  if (!target || decision.action !== "issue") return [];
  const { due, at } = renewalPlan(target, state.ari, now);
  const days = Math.floor((now.getTime() - at.getTime()) / lateMs);
  const { lastError } = state;
  const tried = lastError?.what === "issue" && !lastError.notDue ? new Date(lastError.at) : undefined;
  // An attempt that failed today explains it.
  if (!due || days < 1 || (tried && now.getTime() - tried.getTime() < lateMs)) return [];
  const since = `${days} ${days === 1 ? "day" : "days"}`;
  const message = `${name}: renewal has been due for ${since}, and no run has tried it${tried ? ` since ${utcMinute(tried)}` : ""}`;
  return [{ check: "renew-overdue", severity: "fault", message, hint: trying(name) }];
};

/** Served by mail servers, and renewed by nothing: no entry of the configuration has it. */
export const orphanFinding = (
  state: CertificateState,
  live: GenerationRecord | undefined,
  back: string,
  now: Date,
): Finding | undefined => {
  const servers = Object.keys(state.deployments);
  if (!live || state.parked || servers.length === 0) return undefined;
  const { name } = state;
  return {
    check: "renew-orphan",
    severity: nearEnd(live, now) ? "fault" : "warning",
    message: `${name} is served by ${servers.join(", ")} and is not in the configuration: nothing renews it; it ${endText(live, now)}`,
    hint: `put it back: ${back}, or take it out of the servers: mailcert deploy --remove ${name}`,
  };
};
