// Renewals led by the CA (RFC 9773): when it is asked, what is kept, what an order says, and short-lived certificates lived through hour by hour.
import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it, test } from "vitest";
import type { RenewalInfo } from "../../src/domain/ari.ts";
import type { AcmeSettings, CertificateConfig } from "../../src/domain/certificate-config.ts";
import { readCertificate } from "../../src/domain/certificate.ts";
import { Failure } from "../../src/domain/failure.ts";
import { targetOf } from "../../src/domain/generation.ts";
import { createSelfSigned } from "../../src/issuers/self-signed/index.ts";
import type { IssueRequest, IssuedChain, Issuer } from "../../src/issuers/issuer.ts";
import { renewDocument, renewText } from "../../src/reports/renew.ts";
import { statusText } from "../../src/reports/status.ts";
import { type RenewOptions, type RenewResult, renew } from "../../src/usecases/renew.ts";
import { status } from "../../src/usecases/status.ts";
import type { World } from "../../src/usecases/world.ts";
import { usualAcme } from "../fakes/settings.ts";
import { type FakeWorld, certificate, fakeWorld } from "../fakes/world.ts";
import { timerRun as timer } from "../fakes/renew-options.ts";

const hour = 3_600_000;
const day = 24 * hour;
const settings: AcmeSettings = {
  ...usualAcme,
  kind: "acme",
  directory: "https://ca.example/dir",
  agreeTos: true,
  httpAddress: ":80",
};
const config = certificate({ issuer: settings });
/** An ACME CA in memory: self-signed leaves, an account, and the advice of a test. */
interface Ca {
  readonly world: World;
  readonly requests: IssueRequest[];
  /** Leaves that it was asked about (SHA-256). */
  readonly asked: string[];
  days: number;
  advise: (leaf: { readonly notBefore: Date; readonly notAfter: Date }) => RenewalInfo;
  /** Throws what the CA would refuse. */
  refuse: () => void;
}

let fake: FakeWorld;
let ca: Ca;
beforeEach(() => {
  fake = fakeWorld();
  const signer = createSelfSigned({ random: (size) => randomBytes(size) });
  const issuer: Issuer = {
    refuses: () => undefined,
    issue: async (request): Promise<IssuedChain> => {
      ca.requests.push(request);
      ca.refuse();
      const signed = await signer.issue({ ...request, settings: { kind: "self-signed", days: ca.days } });
      return { ...signed, account: "https://ca.example/account/1" };
    },
    renewalInfo: async ({ leaf }) => {
      const facts = readCertificate(leaf);
      ca.asked.push(facts.sha256);
      return ca.advise(facts);
    },
  };
  ca = {
    world: { ...fake.world, issuer: async () => issuer },
    requests: [],
    asked: [],
    days: 90,
    advise: () => ({ kind: "none", why: "nothing to say" }),
    refuse: () => undefined,
  };
});
afterEach(() => fake.dispose());

const run = (over: Partial<RenewOptions> = {}, one: CertificateConfig = config): Promise<RenewResult> =>
  renew(ca.world, [one], { ...timer, ...over });
const pass = (ms: number): void => {
  fake.clock.now = new Date(fake.clock.now.getTime() + ms);
};
const kept = () => ca.world.store.read(config.name);
const at = (ms: number): string => new Date(fake.clock.now.getTime() + ms).toISOString();
const within = (start: string, end: string, explanationUrl?: string): RenewalInfo => ({
  kind: "window",
  window: { start, end },
  ...(explanationUrl === undefined ? {} : { explanationUrl }),
});

