// The local budget of a CA's rate limits: what it refuses, when it lets go, and that a CA with Boulder's rules never has to refuse.
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Budget,
  type BudgetOrder,
  type CaLimits,
  type Limit,
  emptyBudget,
  isCounted,
  prunedBudget,
  readBudget,
  tokensAt,
  whyNotNow,
  withCertificate,
  withFailures,
  withForeign,
  withOrder,
} from "../../src/domain/budget.ts";
import { limitsOf, limitsOfAll } from "../../src/domain/ca-limits.ts";

const letsEncrypt = "https://acme-v02.api.letsencrypt.org/directory";
const limits = limitsOfAll(letsEncrypt);
const [minute, hour, day] = [60_000, 3_600_000, 86_400_000];
const start = Date.parse("2026-11-20T12:00:00Z");
const at = (ms: number): Date => new Date(start + ms);

const order = (names: readonly string[], over: Partial<BudgetOrder> = {}): BudgetOrder => ({
  names,
  domains: names.map((name) => name.split(".").slice(-2).join(".")),
  replaces: false,
  ...over,
});
const one = order(["mail.example.org"]);
const issued = (budget: Budget, what: BudgetOrder, now: Date): Budget =>
  withCertificate(withOrder(budget, what, limits, now), what, limits, now);

describe("the published limits", () => {
  test("of Let's Encrypt, and of nobody else", () => {
    expect(limitsOf(letsEncrypt)).toBe(limits);
    expect(limitsOf("https://acme-staging-v02.api.letsencrypt.org/directory")?.perSet.capacity).toBe(30_000);
    expect(limitsOf("https://ca.example/directory")).toBeUndefined();
    expect(limitsOfAll("https://ca.example/directory")).toBe(limits);
  });

  test("five certificates a week for the same names, in whatever order they stand; the sixth 34 hours after the first", () => {
    let budget = emptyBudget;
    const [there, back] = [order(["a.example.org", "b.example.org"]), order(["b.example.org", "a.example.org"])];
    for (let count = 0; count < 5; count += 1) {
      const names = count % 2 === 0 ? there : back;
      expect(whyNotNow(budget, names, limits, at(count * minute))).toBeUndefined();
      budget = issued(budget, names, at(count * minute));
    }
    const why = whyNotNow(budget, there, limits, at(5 * minute));
    expect(why?.what).toBe("certificates for the same names (5 in 7 days)");
    expect(why?.retryAt.getTime()).toBeCloseTo(start + (7 * day) / 5, -4);
    // Another set is not concerned.
    expect(whyNotNow(budget, one, limits, at(5 * minute))).toBeUndefined();
  });

  test("fifty certificates under one registrable domain; a renewal of known names is exempt", () => {
    let budget = emptyBudget;
    for (let count = 0; count < 50; count += 1) budget = issued(budget, order([`m${count}.example.org`]), at(0));
    expect(whyNotNow(budget, one, limits, at(0))?.what).toBe("certificates under example.org (50 in 7 days)");
    expect(whyNotNow(budget, order(["m1.example.org"]), limits, at(0))).toBeUndefined();
    expect(whyNotNow(budget, order(["mail.example.net"]), limits, at(0))).toBeUndefined();
    // Renewals spend nothing of it: what one has waited for is there.
    const later = at((7 * day) / 50 + 1);
    expect(whyNotNow(issued(budget, order(["m1.example.org"]), later), one, limits, later)).toBeUndefined();
  });

  test("two names under one domain are one certificate under it", () => {
    const budget = issued(emptyBudget, order(["a.example.org", "b.example.org"]), at(0));
    expect(tokensAt(budget.buckets["domain example.org"], limits.perDomain, at(0))).toBe(49);
  });

  test("an ECDSA and an RSA certificate for new names: two of five for the set, one of fifty under the domain", () => {
    const budget = issued(issued(emptyBudget, one, at(0)), one, at(minute));
    expect(tokensAt(budget.buckets["domain example.org"], limits.perDomain, at(minute))).toBeCloseTo(49, 1);
    const [set] = Object.keys(budget.buckets).filter((key) => key.startsWith("set "));
    expect(tokensAt(budget.buckets[set ?? ""], limits.perSet, at(minute))).toBeCloseTo(3, 2);
    expect(budget.buckets["orders"]?.tokens).toBe(299);
  });

  test("300 orders in three hours, then one every 36 seconds", () => {
    let budget = emptyBudget;
    for (let count = 0; count < 300; count += 1) budget = withOrder(budget, order([`${count}.example`]), limits, at(0));
    expect(whyNotNow(budget, one, limits, at(0))).toEqual({ what: "new orders (300 in 3 hours)", retryAt: at(36_000) });
    expect(whyNotNow(budget, one, limits, at(36_000))).toBeUndefined();
  });

  test("three failed validations of a name in an hour, two less than the CA bears; whatever replaces, too", () => {
    let budget = emptyBudget;
    for (let count = 0; count < 3; count += 1) budget = withFailures(budget, ["mail.example.org"], limits, at(0));
    const why = {
      what: "failed validations of mail.example.org (5 in an hour, of which mailcert uses 3)",
      retryAt: at(20 * minute),
    };
    expect(whyNotNow(budget, one, limits, at(0))).toEqual(why);
    expect(whyNotNow(budget, { ...one, replaces: true }, limits, at(0))).toEqual(why);
    expect(whyNotNow(budget, order(["imap.example.org"]), limits, at(0))).toBeUndefined();
    expect(whyNotNow(budget, order(["imap.example.org", "mail.example.org"]), limits, at(0))).toEqual(why);
    expect(whyNotNow(budget, one, limits, at(20 * minute))).toBeUndefined();
  });

  test("a wildcard and the domain below its star are validated under one name, and count twice", () => {
    const budget = withFailures(emptyBudget, ["example.org", "*.example.org"], limits, at(0));
    expect(budget.buckets).toEqual({ "failure example.org": { tokens: 1, at: at(0).toISOString() } });
    const twice = withFailures(budget, ["*.example.org"], limits, at(0));
    expect(whyNotNow(twice, order(["example.org"]), limits, at(0))).toBeDefined();
    expect(whyNotNow(twice, order(["*.example.org"]), limits, at(0))).toBeDefined();
  });

  test("what replaces by ARI spends nothing, and is a certificate for the next renewal", () => {
    const ari = { ...one, replaces: true };
    const budget = issued(emptyBudget, ari, at(0));
    expect(budget.buckets).toEqual({});
    expect(withOrder(budget, one, limits, at(day))).toBe(budget);
  });
});

