// Token buckets (acme.md §2.3): what may still be asked of a CA, refilled evenly over time. Pure; a CA's own are in ca-limits.ts.
import { sha256Hex } from "./fingerprint.ts";

export interface Limit {
  readonly capacity: number;
  /** Milliseconds until one more token is there. */
  readonly refillMs: number;
  /** The CA's own number, where fewer are used here: the rest is left to others. */
  readonly published?: number;
}

export interface Bucket {
  /** What was left at `at`; a fraction while it refills. */
  readonly tokens: number;
  /** ISO date. */
  readonly at: string;
}

/** By the CA's own words for its limits. */
export interface CaLimits {
  readonly orders: Limit;
  readonly perDomain: Limit;
  readonly perSet: Limit;
  readonly failures: Limit;
}

/** What was spent at one CA with our account, as budget.json keeps it. Full buckets are left out. */
export interface Budget {
  readonly schema: 1;
  readonly buckets: Readonly<Record<string, Bucket>>;
  /** Identifier set -> ISO date of its last certificate: a renewal of it is exempt from some limits. */
  readonly issued: Readonly<Record<string, string>>;
}

export const emptyBudget: Budget = { schema: 1, buckets: {}, issued: {} };

/** An order is about these names; `domains`: what they are counted under (registrable domains, addresses). */
export interface BudgetOrder {
  readonly names: readonly string[];
  readonly domains: readonly string[];
  /** It replaces a certificate by ARI (RFC 9773 §5): exempt from every limit. */
  readonly replaces: boolean;
}

interface Cost {
  readonly key: string;
  readonly limit: Limit;
  /** For people. */
  readonly what: string;
}

/** Boulder looks back that far for "issued before". */
const renewalMs = 120 * 86_400_000;

const setKey = (names: readonly string[]): string =>
  `set ${sha256Hex(Buffer.from([...new Set(names)].sort().join(" "))).slice(0, 16)}`;

/** A clock is set back by seconds; what lies further ahead was written by one that was wrong, and nobody waits until then. */
const aheadMs = 3_600_000;

/** Tokens at `now`. A clock that went back refills nothing. */
export const tokensAt = (bucket: Bucket | undefined, { capacity, refillMs }: Limit, now: Date): number => {
  if (bucket === undefined) return capacity;
  const passed = now.getTime() - Date.parse(bucket.at);
  return passed < -aheadMs ? capacity : Math.min(capacity, bucket.tokens + Math.max(0, passed) / refillMs);
};

/** `5 in an hour, of which mailcert uses 3`. */
const span = ({ capacity, refillMs, published }: Limit): string => {
  const hours = Math.round((capacity * refillMs) / 360_000) / 10;
  const days = `${Math.round(hours / 24)} days`;
  const time = hours > 72 ? days : hours === 1 ? "an hour" : `${hours} hours`;
  return published === undefined
    ? `${capacity} in ${time}`
    : `${published} in ${time}, of which mailcert uses ${capacity}`;
};

/** A wildcard is validated, and counted, as the domain below its star (RFC 8555 §7.1.3). */
const failureCost = (name: string, limits: CaLimits): Cost => {
  const validated = name.replace(/^\*\./, "");
  return {
    key: `failure ${validated}`,
    limit: limits.failures,
    what: `failed validations of ${validated} (${span(limits.failures)})`,
  };
};

const isRenewal = ({ issued }: Budget, names: readonly string[], now: Date): boolean => {
  const last = issued[setKey(names)];
  return last !== undefined && Math.abs(now.getTime() - Date.parse(last)) < renewalMs;
};

/** What a certificate costs besides its order. */
const certificateCosts = (order: BudgetOrder, limits: CaLimits, renewal: boolean): readonly Cost[] => [
  { key: setKey(order.names), limit: limits.perSet, what: `certificates for the same names (${span(limits.perSet)})` },
  ...(renewal ? [] : [...new Set(order.domains)]).map((domain) => ({
    key: `domain ${domain}`,
    limit: limits.perDomain,
    what: `certificates under ${domain} (${span(limits.perDomain)})`,
  })),
];

const orderCost = ({ orders: limit }: CaLimits): Cost => ({
  key: "orders",
  limit,
  what: `new orders (${span(limit)})`,
});

export interface Exhausted {
  /** The bucket, for people. */
  readonly what: string;
  readonly retryAt: Date;
}

