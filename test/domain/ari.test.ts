// Renewal information as values: windows read and refused, the instant in them, when to ask again, and what it comes to with the lifetime.
import * as fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import {
  type AdvisedWindow,
  type RenewalAdvice,
  type RenewalInfo,
  adviceFor,
  chooseInstant,
  nextPollAt,
  pollIsDue,
  readWindow,
  withAnswers,
} from "../../src/domain/ari.ts";
import { renewalInfoId } from "../../src/domain/ari-id.ts";
import { stagingOf } from "../../src/domain/acme-directories.ts";
import { worthRehearsing } from "../../src/domain/rehearsal.ts";
import { renewalPlan } from "../../src/domain/renewal.ts";
import { makeServerTls } from "../fakes/acme-tls.ts";
import { rfc9773Leaf, rfc9773LeafId } from "../fakes/ari.ts";

const hour = 3_600_000;
const day = 24 * hour;
const now = new Date("2026-11-20T12:00:00.000Z");
const from = (ms: number): string => new Date(now.getTime() + ms).toISOString();
const instants = fc.integer({ min: 0, max: 4_000 * day }).map((ms) => new Date(ms));
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe("the certificate's identifier", () => {
  it("is that of RFC 9773, with the leading zero of the serial number", () => {
    expect(renewalInfoId(rfc9773Leaf)).toBe(rfc9773LeafId);
  });

  it("is not there without an authority key identifier, or for what is no certificate", async () => {
    expect(renewalInfoId((await makeServerTls()).cert)).toBeUndefined();
    expect(renewalInfoId("nothing")).toBeUndefined();
    expect(renewalInfoId("-----BEGIN CERTIFICATE-----\nMIIBQzCB66AD\n-----END CERTIFICATE-----")).toBeUndefined();
  });
});

describe("a window", () => {
  it("is taken when its end comes after its start, whatever the precision and zone", () => {
    expect(readWindow({ start: "2026-01-02T04:00:00Z", end: "2026-01-03T04:00:00.123456789+02:00" })).toEqual({
      start: "2026-01-02T04:00:00.000Z",
      end: "2026-01-03T02:00:00.123Z",
    });
    fc.assert(
      fc.property(instants, instants, (start, end) => {
        const read = readWindow({ start: start.toISOString(), end: end.toISOString() });
        expect("start" in read).toBe(end > start);
      }),
    );
  });

  test.each([
    undefined,
    null,
    7,
    "soon",
    [],
    {},
    { start: from(0) },
    { start: "yesterday", end: from(0) },
    { start: "-5", end: from(0) },
    { start: 0, end: 1 },
    { start: from(0), end: "2026-13-40T00:00:00Z" },
    { start: from(0), end: from(0) },
    { start: from(1), end: from(0) },
  ])("%j is ignored, with a reason", (value) => {
    expect(readWindow(value)).toEqual({ why: expect.stringContaining("suggestedWindow") });
  });

  it("the chosen instant lies in it", () => {
    fc.assert(
      fc.property(instants, fc.integer({ min: 1, max: 90 * day }), random, (start, width, chance) => {
        const window = { start: start.toISOString(), end: new Date(start.getTime() + width).toISOString() };
        const chosen = chooseInstant(window, chance);
        expect(chosen >= window.start && chosen < window.end).toBe(true);
      }),
    );
  });
});

const window: RenewalInfo = { kind: "window", window: { start: from(day), end: from(2 * day) } };
const advise = (before: RenewalAdvice | undefined, info: RenewalInfo, chance: number, number = 1): RenewalAdvice =>
  withAnswers(before, number, { ecdsa: info }, now, () => chance);

