// What a failed attempt leaves behind: the reason and the time of the next one in state.json, no request until then, what was served as it was;
// then a certificate of the same account. The whole way from `renew` to the CA; the proxy plays the faults.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { CertificateConfig } from "../../src/domain/certificate-config.ts";
import { targetOf } from "../../src/domain/generation.ts";
import type { CertificateState } from "../../src/store/store.ts";
import { type RenewOptions, type RenewedCertificate, renew } from "../../src/usecases/renew.ts";
import type { World } from "../../src/usecases/world.ts";
import { type FaultName, type Place, faults, strike } from "../fakes/acme-faults.ts";
import { type AcmeProxy, type Fault, type Seen, startAcmeProxy } from "../fakes/acme-proxy.ts";
import { type FakeWorld, certificate, fakeWorld } from "../fakes/world.ts";
import { type Bench, openBench } from "../lab/acme-bench.ts";
import { type Pebble, startPebble } from "../lab/pebble.ts";
import { timerRun as timer } from "../fakes/renew-options.ts";

/** For a reply: more than a busy machine may take for an honest one. */
const patienceMs = 5000;
const minute = 60_000;
const day = 24 * 60 * minute;
const name = "mail.example.org";
let pebble: Pebble;
let b: Bench;
let fake: FakeWorld;
let world: World;
let config: CertificateConfig;

beforeAll(async () => {
  pebble = await startPebble({ vaAlwaysValid: true });
});
afterAll(() => pebble.stop());
beforeEach(async () => {
  b = await openBench(pebble);
  fake = fakeWorld(b.state);
  fake.clock.now = new Date(b.clock.now);
  config = certificate({ name, names: [name], issuer: b.settings, servers: [] });
  world = { ...fake.world, issuer: async () => b.issuer({ now: () => fake.clock.now, timeoutMs: patienceMs }) };
});
afterEach(() => b.close());

const run = async (over: Partial<RenewOptions> = {}): Promise<RenewedCertificate> => {
  const [one] = (await renew(world, [config], { ...timer, ...over })).certificates;
  if (one === undefined) throw new Error("nothing was looked at");
  return one;
};

/** state.json as it stands. */
const kept = async (): Promise<CertificateState> =>
  JSON.parse(await readFile(join(b.state, "certificates", name, "state.json"), "utf8")) as CertificateState;

const pass = (ms: number): void => {
  fake.clock.now = new Date(fake.clock.now.getTime() + ms);
};
const script = (next: (request: Seen) => Fault | undefined): void => {
  b.proxy.script = next;
};

describe("a first certificate", () => {
  test.each<readonly [FaultName, Place, number, RegExp]>([
    [
      "429, Retry-After in seconds",
      "newOrder",
      120,
      /would not take the order: urn:ietf:params:acme:error:rateLimited: /,
    ],
    ["503, Retry-After as a date", "finalize", 120, /would not go on with the order: HTTP 503 from https:\S+$/],
    ["502 with Retry-After", "directory", 120, /the ACME directory cannot be read: HTTP 502 from https:\S+\/dir$/],
    ["503 alone", "newNonce", 10, /would not register an account: HTTP 503 from https:\S+\/nonce-plz$/],
    ["hang", "challenge", 1, /: no complete reply within 5 s$/],
    ["reset in the body", "certificate", 1, /the connection broke before the reply was complete$/],
    ["truncated body", "certificate", 1, /it ends in the middle of a certificate$/],
    ["wrong content type", "directory", 1, /is not an ACME directory: it answers with "text\/html", not with JSON$/],
    ["redirect", "newAccount", 1, /sign-me-up redirects to https:\/\/localhost:9\/elsewhere$/],
    ["badNonce", "newOrder", 1, /would not take the order: urn:ietf:params:acme:error:badNonce: /],
  ])("%s at %s: tried again in %d minutes, with the reason", async (fault, place, minutes, says) => {
    script(strike(place, fault, false));
    const { failure } = await run();
    expect(failure?.message).toMatch(says);
    const { attempts, nextAttempt = "", lastError, generations } = await kept();
    expect({ attempts, generations, what: lastError?.what }).toEqual({ attempts: 1, generations: [], what: "issue" });
    expect(lastError?.message).toBe(failure?.message);
    const wait = (Date.parse(nextAttempt) - fake.clock.now.getTime()) / minute;
    expect(Math.abs(wait - minutes)).toBeLessThan(0.5);

    const asked = b.proxy.seen.length;
    script(() => undefined);
    pass((wait - 0.5) * minute);
    expect((await run()).decision).toMatchObject({ action: "wait" });
    expect(b.proxy.seen).toHaveLength(asked);
    pass(minute);
    expect((await run()).issued?.generation).toMatchObject({ number: 1, account: b.accounts()[0] });
    const after = await kept();
    expect([after.attempts, after.lastError, after.nextAttempt]).toEqual([0, undefined, undefined]);
    expect([b.accounts().length, b.orders(), b.finalized(), await b.pending()]).toEqual([1, 1, 1, 1]);
  });

  test("a fault that stays: each attempt later than the one before, a handful of requests each, no further order", async () => {
    script(strike("certificate", "500 as HTML", false));
    const waits: number[] = [];
    for (let attempt = 0; attempt < 5; attempt += 1) {
      const asked = b.proxy.seen.length;
      await run();
      expect(b.proxy.seen.length - asked).toBeLessThan(20);
      const { nextAttempt = "" } = await kept();
      waits.push(Math.round((Date.parse(nextAttempt) - fake.clock.now.getTime()) / minute));
      fake.clock.now = new Date(nextAttempt);
    }
    expect(waits).toEqual([1, 10, 60, 180, 360]);
    expect([b.orders(), b.finalized()]).toEqual([1, 1]);
    script(() => undefined);
    await run();
    expect([b.orders(), b.finalized(), b.accounts().length]).toEqual([1, 1, 1]);
  });
});

