// Several CAs in order of preference: which failure lets the next one be asked, what is remembered of it, and which are asked at all.
import type { AcmeSettings } from "./certificate-config.ts";
import { acmeCaOf } from "./acme-directories.ts";
import { Failure } from "./failure.ts";
import { withoutKeys } from "./text.ts";

/** What the last attempt at a CA failed at. */
export interface CaFailure {
  /** ISO dates; before `nextAttempt` other CAs go first. */
  readonly at: string;
  readonly message: string;
  readonly nextAttempt: string;
}

export type CaFailures = Readonly<Record<string, CaFailure>>;

/** Without a word from the CA: an hourly run later. */
const usualWaitMs = 50 * 60_000;
/** However long it asks for. */
const longestWaitMs = 24 * 3_600_000;

/** Ours to mend: names, what the host could not do. `here`: a challenge failed before the CA looked. */
const ownCodes = new Set<unknown>(["NAME_DEAD", "NOT_WRITABLE"]);
/** A person's to mend, and another CA may do meanwhile. */
const elsewhere = new Set<unknown>(["NOT_ACME", "ACCOUNT", "ACCOUNT_DEACTIVATED"]);
const rejections = /:(?:rejectedIdentifier|unsupportedIdentifier|badCSR|badPublicKey)$/;

/** Was it the CA (unavailable, rate limited, not permitted by CAA, it will not have these names)? Not where a validation failed, or the settings are wrong. */
export const isCaTrouble = ({ kind, facts }: Failure): boolean => {
  if (facts?.["refused"] !== undefined || facts?.["here"] === true || ownCodes.has(facts?.["code"])) return false;
  // CAA: nothing was spent, and CAA may name the next one.
  if (kind === "try-later" || kind === "unavailable" || facts?.["code"] === "CAA") return true;
  // A page in the directory's place (a maintenance, a portal, a wrong URL), or the CA knows our account no more: another CA may do.
  if (elsewhere.has(facts?.["code"])) return true;
  const problem = facts?.["problem"] as { readonly type?: unknown } | null | undefined;
  return kind === "data" && typeof problem?.type === "string" && rejections.test(problem.type);
};

/** Once others are asked at all, one that our settings or CAA records exclude is passed over. */
export const isPassedOver = (failure: Failure): boolean =>
  isCaTrouble(failure) || failure.kind === "config" || failure.kind === "data";

export const caFailureOf = ({ message, facts }: Failure, now: Date): CaFailure => {
  const asked = Date.parse(String(facts?.["retryAt"])) - now.getTime();
  const wait = Math.min(Math.max(Number.isNaN(asked) ? usualWaitMs : asked, 0), longestWaitMs);
  return {
    at: now.toISOString(),
    message: withoutKeys(message),
    nextAttempt: new Date(now.getTime() + wait).toISOString(),
  };
};

const waits = (failure: CaFailure | undefined, now: Date): boolean => {
  const left = failure === undefined ? 0 : Date.parse(failure.nextAttempt) - now.getTime();
  // A date further off was written by a clock that ran ahead.
  return left > 0 && left <= longestWaitMs;
};

/** In the order of preference, without those that wait; all of them where each waits: that somebody asks is then not for this to judge. */
export const casToAsk = (cas: readonly AcmeSettings[], failures: CaFailures, now: Date): readonly AcmeSettings[] => {
  const ready = cas.filter(({ directory }) => !waits(failures[directory], now));
  return ready.length > 0 ? ready : cas;
};

/** For people: its short name, or the host of its directory. */
export const caTitle = ({ ca, directory }: Pick<AcmeSettings, "ca" | "directory">): string =>
  ca ?? acmeCaOf(directory)?.name ?? (URL.canParse(directory) ? new URL(directory).host : directory);

/** "Later" goes before what excludes a CA; one that waits (`facts.waits`) makes no trouble of another a matter of waiting. */
const mostTelling = (failures: readonly Failure[]): Failure | undefined =>
  failures.find(({ kind, facts }) => kind === "try-later" && facts?.["waits"] !== true) ??
  failures.find(({ kind }) => kind === "unavailable") ??
  failures.find(({ kind }) => kind === "try-later");

/**
 * Several failures in one: what ended the search (a validation that failed: it is repeated as such), else the first CA's with
 * what the others said and the earliest time to come back.
 */
export const failuresTogether = (failed: readonly { readonly title: string; readonly failure: Failure }[]): Failure => {
  const [first, ...others] = failed as readonly [(typeof failed)[number], ...typeof failed];
  if (others.length === 0) return first.failure;
  const end = failed.find(({ failure }) => !isPassedOver(failure))?.failure;
  const said = failed.map(({ title, failure }) => `${title}: ${failure.message}`).join("; ");
  const dates = failed
    .map(({ failure }) => Date.parse(String(failure.facts?.["retryAt"])))
    .filter((date) => !Number.isNaN(date));
  const soonest =
    end !== undefined || dates.length === 0 ? {} : { retryAt: new Date(Math.min(...dates)).toISOString() };
  const { kind } = end ?? mostTelling(failed.map(({ failure }) => failure)) ?? first.failure;
  return new Failure(kind, `no CA could issue: ${said}`, {
    hints: [...new Set(failed.flatMap(({ failure }) => failure.hints))].slice(0, 6),
    facts: { ...(end ?? first.failure).facts, ...soonest },
    cause: end ?? first.failure,
  });
};
