// The updaters for DNS providers with an HTTP API, each against a server on loopback that behaves like the real one.
import { afterEach, describe, expect, it } from "vitest";
import { createCloudflare } from "../../src/dns/updaters/cloudflare.ts";
import { createDesec } from "../../src/dns/updaters/desec.ts";
import { createHetzner } from "../../src/dns/updaters/hetzner.ts";
import { updaters } from "../../src/dns/updaters/index.ts";
import { createPowerdns } from "../../src/dns/updaters/powerdns.ts";
import type { DnsUpdater, UpdaterFactory, UpdaterSettings } from "../../src/dns/updaters/updater.ts";
import { apiDeps, apiUpdaterContract, failureOf, signal, usualRecord } from "../contract/api-updater.ts";
import { updaterContract } from "../contract/updater.ts";
import { startCloudflare, zoneId } from "../fakes/dns-apis/cloudflare.ts";
import { startDesec } from "../fakes/dns-apis/desec.ts";
import { startHetzner } from "../fakes/dns-apis/hetzner.ts";
import { startPowerdns } from "../fakes/dns-apis/powerdns.ts";
import type { FakeProvider } from "../fakes/dns-apis/server.ts";

const token = "T0kenThatNobodyMaySee";
const { name, value, zone } = usualRecord;
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

const started = async <Fake extends FakeProvider>(start: Promise<Fake>): Promise<Fake> => {
  const fake = await start;
  stops.push(fake.api.stop);
  return fake;
};
const open = (
  create: UpdaterFactory,
  { api }: FakeProvider,
  settings: UpdaterSettings,
  waits: number[] = [],
): DnsUpdater => create({ url: api.url, ...settings }, apiDeps(waits));

interface Provider {
  readonly create: UpdaterFactory;
  readonly key: string;
  readonly start: () => Promise<FakeProvider>;
}

const all: Readonly<Record<"cloudflare" | "desec" | "hetzner" | "powerdns", Provider>> = {
  cloudflare: { create: createCloudflare, key: "api_token", start: () => startCloudflare(token) },
  desec: { create: createDesec, key: "token", start: () => startDesec(token) },
  hetzner: { create: createHetzner, key: "api_token", start: () => startHetzner(token) },
  powerdns: { create: createPowerdns, key: "api_key", start: () => startPowerdns(token) },
};

for (const [title, { create, key, start }] of Object.entries(all)) {
  updaterContract(title, async () => {
    const fake = await start();
    return {
      updater: create({ [key]: token, url: fake.api.url }, apiDeps()),
      values: async (at) => fake.values(at),
      close: fake.api.stop,
    };
  });
  apiUpdaterContract(title, { create, settings: { [key]: token }, secrets: [key], start });

  describe(title, () => {
    it("is what the registry loads", async () => {
      expect(await updaters[title as keyof typeof all].load()).toBe(create);
    });

    it("a zone that is not there is named, and nothing is changed", async () => {
      const fake = await started(start());
      const elsewhere = { name: "_acme-challenge.example.net", value, zone: "example.net" };
      const failure = await failureOf(() => open(create, fake, { [key]: token }).add(elsewhere, signal));
      expect(failure.kind).toBe("config");
      expect(failure.message).toContain("zone example.net");
      const outside = await failureOf(() =>
        open(create, fake, { [key]: token }).add({ ...usualRecord, zone: "example.net" }, signal),
      );
      expect(outside.message).toContain(`${name} is not in the zone example.net`);
    });

    it("the zone's own name, and a value with quotes and backslashes in it", async () => {
      const fake = await started(start());
      const updater = open(create, fake, { [key]: token });
      const record = { name: zone, value: String.raw`a "b" \c; d`, zone };
      await updater.add(record, signal);
      await updater.add(record, signal);
      expect(fake.values(zone).map((one) => one.replaceAll("\\", ""))).toEqual(['a "b" c; d']);
      await updater.remove(record, signal);
      expect(fake.values(zone)).toEqual([]);
    });

    it("ttl must be seconds", async () => {
      const fake = await started(start());
      for (const ttl of ["soon", "0", "-1", "90000", "1e3"])
        expect((await failureOf(() => open(create, fake, { [key]: token, ttl }))).message).toContain("ttl must be");
    });
  });
}