describe("when the CA is asked", () => {
  it("by the run after an issuance, then when it said; never by a plan, and not for what is renewed anyway", async () => {
    await run();
    expect(ca.asked).toHaveLength(0);
    await run({ dryRun: true });
    expect(ca.asked).toHaveLength(0);
    await run();
    expect(ca.asked).toHaveLength(1);
    pass(6 * hour - 1);
    await run();
    expect(ca.asked).toHaveLength(1);
    pass(1);
    await run();
    expect(ca.asked).toHaveLength(2);
    pass(6 * hour);
    await run({ force: true });
    expect(ca.asked).toHaveLength(2);
    // About the leaf that is to be served, now another one.
    await run();
    expect(new Set(ca.asked).size).toBe(2);
  });

  it("not where another CA signed it, nor one that cannot be asked", async () => {
    await run();
    await run({}, certificate({ issuer: { ...settings, directory: "https://other.example/dir" }, servers: [] }));
    expect(ca.asked).toHaveLength(0);
    const selfSigned = certificate({ name: "other.example.org", names: ["other.example.org"], servers: [] });
    await renew(fake.world, [selfSigned], timer);
    await renew(fake.world, [selfSigned], timer);
    expect(fake.world.store.read("other.example.org")?.ari).toBeUndefined();
  });

  it("of the further CA that signed it", async () => {
    const further = { ...settings, directory: "https://other.example/dir" };
    await run();
    await run({}, { ...config, issuer: further, fallbacks: [settings] });
    expect(ca.asked).toHaveLength(1);
  });

  it("for two minutes of a run: the others are asked about by the next one", async () => {
    const names = ["a.example.org", "b.example.org", "c.example.org"];
    const several = names.map((name) => certificate({ name, names: [name], issuer: settings, servers: [] }));
    await renew(ca.world, several, timer);
    ca.advise = () => {
      void fake.world.sleep(61_000);
      return { kind: "none", why: "slow" };
    };
    await renew(ca.world, several, timer);
    expect(ca.asked).toHaveLength(2);
    await renew(ca.world, several, timer);
    expect(ca.asked).toHaveLength(3);
  });

  it("for each slot, and the earliest instant leads", async () => {
    const both = { ...config, keys: ["ecdsa", "rsa"], servers: [] } as const;
    await run({}, both);
    const [first, second] = [within(at(40 * day), at(41 * day)), within(at(10 * day), at(11 * day))];
    ca.advise = () => (ca.asked.length === 1 ? first : second);
    const { certificates } = await run({}, both);
    expect(ca.asked).toHaveLength(2);
    expect(certificates[0]?.decision).toMatchObject({ action: "nothing", dueAt: new Date(at(10.5 * day)) });
  });
});

describe("what is said", () => {
  it("status and renew tell the CA's window; the instant stays while the window stands", async () => {
    await run();
    const one = { certificates: [config] };
    const advice = within(at(20 * day), at(22 * day), "https://ca.example/why");
    ca.advise = () => advice;
    const told =
      "nothing to do; renews at 2026-12-11 12:00 UTC (the CA's window 2026-12-10 12:00 UTC to 2026-12-12 12:00 UTC: https://ca.example/why)";
    const result = await run();
    expect(renewText(result, fake.clock.now, false)).toContain(told);
    expect(renewDocument(result)).toMatchObject({
      certificates: [{ decision: { action: "nothing", advised: { explanationUrl: "https://ca.example/why" } } }],
    });
    const world = { ...ca.world, random: () => 0.1, config: { ...ca.world.config, read: async () => one } };
    pass(6 * hour);
    await renew(world, [config], timer);
    expect(ca.asked).toHaveLength(2);
    expect(statusText(await status(world, []), undefined, fake.clock.now)).toContain(told);
  });

  it("a window in the past: renewed now, the reason is shown, also to cron", async () => {
    await run();
    pass(7 * hour);
    ca.advise = () => within(at(-2 * day), at(-day), "https://ca.example/incident");
    const result = await run();
    expect(result).toMatchObject({
      outcome: "done",
      certificates: [
        {
          decision: { action: "issue", explanationUrl: "https://ca.example/incident" },
          issued: { generation: { number: 2, account: "https://ca.example/account/1" } },
          findings: [{ check: "renew-explained", severity: "warning" }],
        },
      ],
    });
    expect(renewText(result, fake.clock.now, true)).toContain("https://ca.example/incident");
    expect(kept()).not.toHaveProperty("ari");
  });
});

