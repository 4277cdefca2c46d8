// Renewal information against Pebble: the whole way from its answer to the renewed certificate, `replaces` on the wire, each way in which it can be
// broken, and the test instance that is tried first after a failure (a second URL of the same Pebble plays it).
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { challenges } from "../../src/challenges/index.ts";
import { renewalInfoId } from "../../src/domain/ari-id.ts";
import type { AcmeSettings, CertificateConfig } from "../../src/domain/certificate-config.ts";
import { targetOf } from "../../src/domain/generation.ts";
import { createAcmeIssuer } from "../../src/issuers/acme/index.ts";
import type { CertificateState } from "../../src/store/store.ts";
import { type RenewOptions, type RenewedCertificate, renew } from "../../src/usecases/renew.ts";
import type { World } from "../../src/usecases/world.ts";
import { type AcmeProxy, type Fault, startAcmeProxy } from "../fakes/acme-proxy.ts";
import { usualAcme } from "../fakes/settings.ts";
import { type FakeWorld, certificate, fakeWorld } from "../fakes/world.ts";
import { type Pebble, startPebble } from "../lab/pebble.ts";
import { noChallengeWorld } from "../fakes/challenge-world.ts";
import { timerRun as timer } from "../fakes/renew-options.ts";

const hour = 3_600_000;
const day = 24 * hour;
let pebble: Pebble;
let proxy: AcmeProxy;
let staging: AcmeProxy;
let fake: FakeWorld;
let world: World;
let config: CertificateConfig;
let state: string;
let serial = 0;

beforeAll(async () => {
  pebble = await startPebble({ domainBlocklist: ["blocked.example.org"] });
  proxy = await startAcmeProxy(pebble);
});
afterAll(async () => {
  await proxy.stop();
  await pebble.stop();
});

const quiet = (): undefined => undefined;

beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), "mailcert-ari-lab-"));
  staging = await startAcmeProxy(pebble);
  proxy.script = quiet;
  fake = fakeWorld();
  fake.clock.now = new Date();
  const caFile = join(state, "trust.pem");
  await writeFile(caFile, `${await readFile(proxy.caFile, "utf8")}${await readFile(staging.caFile, "utf8")}`);
  const settings: AcmeSettings = {
    ...usualAcme,
    kind: "acme",
    directory: proxy.directory,
    agreeTos: true,
    caFile,
    httpAddress: `:${pebble.httpPort}`,
  };
  serial += 1;
  const name = `mail${serial}.example.org`;
  config = certificate({ name, names: [name], issuer: settings, servers: [] });
  const issuer = () =>
    createAcmeIssuer({
      challengeWorld: noChallengeWorld,
      stateDir: state,
      challenges,
      now: () => fake.clock.now,
      elapsed: () => performance.now(),
      sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
      userAgent: "mailcert-lab/1",
      timeoutMs: 10_000,
      stagingOf: (directory) => (directory === proxy.directory ? staging.directory : undefined),
    });
  world = { ...fake.world, issuer: async () => issuer() };
});
afterEach(async () => {
  fake.dispose();
  await staging.stop();
  await rm(state, { recursive: true, force: true });
});

const run = async (over: Partial<RenewOptions> = {}): Promise<RenewedCertificate> => {
  const { certificates } = await renew(world, [config], { ...timer, ...over });
  const [one] = certificates;
  if (one === undefined) throw new Error("nothing was looked at");
  if (one.failure) throw one.failure;
  return one;
};

const kept = (): CertificateState => {
  const found = world.store.read(config.name);
  if (found === undefined) throw new Error("there is no state");
  return found;
};

const leaf = async (): Promise<string> => {
  const number = targetOf(kept())?.number ?? 0;
  return (await world.store.readCertificates(config.name, number)).ecdsa?.leaf ?? "";
};

/** What Pebble answers about the present leaf from now on. */
const say = async (answer: unknown): Promise<void> => {
  const ARIResponse = typeof answer === "string" ? answer : JSON.stringify(answer);
  await pebble.manage("/set-renewal-info/", { Certificate: await leaf(), ARIResponse });
};