describe("a renewal", () => {
  test("what was issued stays while it fails; then the same account renews it", async () => {
    await run();
    const first = targetOf(await kept());
    script(({ path }) => (path.startsWith("/order-plz") ? faults["503 alone"]() : undefined));
    expect((await run({ force: true })).failure?.kind).toBe("try-later");
    const failed = await kept();
    expect(failed).toMatchObject({ attempts: 1, lastError: { message: expect.stringContaining("HTTP 503") } });
    expect(targetOf(failed)).toEqual(first);
    script(() => undefined);
    pass(11 * minute);
    expect((await run({ force: true })).issued?.generation).toMatchObject({ number: 2, account: first?.account });
    expect(b.accounts()).toHaveLength(1);
  });

  test("a CA that asks for a week is asked again in a day, sooner near the end", async () => {
    const week: Fault = { reply: { status: 429, headers: { "retry-after": "604800" }, body: "" } };
    script(({ path }) => (path.startsWith("/order-plz") ? week : undefined));
    await run();
    expect(Date.parse((await kept()).nextAttempt ?? "") - fake.clock.now.getTime()).toBe(day);
    script(() => undefined);
    pass(day);
    await run();
    const { notAfter = "" } = targetOf(await kept()) ?? {};
    fake.clock.now = new Date(Date.parse(notAfter) - 0.4 * day);
    script(({ path }) => (path.startsWith("/order-plz") ? week : undefined));
    await run();
    expect(Date.parse((await kept()).nextAttempt ?? "") - fake.clock.now.getTime()).toBe(0.1 * day);
  });
});

describe("several CAs", () => {
  let second: AcmeProxy;
  beforeEach(async () => {
    second = await startAcmeProxy(pebble);
  });
  afterEach(() => second.stop());

  test.each<readonly [FaultName, Place]>([
    ["wrong content type", "directory"],
    ["empty body", "directory"],
    ["500 as HTML", "newAccount"],
    ["hang", "newOrder"],
    ["429 alone", "finalize"],
    ["truncated body", "certificate"],
  ])("%s at %s of the first: the second one issues, and why is kept", async (fault, place) => {
    script(strike(place, fault, false));
    const fallback = { ...b.settings, directory: second.directory, caFile: second.caFile };
    config = { ...config, fallbacks: [fallback] };
    expect(await run()).toMatchObject({
      issued: { generation: { number: 1, authority: second.directory } },
      findings: [{ check: "ca-fallback" }],
    });
    expect(Object.keys((await kept()).caFailures ?? {})).toEqual([b.proxy.directory]);
  });
});