describe("the advice", () => {
  it("keeps its instant while the window stands, and chooses anew when it moves", () => {
    const first = advise(undefined, window, 0.25);
    expect(first.windows.ecdsa?.chosen).toBe(from(1.25 * day));
    expect(advise(first, window, 0.75).windows).toEqual(first.windows);
    const moved = { kind: "window", window: { start: from(day), end: from(3 * day) } } as const;
    expect(advise(first, moved, 0.75).windows.ecdsa?.chosen).toBe(from(2.5 * day));
    // The same window for the next generation is another one.
    expect(advise(first, window, 0.75, 2).windows.ecdsa?.chosen).toBe(from(1.75 * day));
  });

  it("outlives a CA that cannot be asked, and not one that has none any more", () => {
    const first = advise(undefined, window, 0.25);
    expect(advise(first, { kind: "later", why: "HTTP 502" }, 0).windows).toEqual(first.windows);
    expect(advise(first, { kind: "none", why: "HTTP 404" }, 0).windows).toEqual({});
  });

  it("of several slots: the earliest instant leads, the earliest poll is the next", () => {
    const both = withAnswers(
      undefined,
      3,
      {
        ecdsa: { ...window, retryAfter: new Date(from(2 * hour)) },
        rsa: { ...window, explanationUrl: "https://ca/x" },
      },
      now,
      (
        (chances) => () =>
          chances.shift() ?? 0
      )([0.9, 0.1]),
    );
    expect(adviceFor(both, 3)).toEqual({
      start: from(day),
      end: from(2 * day),
      chosen: from(1.1 * day),
      explanationUrl: "https://ca/x",
    });
    expect(adviceFor(both, 4)).toBeUndefined();
    expect(adviceFor(undefined, 3)).toBeUndefined();
    expect(both.nextPoll).toBe(from(2 * hour));
  });

  it("is asked for again in 1 minute to 1 day, after 6 hours where the CA does not say", () => {
    expect(nextPollAt(window, now)).toEqual(new Date(from(6 * hour)));
    expect(nextPollAt({ kind: "none", why: "" }, now)).toEqual(new Date(from(6 * hour)));
    expect(nextPollAt({ kind: "later", why: "" }, now)).toEqual(new Date(from(hour - 600_000)));
    fc.assert(
      fc.property(fc.integer({ min: -1000, max: 400 * 24 * 60 }), (minutes) => {
        const wait = nextPollAt({ ...window, retryAfter: new Date(from(minutes * 60_000)) }, now).getTime() - +now;
        expect(wait).toBe(Math.min(Math.max(minutes, 1), 24 * 60) * 60_000);
      }),
    );
  });

  it("is due where there is none, for another generation, in time, and after a clock that ran ahead", () => {
    const advice = advise(undefined, window, 0.5);
    const later = (ms: number): Date => new Date(+now + ms);
    expect(pollIsDue(undefined, 1, now)).toBe(true);
    expect(pollIsDue(advice, 2, now)).toBe(true);
    expect(pollIsDue(advice, 1, later(6 * hour - 1))).toBe(false);
    expect(pollIsDue(advice, 1, later(6 * hour))).toBe(true);
    expect(pollIsDue({ ...advice, nextPoll: from(25 * hour) }, 1, now)).toBe(true);
    expect(pollIsDue({ ...advice, nextPoll: "never" }, 1, now)).toBe(true);
  });
});