describe("dates", () => {
  const spent: Budget = { schema: 1, buckets: { orders: { tokens: 0, at: at(0).toISOString() } }, issued: {} };

  test("a clock that went back some minutes refills nothing", () => {
    expect(tokensAt(spent.buckets["orders"], limits.orders, at(-10 * minute))).toBe(0);
    expect(whyNotNow(spent, one, limits, at(-10 * minute))?.retryAt).toEqual(at(-10 * minute + 36_000));
  });

  test("what a clock wrote that ran days ahead keeps nobody waiting, and is forgotten", () => {
    expect(whyNotNow(spent, one, limits, at(-2 * hour))).toBeUndefined();
    expect(prunedBudget(spent, limits, at(-2 * hour)).buckets).toEqual({});
    const known = { ...emptyBudget, issued: { "set x": at(400 * day).toISOString() } };
    expect(prunedBudget(known, limits, at(0)).issued).toEqual({});
  });

  test("a certificate of 120 days ago is no renewal's any more", () => {
    let budget = issued(emptyBudget, one, at(0));
    for (let count = 0; count < 300; count += 1)
      budget = withOrder(budget, order([`${count}.example`]), limits, at(120 * day));
    expect(whyNotNow(budget, one, limits, at(120 * day))?.what).toContain("new orders");
    expect(whyNotNow(budget, one, limits, at(120 * day - 1))).toBeUndefined();
    expect(prunedBudget(budget, limits, at(120 * day)).issued).toEqual({});
  });

  test("one that another client was given makes ours a renewal, and takes nothing back", () => {
    const foreign = withForeign(emptyBudget, one.names, at(-60 * day));
    expect([foreign.buckets, Object.values(foreign.issued)]).toEqual([{}, [at(-60 * day).toISOString()]]);
    const spent = { ...foreign, buckets: { orders: { tokens: 0, at: at(0).toISOString() } } };
    expect(whyNotNow(spent, one, limits, at(0))).toBeUndefined();
    expect(whyNotNow(spent, order(["new.example.org"]), limits, at(0))?.what).toContain("new orders");
    expect(withForeign(foreign, one.names, at(-70 * day))).toBe(foreign);
    expect(Object.values(withForeign(foreign, one.names, at(-10 * day)).issued)).toEqual([at(-10 * day).toISOString()]);
  });

  test("a certificate that a killed run counted is not counted again", () => {
    const budget = issued(emptyBudget, one, at(hour));
    expect(isCounted(budget, one.names, at(0), at(2 * hour))).toBe(true);
    expect(isCounted(budget, one.names, at(hour + 1), at(2 * hour))).toBe(false);
    expect(isCounted(budget, ["imap.example.org"], at(0), at(2 * hour))).toBe(false);
    expect(isCounted(budget, one.names, at(0), at(30 * minute))).toBe(false);
  });
});

