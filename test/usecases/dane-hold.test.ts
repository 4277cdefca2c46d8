// What the guard for DANE remembers: silence does not let a new key through where secure records were seen, and a new record has to be there for two TTLs.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Dns, ServerTlsa } from "../../src/dns/dns.ts";
import { sha256Hex } from "../../src/domain/fingerprint.ts";
import { publicKeyOf } from "../../src/domain/key-match.ts";
import type { TlsaRecord } from "../../src/domain/tlsa.ts";
import { statusDocument, statusText } from "../../src/reports/status.ts";
import { deploy } from "../../src/usecases/deploy.ts";
import { issue } from "../../src/usecases/issue.ts";
import { type RenewOptions, renew } from "../../src/usecases/renew.ts";
import { setup } from "../../src/usecases/setup.ts";
import { status } from "../../src/usecases/status.ts";
import type { World } from "../../src/usecases/world.ts";
import { complaints } from "../docs/schemas.ts";
import { noDns } from "../fakes/dns.ts";
import { type FakeWorld, certificate, fakeWorld } from "../fakes/world.ts";
import { timerRun as options } from "../fakes/renew-options.ts";

const name = "mail.example.org";
const owner = `_25._tcp.${name}`;
const newKey = { ...options, force: true, newKey: true };

let fake: FakeWorld;
let world: World;
let records: readonly TlsaRecord[];
/** Other servers than the resolver's. */
let elsewhere: readonly ServerTlsa[];
let [ttl, down] = [3600, false];

const dns: Dns = {
  ...noDns,
  tlsa: async (_host, port) => {
    if (down) return { kind: "unknown", why: "no name server can be reached" };
    return port === 25 && records.length > 0 ? { kind: "found", owner, records, secure: true } : { kind: "none" };
  },
  mtaSts: async () => ({ kind: "none" }),
  tlsaEverywhere: async () => (down ? [] : [{ server: "ns1", records, ttl }, ...elsewhere]),
};

beforeEach(async () => {
  fake = fakeWorld();
  [records, elsewhere, ttl, down] = [[], [], 3600, false];
  world = { ...fake.world, dns: async () => dns };
  expect((await setup(world, certificate(), { ...options, issuerGiven: false })).deployed?.outcome).toBe("verified");
});
afterEach(() => fake.dispose());

const pin = (data: string): TlsaRecord => ({ usage: 3, selector: 1, matchingType: 1, data });
const liveKey = async (): Promise<string> => {
  const slot = (await world.store.readGeneration(name, world.store.liveNumber(name) ?? 0)).ecdsa;
  return sha256Hex(publicKeyOf(slot?.privateKey ?? ""));
};
const held = () => world.store.read(name)?.dane?.held;
const run = async (over: Partial<RenewOptions> = newKey) => {
  const result = await renew(world, [certificate()], { ...options, ...over });
  return { ...result, failure: result.certificates[0]?.failure };
};
const after = (seconds: number): void => {
  fake.clock.now = new Date(fake.clock.now.getTime() + seconds * 1000);
};
const publish = (): void => {
  records = [...records, ...(held()?.publish ?? []).map(({ record }) => record)];
};