describe("what the order says", () => {
  it("that it comes inside the window, which exempts it from rate limits: not before, not after, not by force", async () => {
    const [day1, day2] = [at(day), at(2 * day)];
    ca.advise = () => within(day1, day2);
    await run();
    await run();
    const inWindow = async (): Promise<boolean | undefined> => {
      await run({ force: true });
      return ca.requests.at(-1)?.replaces?.inWindow;
    };
    const before = kept() ?? never();
    pass(day - 1);
    expect(await inWindow()).toBe(false);
    await ca.world.store.write(before);
    pass(1);
    expect(await inWindow()).toBe(true);
    // What was issued just now is another leaf: nothing is said of it.
    expect(await inWindow()).toBe(false);
    await ca.world.store.write(before);
    pass(day);
    expect(await inWindow()).toBe(false);
  });

  const target = async (): Promise<string | undefined> => {
    const number = targetOf(kept() ?? never())?.number ?? 0;
    return (await ca.world.store.readCertificates(config.name, number)).ecdsa?.leaf;
  };
  const never = (): never => {
    throw new Error("there is no state");
  };

  it("names the certificate that it replaces; not at the second attempt, and again at the third", async () => {
    await run();
    expect(ca.requests.at(-1)).not.toHaveProperty("replaces");
    const replaces = { leaf: await target(), account: "https://ca.example/account/1", inWindow: false };
    ca.refuse = () => {
      throw new Failure("unavailable", "the CA is down");
    };
    for (let attempt = 0; attempt < 3; attempt += 1) await run({ force: true });
    ca.refuse = () => undefined;
    await run({ force: true, newKey: true });
    expect(ca.requests.slice(1).map((request) => request.replaces)).toEqual([replaces, undefined, replaces, replaces]);
    expect(ca.requests.some((request) => request.rehearse)).toBe(false);
  });

  it("names none where no name is the same", async () => {
    await run();
    await run({}, { ...config, names: ["other.example.org"] });
    expect(ca.requests).toHaveLength(2);
    expect(ca.requests[1]).not.toHaveProperty("replaces");
  });

  it("is rehearsed after names were refused, for the first slot; not for another wish", async () => {
    const both = { ...config, keys: ["ecdsa", "rsa"] } as const;
    const refused = [{ name: "x", status: "invalid" }];
    ca.refuse = () => {
      throw new Failure("unavailable", "the CA could not validate it", { facts: { refused } });
    };
    await run({}, both);
    await run({ named: true }, { ...both, names: ["mail.example.org", "b.example.org"] });
    ca.refuse = () => undefined;
    await run({ named: true }, { ...both, names: ["mail.example.org", "b.example.org"] });
    await run({ force: true }, { ...both, names: ["mail.example.org", "b.example.org"] });
    expect(ca.requests.map(({ algorithm, rehearse }) => [algorithm, rehearse])).toEqual([
      ["ecdsa", undefined],
      ["ecdsa", undefined],
      ["ecdsa", true],
      ["rsa", undefined],
      ["ecdsa", undefined],
      ["rsa", undefined],
    ]);
  });
});

describe("near the end", () => {
  const fail = (facts: Readonly<Record<string, unknown>> = {}): void => {
    ca.refuse = () => {
      throw new Failure("unavailable", "no", { facts });
    };
  };

  test("under 1/50 of the lifetime no back-off of ours holds an attempt back, a CA's own limit does", async () => {
    await run();
    pass(0.9 * 90 * day);
    fail();
    // The ladder's wait after a fifth failure is longer than an hour.
    for (let attempt = 0; attempt < 5; attempt += 1) await run({ named: true });
    pass(hour);
    expect((await run()).certificates[0]?.decision.action).toBe("wait");
    pass(0.085 * 90 * day);
    const tried = ca.requests.length;
    for (let attempt = 0; attempt < 3; attempt += 1) {
      expect((await run()).certificates[0]?.decision.action).toBe("issue");
      pass(hour);
    }
    expect(ca.requests).toHaveLength(tried + 3);
    const later = at(6 * hour);
    fail({ retryAt: later });
    await run();
    pass(hour);
    expect((await run()).certificates[0]?.decision.action).toBe("wait");
    const world = { ...ca.world, config: { ...ca.world.config, read: async () => ({ certificates: [config] }) } };
    expect(statusText(await status(world, []), undefined, fake.clock.now)).toContain(
      `next attempt ${later.slice(0, 16).replace("T", " ")} UTC: no`,
    );
  });
});

