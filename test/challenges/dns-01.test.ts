// dns-01: the contract of challenges, where the record goes, how long every server is waited for, and what a killed run leaves.
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { ChallengeDeps, ChallengeToken } from "../../src/challenges/challenge.ts";
import { createDns01, digestOf } from "../../src/challenges/dns-01.ts";
import { createRemains } from "../../src/challenges/dns-remains.ts";
import { Failure } from "../../src/domain/failure.ts";
import { challengeContract } from "../contract/challenge.ts";
import { type TextZone, textZone } from "../fakes/text-zone.ts";

const { signal } = new AbortController();
const token: ChallengeToken = { identifier: "mail.example.org", token: "t".repeat(43), keyAuthorization: "t.k" };
const name = "_acme-challenge.mail.example.org";
const valuesAt = (zone: TextZone, at = name): readonly string[] =>
  (zone.values.get(at) ?? []).map(({ value }) => value);
const failure = (job: Promise<unknown>): Promise<Failure> =>
  job.then(
    () => Promise.reject(new Error("it went well")),
    (error: unknown) => (error instanceof Failure ? error : Promise.reject(error as Error)),
  );

challengeContract("dns-01", async () => {
  const zone = textZone();
  return {
    challenge: createDns01({ dns: "fake" }, zone.deps),
    look: async ({ identifier, keyAuthorization }) =>
      valuesAt(zone, `_acme-challenge.${identifier}`).find((value) => value === digestOf(keyAuthorization)),
    expected: ({ keyAuthorization }) => createHash("sha256").update(keyAuthorization).digest("base64url"),
    traces: async () => [...zone.values.values()].flat().length + zone.journal.length > 0,
    obstruct: async () => {
      // A secondary that never follows.
      zone.servers.push({ server: "ns2.example.org", address: "192.0.2.2", lag: Number.POSITIVE_INFINITY });
      return async () => void zone.servers.pop();
    },
    close: async () => undefined,
  };
});

describe("where the record goes", () => {
  it("is the end of the name's aliases", async () => {
    const zone = textZone();
    zone.aliases.set(name, "x.acme.example.net");
    const challenge = createDns01({ dns: "fake" }, zone.deps);
    await challenge.present(token, signal);
    expect(valuesAt(zone, "x.acme.example.net")).toEqual([digestOf("t.k")]);
    await challenge.cleanUp(token);
    expect(zone.changes).toEqual(["add x.acme.example.net in example.org", "remove x.acme.example.net in example.org"]);
    expect(zone.steps).toContain(`${name}: an alias of x.acme.example.net`);
  });

  it("must be known, and so must be how DNS is changed", async () => {
    const zone = textZone();
    const lost = await failure(
      createDns01({ dns: "fake" }, zone.deps).present({ ...token, identifier: "nowhere" }, signal),
    );
    expect(lost).toMatchObject({
      kind: "unavailable",
      message: "cannot find the zone to publish _acme-challenge.nowhere in: no zone",
    });
    expect(await failure(createDns01({}, zone.deps).present(token, signal))).toMatchObject({ kind: "config" });
    expect([zone.changes, zone.journal]).toEqual([[], []]);
  });
});

describe("every server", () => {
  const waited = async (zone: TextZone): Promise<number> => {
    await createDns01({ dns: "fake" }, zone.deps).present(token, signal);
    return zone.clock.now;
  };

  it("is waited for, with fewer looks the longer it takes", async () => {
    const zone = textZone();
    zone.servers.push({ server: "ns2.example.org", address: "192.0.2.2", lag: 30_000 });
    const ms = await waited(zone);
    expect(ms).toBeGreaterThanOrEqual(30_000);
    expect(ms).toBeLessThan(36_000);
    expect(zone.steps.filter((step) => step.includes("waiting"))).toEqual([
      `${name}: waiting: not yet at ns2.example.org (192.0.2.2)`,
    ]);
    expect(zone.steps.at(-1)).toBe(`${name}: seen at 2 addresses of its name servers`);
  });

  it("that never shows it is named, and the record does not stay", async () => {
    const zone = textZone();
    zone.servers.push({ server: "ns2.example.org", address: "2001:db8::2", lag: Number.POSITIVE_INFINITY });
    const challenge = createDns01({ dns: "fake" }, zone.deps);
    const late = await failure(challenge.present(token, signal));
    expect(late).toMatchObject({
      kind: "unavailable",
      message: `${name} is not seen everywhere after 120 seconds: not yet at ns2.example.org (2001:db8::2)`,
      facts: { lacking: ["ns2.example.org (2001:db8::2)"] },
    });
    expect(zone.clock.now).toBeLessThanOrEqual(120_000);
    await challenge.cleanUp(token);
    expect([valuesAt(zone), zone.journal]).toEqual([[], []]);
  });

  it("that says nothing is passed over after a while; one that this host has no way to, at once", async () => {
    const zone = textZone();
    zone.servers.push({
      server: "ns2.example.org",
      address: "192.0.2.2",
      lag: 0,
      failed: { why: "REFUSED", noWay: false },
    });
    const ms = await waited(zone);
    expect(ms).toBeGreaterThanOrEqual(15_000);
    expect(ms).toBeLessThan(21_000);
    expect(zone.steps).toContain(`${name}: going on without ns2.example.org (192.0.2.2): REFUSED`);
    const six = textZone();
    six.servers.push({
      server: "ns2.example.org",
      address: "2001:db8::2",
      lag: 0,
      failed: { why: "no IPv6", noWay: true },
    });
    expect(await waited(six)).toBe(0);
  });

  it("silent, none counts: nobody showed it", async () => {
    const zone = textZone();
    zone.servers.splice(0, 1, {
      server: "ns1.example.org",
      address: "192.0.2.1",
      lag: 0,
      failed: { why: "no answer in time", noWay: false },
    });
    const late = await failure(waited(zone));
    expect(late.message).toContain("ns1.example.org (192.0.2.1): no answer in time");
    zone.servers.splice(0, 1, {
      server: "ns1.example.org",
      address: "2001:db8::1",
      lag: 0,
      failed: { why: "", noWay: true },
    });
    expect((await failure(waited(zone))).message).toContain("this host reaches none of its name servers");
  });
});