const exhausted = (budget: Budget, costs: readonly Cost[], now: Date): Exhausted | undefined => {
  const empty = costs.flatMap(({ key, limit, what }) => {
    const tokens = tokensAt(budget.buckets[key], limit, now);
    // A hair less than one is one: fractions of milliseconds are rounded.
    return tokens > 1 - 1e-6 ? [] : [{ what, ms: Math.ceil((1 - tokens) * limit.refillMs) }];
  });
  const [longest] = empty.toSorted((left, right) => right.ms - left.ms);
  return longest && { what: longest.what, retryAt: new Date(now.getTime() + longest.ms) };
};

/** The bucket that has to refill longest before the order may be placed; undefined: it may be placed now. */
export const whyNotNow = (budget: Budget, order: BudgetOrder, limits: CaLimits, now: Date): Exhausted | undefined => {
  const failures = order.names.map((name) => failureCost(name, limits));
  // What is exempt is so because the CA knows the names; a validation can fail all the same.
  if (order.replaces) return exhausted(budget, failures, now);
  const renewal = isRenewal(budget, order.names, now);
  const costs = [...(renewal ? [] : [orderCost(limits)]), ...certificateCosts(order, limits, renewal), ...failures];
  return exhausted(budget, costs, now);
};

/** One token for each; a bucket may be named twice. */
const spend = (budget: Budget, costs: readonly Cost[], now: Date): Budget => {
  const buckets: Record<string, Bucket> = { ...budget.buckets };
  for (const { key, limit } of costs) {
    buckets[key] = { tokens: Math.max(0, tokensAt(buckets[key], limit, now) - 1), at: now.toISOString() };
  }
  return { ...budget, buckets };
};

export const withOrder = (budget: Budget, order: BudgetOrder, limits: CaLimits, now: Date): Budget =>
  order.replaces || isRenewal(budget, order.names, now) ? budget : spend(budget, [orderCost(limits)], now);

/** Was a certificate of an order of that date counted already, by a run that was killed before it kept the certificate? */
export const isCounted = ({ issued }: Budget, names: readonly string[], placed: Date, now: Date): boolean => {
  const last = Date.parse(issued[setKey(names)] ?? "");
  return last >= placed.getTime() && last <= now.getTime();
};

export const withCertificate = (budget: Budget, order: BudgetOrder, limits: CaLimits, now: Date): Budget => {
  const costs = order.replaces ? [] : certificateCosts(order, limits, isRenewal(budget, order.names, now));
  return {
    ...spend(budget, costs, now),
    issued: { ...budget.issued, [setKey(order.names)]: now.toISOString() },
  };
};

/** One that somebody else was given: only a renewal of it is told by it. What was spent for it is not known here. */
export const withForeign = (budget: Budget, names: readonly string[], issued: Date): Budget => {
  const known = Date.parse(budget.issued[setKey(names)] ?? "");
  return known >= issued.getTime()
    ? budget
    : { ...budget, issued: { ...budget.issued, [setKey(names)]: issued.toISOString() } };
};

export const withFailures = (budget: Budget, names: readonly string[], limits: CaLimits, now: Date): Budget =>
  spend(
    budget,
    [...new Set(names)].map((name) => failureCost(name, limits)),
    now,
  );

const limitOf = (key: string, { orders, perDomain, perSet, failures }: CaLimits): Limit | undefined => {
  const [kind] = key.split(" ", 1);
  const limits: Readonly<Record<string, Limit>> = { orders, domain: perDomain, set: perSet, failure: failures };
  return limits[kind ?? ""];
};

/** Without what says nothing any more: full buckets, and certificates that are long past. */
export const prunedBudget = ({ buckets, issued }: Budget, limits: CaLimits, now: Date): Budget => ({
  schema: 1,
  buckets: Object.fromEntries(
    Object.entries(buckets).filter(([key, bucket]) => {
      const limit = limitOf(key, limits);
      return limit !== undefined && tokensAt(bucket, limit, now) < limit.capacity;
    }),
  ),
  issued: Object.fromEntries(
    Object.entries(issued).filter(([, at]) => Math.abs(now.getTime() - Date.parse(at)) < renewalMs),
  ),
});

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isBucket = (value: unknown): boolean =>
  isRecord(value) &&
  typeof value["tokens"] === "number" &&
  value["tokens"] >= 0 &&
  typeof value["at"] === "string" &&
  !Number.isNaN(Date.parse(value["at"]));

/** budget.json; undefined: not as it was written. It only saves requests, so that nobody is kept waiting for a damaged one. */
export const readBudget = (text: string): Budget | undefined => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(value) || value["schema"] !== 1 || !isRecord(value["buckets"]) || !isRecord(value["issued"]))
    return undefined;
  const dated = Object.values(value["issued"]).every((at) => typeof at === "string" && !Number.isNaN(Date.parse(at)));
  return dated && Object.values(value["buckets"]).every(isBucket) ? (value as unknown as Budget) : undefined;
};