const at = (ms: number): string => new Date(fake.clock.now.getTime() + ms).toISOString();
const pass = (ms: number): void => {
  fake.clock.now = new Date(fake.clock.now.getTime() + ms);
};
const window = (start: number, end: number, more: object = {}) => ({
  suggestedWindow: { start: at(start), end: at(end) },
  ...more,
});

/** The payloads of the orders that went through a proxy. */
const orders = (through: AcmeProxy): readonly { readonly replaces?: string }[] =>
  through.seen
    .filter(({ path }) => path === "/order-plz")
    .map(({ body }) => {
      const { payload } = JSON.parse(body) as { readonly payload: string };
      return JSON.parse(Buffer.from(payload, "base64url").toString()) as { readonly replaces?: string };
    });

/** Plays this fault for requests for renewal information. */
const breakAri = (fault: Fault): void => {
  proxy.script = ({ path }) => (path.includes("/renewalInfo/") ? fault : undefined);
};

describe("renewal information", () => {
  test("Pebble's own window is kept and told; one run later it is not asked again", async () => {
    await run();
    const { decision } = await run();
    if (decision.action !== "nothing") throw new Error(`it would ${decision.action}`);
    const { start = "", end = "" } = decision.advised ?? {};
    expect(start < end && decision.dueAt >= new Date(start) && decision.dueAt < new Date(end)).toBe(true);
    const asked = proxy.seen.length;
    pass(0.9 * (Date.parse(kept().ari?.nextPoll ?? "") - fake.clock.now.getTime()));
    expect((await run()).decision).toEqual(decision);
    expect(proxy.seen).toHaveLength(asked);
  });

  test("a window that has passed: renewed now, the order says what it replaces, the account is the same", async () => {
    await run();
    const replaced = await leaf();
    pass(7 * hour);
    await say(window(-2 * hour, -hour, { explanationURL: "https://ca.example/incident" }));
    const one = await run();
    expect(one).toMatchObject({
      decision: { action: "issue", explanationUrl: "https://ca.example/incident" },
      issued: { generation: { number: 2 } },
      findings: [{ check: "renew-explained" }],
    });
    expect(orders(proxy).at(-1)?.replaces).toBe(renewalInfoId(replaced));
    expect(await leaf()).not.toBe(replaced);
    const [first, second] = kept().generations;
    expect(first?.account).toMatch(/\/my-account\//);
    expect(second?.account).toBe(first?.account);
  });

  test("a certificate that was replaced already: the order is placed again without saying so", async () => {
    await run();
    const before = kept();
    await run({ force: true });
    // As after a restored backup: generation 1 is the one to renew, and Pebble knows its successor.
    await world.store.write({ ...before, generations: kept().generations });
    const placed = orders(proxy).length;
    const one = await run({ force: true });
    expect(one.issued?.generation.number).toBe(3);
    const [refused, taken, ...more] = orders(proxy).slice(placed);
    expect([refused?.replaces, taken?.replaces, more]).toEqual([expect.any(String), undefined, []]);
  });

  test("a window that moves is followed, one that stands keeps its instant, one far away is kept to", async () => {
    await run();
    await say(window(20 * day, 21 * day));
    expect((await run()).decision).toMatchObject({ action: "nothing", dueAt: new Date(at(20.5 * day)) });
    const chosen = at(20.5 * day);
    const standing = world;
    world = { ...standing, random: () => 0.1 };
    pass(6 * hour);
    expect((await run()).decision).toMatchObject({ dueAt: new Date(chosen) });
    await say(window(9 * day, 10 * day));
    pass(6 * hour);
    expect((await run()).decision).toMatchObject({ dueAt: new Date(at(9.1 * day - 6 * hour)) });
    await say(window(800 * day, 801 * day));
    pass(6 * hour);
    expect((await run()).decision).toMatchObject({ action: "nothing", dueAt: new Date(at(800.1 * day - 6 * hour)) });
  });

  test("what cannot be read is ignored: two thirds of the lifetime", async () => {
    await run();
    const [generation] = kept().generations;
    const { notBefore = "", notAfter = "" } = generation ?? {};
    const ours = new Date(Date.parse(notBefore) + ((Date.parse(notAfter) - Date.parse(notBefore)) * 2) / 3);
    for (const answer of ['{"suggestedWindow": {', "[]", window(2 * day, day), { suggestedWindow: { start: "now" } }]) {
      await say(answer);
      pass(6 * hour);
      expect((await run()).decision).toEqual({ action: "nothing", dueAt: ours });
    }
    breakAri({ reply: { status: 404, body: "no such page" } });
    pass(6 * hour);
    expect((await run()).decision).toEqual({ action: "nothing", dueAt: ours });
  });

  test("what the CA said holds while it cannot be asked; its own wish when to be asked again is kept to", async () => {
    await run();
    await say(window(30 * day, 31 * day));
    const { decision } = await run();
    const faults: readonly Fault[] = [{ reply: { status: 500 } }, { cut: 10 }, { swallow: true }];
    for (const fault of faults) {
      breakAri(fault);
      pass(6 * hour);
      expect((await run()).decision).toEqual(decision);
    }
    breakAri({ reply: { status: 503, headers: { "retry-after": "7200" } } });
    pass(hour);
    expect((await run()).decision).toEqual(decision);
    expect(kept().ari?.nextPoll).toBe(at(2 * hour));
  });
});

describe("after names were refused", () => {
  const host = (): string => `${config.name}.`;
  const failing = async (over: Partial<RenewOptions> = { named: true }): Promise<string> => {
    const error: unknown = await run(over).catch((reason: unknown) => reason);
    return error instanceof Error ? error.message : "it went well";
  };
  const folders = async (): Promise<number> => (await readdir(join(state, "accounts"))).length;

  test("the order is tried at the test instance, with an account of its own; the one after that goes to the CA, whatever was said there", async () => {
    await pebble.dns("set-servfail", { host: host() });
    const placed = orders(proxy).length;
    expect(await failing({})).toContain("could not validate");
    expect([orders(proxy).length - placed, orders(staging).length]).toEqual([1, 0]);
    expect(await failing()).toContain(`at ${staging.directory}`);
    expect([orders(proxy).length - placed, orders(staging).length]).toEqual([1, 1]);
    expect(kept().lastError?.facts).toMatchObject({ rehearsal: staging.directory });
    expect(await failing()).not.toContain(`at ${staging.directory}`);
    expect([orders(proxy).length - placed, orders(staging).length]).toEqual([2, 1]);
    await pebble.dns("clear-servfail", { host: host() });
    const one = await run({ named: true });
    expect(one.issued?.generation).toMatchObject({ number: 1, authority: proxy.directory });
    expect([orders(proxy).length - placed, orders(staging).length]).toEqual([3, 2]);
    expect(await folders()).toBe(2);
    await run({ force: true });
    expect(orders(staging)).toHaveLength(2);
  });

  const outages: readonly (readonly [string, AcmeProxy["script"]])[] = [
    [
      "wants to be asked later",
      ({ resource }) =>
        resource === "order" ? { reply: { status: 429, headers: { "retry-after": "3600" } } } : undefined,
    ],
    ["is down", () => ({ reply: { status: 502 } })],
  ];
  test.each(outages)(
    "a test instance that %s says nothing about the names: the CA itself is asked",
    async (_what, script) => {
      await pebble.dns("set-servfail", { host: host() });
      await failing({});
      await pebble.dns("clear-servfail", { host: host() });
      const placed = orders(proxy).length;
      staging.script = script;
      expect((await run({ named: true })).issued?.generation.number).toBe(1);
      expect(orders(proxy).length - placed).toBe(1);
      expect(staging.seen.length).toBeGreaterThan(0);
    },
  );

  test("a failure that no test instance shows is not rehearsed", async () => {
    proxy.script = ({ resource }) => (resource === "order" ? { reply: { status: 500 } } : undefined);
    await failing({});
    proxy.script = quiet;
    expect((await run({ named: true })).issued?.generation.number).toBe(1);
    expect(staging.seen).toEqual([]);
  });
});