test("what is kept is only what still counts", () => {
  const budget = withFailures(issued(emptyBudget, one, at(0)), ["mail.example.org"], limits, at(0));
  const later = prunedBudget(budget, limits, at(2 * hour));
  expect(Object.keys(later.buckets).map((key) => key.split(" ")[0])).toEqual(["set", "domain"]);
  expect(prunedBudget(budget, limits, at(8 * day)).buckets).toEqual({});
  const foreign = { ...budget, buckets: { "constructor x": { tokens: 0, at: at(0).toISOString() } } };
  expect(prunedBudget(foreign, limits, at(0)).buckets).toEqual({});
});

describe("budget.json", () => {
  test("is read as it was written", () => {
    const budget = withFailures(issued(emptyBudget, one, at(0)), ["mail.example.org"], limits, at(0));
    expect(readBudget(JSON.stringify(budget))).toEqual(budget);
  });

  test.each([
    ["no JSON", "{"],
    ["another schema", '{"schema":2,"buckets":{},"issued":{}}'],
    ["no object", "[]"],
    ["null", "null"],
    [
      "tokens that are none",
      '{"schema":1,"buckets":{"orders":{"tokens":"1","at":"2026-11-20T12:00:00Z"}},"issued":{}}',
    ],
    ["debts", '{"schema":1,"buckets":{"orders":{"tokens":-900,"at":"2026-11-20T12:00:00Z"}},"issued":{}}'],
    ["no date", '{"schema":1,"buckets":{"orders":{"tokens":1,"at":"soon"}},"issued":{}}'],
    ["no date of a certificate", '{"schema":1,"buckets":{},"issued":{"set x":"once"}}'],
  ])("is given up where it is damaged: %s", (_what, text) => {
    expect(readBudget(text)).toBeUndefined();
  });
});

const limitOf = fc.record({
  capacity: fc.integer({ min: 1, max: 300 }),
  refillMs: fc.integer({ min: 1, max: 8 * hour }),
});
const bucket = fc.record({
  tokens: fc.double({ min: 0, max: 400, noNaN: true }),
  at: fc.integer({ min: -30 * day, max: 30 * day }).map((ms) => at(ms).toISOString()),
});