describe("cloudflare", () => {
  const settings = { api_token: token };

  it("leaves records of other names and types alone, and knows its value without quotes too", async () => {
    const fake = await started(startCloudflare(token));
    fake.put({ type: "CNAME", name, content: value });
    fake.put({ type: "TXT", name: `x.${name}`, content: value });
    fake.put({ type: "TXT", name, content: value });
    const updater = open(createCloudflare, fake, settings);
    await updater.add(usualRecord, signal);
    expect(fake.records.size).toBe(3);
    await updater.remove(usualRecord, signal);
    expect([...fake.records.values()].map((one) => [one.type, one.name])).toEqual([
      ["CNAME", name],
      ["TXT", `x.${name}`],
    ]);
  });

  it("a record that came into being meanwhile is no failure", async () => {
    const fake = await started(startCloudflare(token));
    fake.api.instead = ({ method }) => {
      if (method === "POST" && fake.records.size === 0) fake.put({ type: "TXT", name, content: `"${value}"` });
      return undefined;
    };
    await open(createCloudflare, fake, settings).add(usualRecord, signal);
    expect(fake.values(name)).toEqual([value]);
  });

  it("zone_id stands in for the right to list zones", async () => {
    const fake = await started(startCloudflare(token, false));
    const failure = await failureOf(() => open(createCloudflare, fake, settings).add(usualRecord, signal));
    expect(failure.message).toContain("the token sees no zone example.org");
    expect(failure.hints.join()).toContain("zone_id");
    await open(createCloudflare, fake, { ...settings, zone_id: zoneId, ttl: "120" }).add(usualRecord, signal);
    expect([...fake.records.values()]).toMatchObject([{ name, content: `"${value}"`, ttl: 120 }]);
    expect((await failureOf(() => open(createCloudflare, fake, { ...settings, zone_id: "../x" }))).message).toContain(
      "zone_id",
    );
  });

  it("a token that is none, and a TTL that is refused, in Cloudflare's words", async () => {
    const fake = await started(startCloudflare(token));
    const none = await failureOf(() => open(createCloudflare, fake, { api_token: "a-b" }).add(usualRecord, signal));
    expect(none).toMatchObject({ kind: "config" });
    expect(none.message).toContain("api_token is no API token: Invalid request headers (6003)");
    const short = await failureOf(() =>
      open(createCloudflare, fake, { ...settings, ttl: "5" }).add(usualRecord, signal),
    );
    expect(short).toMatchObject({ kind: "unavailable" });
    expect(short.message).toContain("Invalid TTL (9021)");
  });
});

describe("desec", () => {
  it("a set that is there keeps its TTL; one that is made gets ours; one that is too short is refused in deSEC's words", async () => {
    const fake = await started(startDesec(token));
    fake.sets.set("_acme-challenge.mail", {
      subname: "_acme-challenge.mail",
      type: "TXT",
      ttl: 7200,
      records: ['"other"'],
    });
    await open(createDesec, fake, { token }).add(usualRecord, signal);
    expect(fake.sets.get("_acme-challenge.mail")).toMatchObject({ ttl: 7200, records: ['"other"', `"${value}"`] });
    const apart = { ...usualRecord, name: "_acme-challenge.imap.example.org" };
    await open(createDesec, fake, { token }).add(apart, signal);
    expect(fake.sets.get("_acme-challenge.imap")).toMatchObject({ ttl: 3600 });
    const failure = await failureOf(() =>
      open(createDesec, fake, { token, ttl: "60" }).add(
        { ...usualRecord, name: "_acme-challenge.pop.example.org" },
        signal,
      ),
    );
    expect(failure.message).toContain("greater than or equal to 3600");
    expect(failure.hints.join()).toContain("set ttl");
  });
});