describe("a certificate of six days", () => {
  /** As Boulder does it (acme.md 2.2): half of the lifetime, give or take a hundredth. */
  const boulder = ({ notBefore, notAfter }: { readonly notBefore: Date; readonly notAfter: Date }): RenewalInfo => {
    const life = notAfter.getTime() - notBefore.getTime();
    const ideal = notBefore.getTime() + life / 2;
    return within(new Date(ideal - life / 100).toISOString(), new Date(ideal + life / 100).toISOString());
  };

  interface Renewal {
    readonly at: Date;
    readonly window: { readonly start: string; readonly end: string } | undefined;
    readonly left: number;
  }

  /** Hourly runs, each up to half an hour late, for `days`; `absent(hours since the beginning)` says which do not happen. */
  const live = async (days: number, absent: (hours: number) => boolean = () => false): Promise<readonly Renewal[]> => {
    ca.days = 6;
    const chances = { next: 7 };
    const random = (): number => (chances.next = (chances.next * 16_807) % 2_147_483_647) / 2_147_483_647;
    const world = { ...ca.world, random };
    const begin = fake.clock.now.getTime();
    const renewals: Renewal[] = [];
    for (let hours = 0; hours < days * 24; hours += 1) {
      const planned = begin + hours * hour + random() * 0.5 * hour;
      fake.clock.now = new Date(Math.max(planned, fake.clock.now.getTime()));
      if (absent(hours)) continue;
      const before = kept();
      const target = before && targetOf(before);
      const { certificates } = await renew(world, [config], timer);
      const [one] = certificates;
      if (one?.issued === undefined || target === undefined) continue;
      expect(one.deployed?.outcome).toBe("verified");
      const left = Date.parse(target.notAfter) - Date.parse(one.issued.generation.createdAt);
      renewals.push({ at: new Date(one.issued.generation.createdAt), window: before?.ari?.windows.ecdsa, left });
    }
    return renewals;
  };

  const inside = ({ at: when, window }: Renewal): boolean =>
    window !== undefined && when >= new Date(window.start) && when < new Date(window.end);

  test("every renewal falls into the CA's window, for a month", async () => {
    ca.advise = boulder;
    const renewals = await live(30);
    expect(renewals.length).toBeGreaterThanOrEqual(9);
    expect(renewals.filter((one) => !inside(one))).toEqual([]);
    // Exempt from rate limits: each names the certificate before it.
    expect(ca.requests.slice(1).every(({ replaces }) => replaces !== undefined)).toBe(true);
  });

  test("with every second run missing, and a machine that is off for nine hours each day", async () => {
    ca.advise = boulder;
    const renewals = await live(30, (hours) => hours % 2 === 1 || hours % 24 < 9);
    expect(renewals.length).toBeGreaterThanOrEqual(8);
    for (const { at: when, window, left } of renewals) {
      expect(window).toBeDefined();
      // Never before the window; late by no more than the machine was off.
      expect(when >= new Date(window?.start ?? 0)).toBe(true);
      expect(when.getTime() - Date.parse(window?.end ?? "")).toBeLessThan(11 * hour);
      expect(left).toBeGreaterThan(2 * day);
    }
  });

  test("with a CA that has a day without renewal information, and a day without orders", async () => {
    const begin = fake.clock.now.getTime();
    const since = (): number => (fake.clock.now.getTime() - begin) / day;
    ca.advise = (leaf) => (since() >= 2.5 && since() < 3.5 ? { kind: "later", why: "HTTP 502" } : boulder(leaf));
    ca.refuse = () => {
      if (since() >= 5.9 && since() < 6.9) throw new Failure("unavailable", "cannot talk to the ACME server");
    };
    const renewals = await live(18);
    expect(renewals.length).toBeGreaterThanOrEqual(5);
    expect(Math.min(...renewals.map(({ left }) => left))).toBeGreaterThan(day);
    // What the CA said before it fell silent held.
    expect(inside(renewals[0] ?? { at: fake.clock.now, window: undefined, left: 0 })).toBe(true);
    expect(renewals.filter((one) => !inside(one))).toHaveLength(1);
  });

  test("whose CA points to next year: the emergency rule renews it", async () => {
    ca.advise = () => within(at(365 * day), at(366 * day));
    const renewals = await live(12);
    expect(renewals).toHaveLength(2);
    for (const { left } of renewals) {
      expect(left).toBeLessThanOrEqual((6 * day) / 20);
      expect(left).toBeGreaterThan((6 * day) / 50);
    }
  });

  test("without renewal information: half of its lifetime", async () => {
    const renewals = await live(10);
    expect(renewals.length).toBeGreaterThanOrEqual(3);
    for (const { left } of renewals) expect(Math.abs(left - 3 * day)).toBeLessThan(2 * hour);
  });
});