describe("DNS that does not answer", () => {
  it("holds a new key where secure records were seen at the renewal before, until it answers", async () => {
    const old = await liveKey();
    records = [pin(old)];
    expect((await run({ force: true })).outcome).toBe("done");
    down = true;
    const { outcome, failure } = await run();
    expect(outcome).toBe("waiting");
    expect(failure?.kind).toBe("try-later");
    expect(failure?.message).toBe(
      `nobody could say whether the TLSA records at ${owner}, which were there on 2026-11-20 12:00 UTC, are for the key that would be served: no name server can be reached`,
    );
    expect(failure?.facts).toMatchObject({ code: "DANE", owner, retryAt: "2026-11-20T13:00:00.000Z" });
    expect(failure?.hints).toContain(`or stay with the present key: mailcert renew --force ${name}`);
    expect(await liveKey()).toBe(old);
    // The same key is renewed all the same, and what was seen is not forgotten for it.
    expect((await run({ force: true })).outcome).toBe("done");
    expect((await run()).failure?.kind).toBe("try-later");
    down = false;
    expect((await run()).failure?.kind).toBe("config");
    // Taken out of the zone: an answer, and nothing holds any more.
    records = [];
    expect((await run()).outcome).toBe("done");
    expect(await liveKey()).not.toBe(old);
    expect(world.store.read(name)).not.toHaveProperty("dane");
  });

  it("holds a key that waits for its record, and a staged generation with it; --replace goes on", async () => {
    records = [pin(await liveKey())];
    expect((await run()).failure?.kind).toBe("config");
    const line = held()?.publish;
    expect(line).toHaveLength(1);
    down = true;
    expect((await run()).failure?.kind).toBe("try-later");
    expect(held()?.publish).toEqual(line);
    await issue(world, certificate(), { newKey: true, replace: true });
    const [deployed] = (await run({ force: false })).certificates;
    expect(deployed).toMatchObject({ decision: { action: "deploy" }, failure: { kind: "try-later" } });
    expect((await deploy(world, certificate(), { ...options, replace: true })).outcome).toBe("verified");
    expect((await status(world, [])).certificates[0]).not.toHaveProperty("held");
  });

  it("lets a new key through where nothing was ever seen, and says so", async () => {
    down = true;
    const { outcome, certificates } = await run();
    expect(outcome).toBe("done");
    expect(certificates[0]?.deployed?.findings).toMatchObject([
      { check: "dane-unknown", severity: "warning", message: expect.stringContaining(owner) as string },
    ]);
  });
});

describe("a new key's record", () => {
  beforeEach(async () => {
    records = [pin(await liveKey())];
    await run();
    publish();
  });

  it("has to be at every server for two TTLs, the longest that was seen; status says until when", async () => {
    // Shortened together with the new record: the old set is remembered for as long as it said.
    ttl = 60;
    const { outcome, failure } = await run();
    expect([outcome, failure?.kind]).toEqual(["waiting", "try-later"]);
    expect(failure?.facts).toEqual({
      code: "DANE",
      since: "2026-11-20T12:00:00.000Z",
      ttl: 3600,
      retryAt: "2026-11-20T14:00:00.000Z",
    });
    const shown = await status(world, []);
    expect(complaints(statusDocument(shown))).toEqual([]);
    expect(shown.ok).toBe(true);
    expect(shown.certificates[0]?.held).toMatchObject({ until: "2026-11-20T14:00:00.000Z" });
    expect(statusText(shown, undefined, fake.clock.now)).toContain("served from 2026-11-20 14:00 UTC on");
    after(7199);
    expect((await run()).failure?.kind).toBe("try-later");
    after(1);
    expect((await run()).outcome).toBe("done");
    expect(records[1]?.data).toBe(await liveKey());
    expect((await status(world, [])).certificates[0]).not.toHaveProperty("held");
  });

  it("begins anew where a server lost it, and a clock that ran ahead does not stretch it", async () => {
    await run();
    after(3600);
    elsewhere = [{ server: "ns2", records: records.slice(0, 1), ttl: 3600 }];
    expect((await run()).failure?.message).toContain("the name server ns2 still has TLSA records");
    elsewhere = [];
    after(3600);
    expect((await run()).failure?.facts?.["since"]).toBe("2026-11-20T14:00:00.000Z");
    after(-3600);
    expect((await run()).failure?.facts?.["since"]).toBe("2026-11-20T13:00:00.000Z");
  });

  it("keeps its time while DNS is silent", async () => {
    await run();
    down = true;
    after(3600);
    expect((await run()).failure?.message).toContain("nobody could say");
    down = false;
    after(3600);
    expect((await run()).outcome).toBe("done");
  });

  it("is not waited for with --replace", async () => {
    await run();
    expect((await issue(world, certificate(), { newKey: true, replace: true })).generation.number).toBe(2);
  });
});