describe("hetzner", () => {
  it("waits for the action, with a look every half second; one that fails is told", async () => {
    const fake = await started(startHetzner(token));
    const waits: number[] = [];
    const updater = open(createHetzner, fake, { api_token: token }, waits);
    await updater.add(usualRecord, signal);
    expect(waits).toEqual([500, 500]);
    expect(fake.sets.get("_acme-challenge.mail")).toEqual({ ttl: 60, records: [{ value: `"${value}"` }] });
    fake.outcome = { status: "error", message: "the zone is broken\u001b[31m" };
    const failure = await failureOf(() => updater.remove(usualRecord, signal));
    expect(failure.message).toBe("hetzner: the change failed: the zone is broken [31m");
    fake.api.instead = ({ path }) =>
      path.startsWith("/actions/") ? { status: 200, body: { action: { id: 3, status: "running" } } } : undefined;
    expect((await failureOf(() => updater.remove(usualRecord, signal))).message).toContain(
      "still under way after 30 s",
    );
  });

  it("a set with another TTL takes the value and keeps its comments; somebody else's change is waited for by the next run", async () => {
    const fake = await started(startHetzner(token));
    fake.sets.set("_acme-challenge.mail", { ttl: 7200, records: [{ value: '"other"', comment: "mine" }] });
    const updater = open(createHetzner, fake, { api_token: token });
    await updater.add(usualRecord, signal);
    expect(fake.sets.get("_acme-challenge.mail")).toEqual({
      ttl: 7200,
      records: [{ value: '"other"', comment: "mine" }, { value: `"${value}"` }],
    });
    fake.api.instead = ({ method }) =>
      method === "POST"
        ? { status: 423, body: { error: { code: "locked", message: "an action is running" } } }
        : undefined;
    const failure = await failureOf(() => updater.remove(usualRecord, signal));
    expect(failure).toMatchObject({ kind: "try-later", facts: { retryAt: "2026-11-20T12:01:00.000Z" } });
    expect(failure.message).toContain("another change of example.org is under way: an action is running (locked)");
  });
});

describe("powerdns", () => {
  it("keeps TTL, comments and records that are switched off; switches its own value on; works with servers that send the whole zone", async () => {
    const fake = await started(startPowerdns(token, false));
    const comments = [{ content: "ours", account: "admin" }];
    const off = { content: '"off"', disabled: true };
    fake.sets.set("example.org.", {
      name: "example.org.",
      type: "TXT",
      ttl: 9,
      records: [{ content: '"spf"', disabled: false }],
      comments,
    });
    fake.sets.set(`${name}.`, {
      name: `${name}.`,
      type: "TXT",
      ttl: 5,
      records: [off, { content: `"${value}"`, disabled: true }],
      comments,
    });
    const updater = open(createPowerdns, fake, { api_key: token });
    await updater.add(usualRecord, signal);
    expect(fake.sets.get(`${name}.`)).toEqual({
      name: `${name}.`,
      type: "TXT",
      ttl: 5,
      records: [off, { content: `"${value}"`, disabled: false }],
      comments,
    });
    await updater.remove(usualRecord, signal);
    expect(fake.sets.get(`${name}.`)).toMatchObject({ records: [off] });
    expect(fake.values("example.org")).toEqual(["spf"]);
  });

  it("another server_id; a path in it is refused", async () => {
    const fake = await started(startPowerdns(token));
    const failure = await failureOf(() =>
      open(createPowerdns, fake, { api_key: token, server_id: "ns1" }).add(usualRecord, signal),
    );
    expect(failure.message).toContain("the server has no zone example.org");
    expect(fake.api.asked[0]?.path).toBe("/api/v1/servers/ns1/zones/example.org.");
    expect((await failureOf(() => open(createPowerdns, fake, { api_key: token, server_id: "a/b" }))).message).toContain(
      "server_id",
    );
    expect((await failureOf(() => createPowerdns({ api_key: token }, apiDeps()))).message).toContain("url is missing");
  });
});