describe("properties", () => {
  test("tokens are never negative, never more than the capacity, and never become fewer by waiting", () => {
    fc.assert(
      fc.property(limitOf, bucket, fc.nat(60 * day), fc.nat(60 * day), (limit, known, first, more) => {
        const from = new Date(Date.parse(known.at) - hour + first);
        const [sooner, later] = [tokensAt(known, limit, from), tokensAt(known, limit, new Date(from.getTime() + more))];
        expect(sooner).toBeGreaterThanOrEqual(0);
        expect(later).toBeLessThanOrEqual(limit.capacity);
        expect(later).toBeGreaterThanOrEqual(sooner);
      }),
    );
  });

  const names = ["a.example.org", "b.example.org", "*.example.org", "example.org", "mail.example.net"];
  const orders = fc
    .record({
      names: fc.oneof(fc.constant(["mail.example.net"]), fc.uniqueArray(fc.constantFrom(...names), { minLength: 1 })),
      replaces: fc.constantFrom(false, false, false, true),
    })
    .map((some) => order(some.names, { replaces: some.replaces }));
  const event = fc.record({
    order: orders,
    end: fc.constantFrom("issued", "issued", "issued", "failed", "left"),
    wait: fc.oneof({ weight: 9, arbitrary: fc.nat(5 * minute) }, { weight: 1, arbitrary: fc.nat(3 * day) }),
  });
  /** So tight that every one of them is met. */
  const tight: CaLimits = {
    ...limits,
    orders: { capacity: 4, refillMs: 30 * minute },
    perDomain: { capacity: 4, refillMs: 2 * day },
  };

  /** What a CA with Boulder's rules keeps: nothing of ours but the published numbers. */
  const boulder = () => {
    const theirs: Readonly<Record<string, Limit>> = { ...tight, failures: { capacity: 5, refillMs: 12 * minute } };
    const spent = new Map<string, { left: number; since: number }>();
    const certificates = new Map<string, number>();
    const left = (kind: string, key: string, now: number): number => {
      const { capacity, refillMs } = theirs[kind] as Limit;
      const known = spent.get(`${kind} ${key}`);
      return known === undefined ? capacity : Math.min(capacity, known.left + (now - known.since) / refillMs);
    };
    const take = (kind: string, key: string, now: number): void =>
      void spent.set(`${kind} ${key}`, { left: left(kind, key, now) - 1, since: now });
    const setOf = (what: BudgetOrder): string => [...what.names].sort().join();
    const known = (what: BudgetOrder, now: number): boolean =>
      now - (certificates.get(setOf(what)) ?? -Infinity) < 120 * day;
    const validated = (name: string): string => name.replace("*.", "");
    return {
      takes: (what: BudgetOrder, now: number): boolean => {
        const kinds = known(what, now)
          ? []
          : [left("orders", "", now), ...what.domains.map((domain) => left("perDomain", domain, now))];
        const counted = what.replaces ? [] : [...kinds, left("perSet", setOf(what), now)];
        const failures = what.replaces ? [] : what.names.map((name) => left("failures", validated(name), now));
        return [...counted, ...failures].every((tokens) => tokens >= 1 - 1e-5);
      },
      ordered: (what: BudgetOrder, now: number): void => {
        if (!what.replaces && !known(what, now)) take("orders", "", now);
      },
      issued: (what: BudgetOrder, now: number): void => {
        if (!what.replaces) {
          if (!known(what, now)) for (const domain of new Set(what.domains)) take("perDomain", domain, now);
          take("perSet", setOf(what), now);
        }
        certificates.set(setOf(what), now);
      },
      failed: (what: BudgetOrder, now: number): void => {
        for (const name of what.names) take("failures", validated(name), now);
      },
    };
  };

  test("what Boulder would refuse is refused before it is sent; what is refused may be sent at the time that is named", () => {
    let sent = 0;
    const met = new Set<string>();
    fc.assert(
      fc.property(fc.array(event, { minLength: 20, maxLength: 60 }), (events) => {
        const ca = boulder();
        let budget = emptyBudget;
        let now = start;
        for (const { order: what, end, wait } of events) {
          now += wait;
          const date = new Date(now);
          const why = whyNotNow(budget, what, tight, date);
          if (why) {
            met.add(why.what.split(" ", 2).join(" "));
            expect(why.retryAt.getTime()).toBeGreaterThan(now);
            expect(whyNotNow(budget, what, tight, why.retryAt)).toBeUndefined();
            continue;
          }
          sent += 1;
          expect(ca.takes(what, now)).toBe(true);
          ca.ordered(what, now);
          budget = withOrder(budget, what, tight, date);
          if (end === "failed") {
            ca.failed(what, now);
            budget = withFailures(budget, what.names, tight, date);
          }
          if (end === "issued") {
            ca.issued(what, now);
            budget = withCertificate(budget, what, tight, date);
          }
          budget = readBudget(JSON.stringify(prunedBudget(budget, tight, date))) ?? emptyBudget;
        }
      }),
      { numRuns: 300, seed: 1 },
    );
    expect(sent).toBeGreaterThan(1000);
    // Each of the limits was met.
    expect([...met].sort()).toEqual(["certificates for", "certificates under", "failed validations", "new orders"]);
  });
});