describe("the plan", () => {
  const lifetime = 90 * day;
  const at = (share: number): Date => new Date(+now + share * lifetime);
  const generation = { number: 1, notBefore: from(0), notAfter: from(lifetime) };
  const advice = (over: Partial<AdvisedWindow> = {}): RenewalAdvice => ({
    generation: 1,
    nextPoll: from(0),
    windows: { ecdsa: { start: from(50 * day), end: from(52 * day), chosen: from(51 * day), ...over } },
  });
  const due = (advised: RenewalAdvice | undefined, when: string | Date): boolean =>
    renewalPlan(generation, advised, new Date(when)).due;

  it("is the CA's instant, earlier or later than ours", () => {
    expect(due(advice(), from(51 * day - 1))).toBe(false);
    expect(due(advice(), from(51 * day))).toBe(true);
    expect(renewalPlan(generation, advice(), now)).toEqual({
      at: new Date(from(51 * day)),
      due: false,
      advised: { start: from(50 * day), end: from(52 * day) },
      desperate: false,
    });
    const late = advice({ start: from(80 * day), end: from(81 * day), chosen: from(80.5 * day) });
    expect(due(late, at(0.7))).toBe(false);
    expect(due(undefined, at(0.7))).toBe(true);
  });

  it("is now where the next run would come after the window, and not before it begins", () => {
    const narrow = advice({ start: from(50 * day), end: from(50 * day + hour), chosen: from(50 * day + hour - 1) });
    expect(due(narrow, from(50 * day - 1))).toBe(false);
    expect(due(narrow, from(50 * day))).toBe(true);
    const wide = advice({ end: from(50 * day + 4 * hour), chosen: from(50 * day + 4 * hour - 1) });
    expect(due(wide, from(50 * day + 2 * hour))).toBe(false);
    expect(due(wide, from(50 * day + 3 * hour))).toBe(true);
  });

  it("is not before six hours, or 1/20 of a short lifetime: a CA that wants everything now gets an order now and then", () => {
    const past = advice({ start: from(-2 * day), end: from(-day), chosen: from(-1.5 * day) });
    expect(renewalPlan(generation, past, now)).toMatchObject({ due: false, at: new Date(from(6 * hour)) });
    expect(due(past, from(6 * hour - 1))).toBe(false);
    expect(due(past, from(6 * hour))).toBe(true);
    const around = advice({ start: from(-day), end: from(hour), chosen: from(hour - 1) });
    expect(due(around, from(0))).toBe(false);
    const short = { ...generation, notAfter: from(20 * hour) };
    expect(renewalPlan(short, past, new Date(from(hour - 1))).due).toBe(false);
    expect(renewalPlan(short, past, new Date(from(hour))).due).toBe(true);
  });

  it("leaves the CA's wish aside under 1/20 of the lifetime, and is desperate under 1/50", () => {
    const never = advice({ start: from(400 * day), end: from(401 * day), chosen: from(400.5 * day) });
    expect(due(never, at(0.9499))).toBe(false);
    expect(renewalPlan(generation, never, at(0.9501))).toMatchObject({ due: true, desperate: false });
    expect(renewalPlan(generation, never, at(0.9501))).not.toHaveProperty("advised");
    expect(renewalPlan(generation, never, at(0.9801))).toMatchObject({ due: true, desperate: true });
  });

  it("whatever the CA says, it is due in time", () => {
    fc.assert(
      fc.property(instants, fc.integer({ min: 1, max: 999 * day }), random, (start, width, chance) => {
        const end = new Date(+start + width);
        const told = { start: start.toISOString(), end: end.toISOString() };
        expect(due(advice({ ...told, chosen: chooseInstant(told, chance) }), at(0.96))).toBe(true);
      }),
    );
  });

  it("advice about another generation is none", () => {
    expect(due({ ...advice({ chosen: from(0) }), generation: 2 }, at(0.5))).toBe(false);
  });
});

describe("what a test instance would show as well", () => {
  const acme = (type: string) => ({ problem: { type: `urn:ietf:params:acme:error:${type}` } });
  test.each([
    [{ refused: [{ name: "a", status: "invalid", ...acme("connection") }] }, true],
    [{ refused: [{ name: "a", status: "invalid" }], rehearsal: "https://ca/staging" }, false],
    [{ refused: [{ name: "a", status: "invalid", ...acme("caa") }] }, false],
    [{ refused: [acme("caa"), acme("dns")].map((one) => ({ status: "invalid", ...one })) }, true],
    [{ refused: [{ status: "expired" }, { status: "invalid", why: "port 80 is taken" }, null] }, false],
    [{ refused: "no", rehearsal: "https://ca/staging", retryAt: "2026-11-20T13:00:00Z" }, false],
    [acme("rejectedIdentifier"), true],
    [acme("caa"), false],
    [acme("rateLimited"), false],
    [acme("accountDoesNotExist"), false],
    [acme("serverInternal"), false],
    [{ code: "ECONNREFUSED" }, false],
    [{ problem: null }, false],
    [undefined, false],
  ])("%j: %j", (facts, worth) => {
    expect(worthRehearsing(facts)).toBe(worth);
  });

  it("Let's Encrypt has one, its own test instance has not", () => {
    const staging = stagingOf("https://acme-v02.api.letsencrypt.org/directory");
    expect(staging).toMatch(/staging/);
    expect(stagingOf(staging ?? "")).toBeUndefined();
    expect(stagingOf("https://ca.example/dir")).toBeUndefined();
  });
});