describe("what a killed run left", () => {
  const left = async (): Promise<TextZone> => {
    const zone = textZone();
    await createDns01({ dns: "fake" }, zone.deps).present(token, signal);
    zone.steps.length = 0;
    expect(zone.journal).toHaveLength(1);
    return zone;
  };

  const present = (deps: ChallengeDeps, letter: string) => {
    const challenge = createDns01({ dns: "fake" }, deps);
    const mine = { ...token, token: letter, keyAuthorization: letter };
    return { presented: challenge.present(mine, signal), cleanUp: () => challenge.cleanUp(mine) };
  };

  it("is taken away by the next run, once, before it publishes", async () => {
    const zone = await left();
    const deps = zone.again();
    const [one, two] = [present(deps, "a"), present(deps, "b")];
    await Promise.all([one.presented, two.presented]);
    expect(valuesAt(zone).toSorted()).toEqual([digestOf("a"), digestOf("b")].toSorted());
    expect(zone.steps.filter((step) => step.includes("taken away"))).toHaveLength(1);
    await Promise.all([one.cleanUp(), two.cleanUp()]);
    expect([valuesAt(zone), zone.journal]).toEqual([[], []]);
  });

  it("and what this one could not take away, goes with its next record", async () => {
    const zone = textZone();
    const first = present(zone.deps, "a");
    await first.presented;
    zone.trouble = new Failure("unavailable", "the provider is down");
    await expect(first.cleanUp()).rejects.toThrow("the provider is down");
    zone.trouble = undefined;
    const second = present(zone.deps, "b");
    await second.presented;
    expect(valuesAt(zone)).toEqual([digestOf("b")]);
    await second.cleanUp();
    expect(zone.journal).toEqual([]);
  });

  it.each([
    ["the provider is down", new Failure("unavailable", "the provider is down")],
    [
      "it refuses (REFUSED, a token that was revoked)",
      new Failure("config", "rfc2136: the key may not change it (REFUSED)"),
    ],
  ])("stays noted while %s, and goes when that is over", async (_what, trouble) => {
    const zone = await left();
    zone.trouble = trouble;
    await failure(present(zone.again(), "a").presented);
    expect(zone.steps).toContain(`${name}: what an earlier run published stays for now: ${trouble.message}`);
    expect(zone.journal).toHaveLength(2);
    zone.trouble = undefined;
    const after = present(zone.again(), "b");
    await after.presented;
    await after.cleanUp();
    expect([valuesAt(zone), zone.journal, zone.notes]).toEqual([[], [], []]);
  });

  it("that a provider said no to is noted all the same, and nobody is told that it was published", async () => {
    const zone = textZone();
    zone.trouble = new Failure("config", "BADSIG");
    const refused = present(zone.deps, "a");
    await failure(refused.presented);
    await expect(refused.cleanUp()).rejects.toThrow("BADSIG");
    expect(zone.journal).toHaveLength(1);
    zone.trouble = undefined;
    const next = present(zone.again(), "b");
    await next.presented;
    await next.cleanUp();
    expect(zone.steps.filter((step) => step.includes("an earlier run"))).toEqual([]);
    expect([valuesAt(zone), zone.journal, zone.notes]).toEqual([[], [], []]);
  });

  it("stays noted while the file of its settings cannot be used, and is a person's once that is gone", async () => {
    const zone = await left();
    const remains = createRemains("dns-01", zone.again());
    zone.noUpdater = new Failure("config", "others may read secrets/fake.yaml");
    await remains.sweep();
    expect([zone.journal.length, zone.notes]).toEqual([1, []]);
    zone.noUpdater = new Failure("config", "there is no such file", { facts: { code: "NO_UPDATER" } });
    await remains.sweep();
    expect(zone.journal).toEqual([]);
    expect(zone.notes).toEqual([expect.stringMatching(/take away the TXT record ".{43}".* through fake: there is no/)]);
  });

  it("is a person's after 30 days of refusals; one without a date, or from the future, has 30 days from now", async () => {
    const zone = await left();
    const [noted] = zone.journal;
    const { noted: _none, ...undated } = noted?.what ?? {};
    const ahead = { ...undated, value: "x", noted: "2030-01-01T00:00:00.000Z" };
    zone.journal.splice(0, 1, { type: "dns-01", what: undated }, { type: "dns-01", what: ahead });
    zone.trouble = new Failure("config", "refused");
    const remains = createRemains("dns-01", zone.again());
    const day = 86_400_000;
    await remains.sweep();
    expect(zone.journal.map(({ what }) => what["noted"])).toEqual(Array(2).fill("2026-11-20T12:00:00.000Z"));
    zone.clock.now += 30 * day;
    await remains.sweep();
    expect(zone.journal).toHaveLength(2);
    zone.clock.now += day;
    await remains.sweep();
    expect(zone.journal).toEqual([]);
    expect(zone.notes).toHaveLength(2);
    expect(zone.notes[0]).toContain("it could not be taken away for 31 days: refused");
  });
});
