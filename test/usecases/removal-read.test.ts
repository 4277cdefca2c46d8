// What is taken out is out when the server has read it: a refused reload, a run that was killed and a server that nobody can look at are made good by the next.
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { Failure } from "../../src/domain/failure.ts";
import type { Change, Server } from "../../src/servers/server.ts";
import { changesInForce } from "../../src/usecases/changes-in-force.ts";
import { installSettings } from "../../src/usecases/install-settings.ts";
import { deploy } from "../../src/usecases/deploy.ts";
import { finishRemovals } from "../../src/usecases/finish-removals.ts";
import { issue } from "../../src/usecases/issue.ts";
import { remove } from "../../src/usecases/remove.ts";
import type { World } from "../../src/usecases/world.ts";
import { status } from "../../src/usecases/status.ts";
import { type SniServer, sniServer } from "../fakes/sni-server.ts";
import { type FakeWorld, certificate, fakeWorld } from "../fakes/world.ts";

const [first, second] = ["mail.example.org", "mx.example.org"] as const;

let fake: FakeWorld;
let server: SniServer;
/** Settings of services, by service and parameter. */
let services: Map<string, string>;
let refuses: boolean;
let blind: boolean;
let adapter: Server;
let world: World;
/** What the plan has beside what the fake plans. */
let wished: readonly (Extract<Change, { kind: "service-parameter" }> & { readonly certificate: string })[];

const chainOf = (name: string) =>
  ({
    kind: "service-parameter",
    service: "smtp/inet",
    parameter: "chain",
    before: undefined,
    after: `/live/${name}`,
    certificate: name,
  }) as const;

beforeEach(async () => {
  fake = fakeWorld();
  server = sniServer();
  [services, refuses, blind, wished] = [new Map(), false, false, []];
  const keyOf = (change: Extract<Change, { kind: "service-parameter" }>): string =>
    `${change.service} ${change.parameter}`;
  const put = (key: string, value: string | undefined): unknown =>
    value === undefined ? services.delete(key) : services.set(key, value);
  const usual = server.adapter;
  adapter = {
    ...usual,
    detect: async () => {
      if (blind) throw new Failure("config", "its configuration cannot be read");
      return usual.detect();
    },
    plan: async (...args) => {
      const plan = await usual.plan(...args);
      const missing = wished.filter((one) => services.get(keyOf(one)) !== one.after);
      return { ...plan, changes: [...plan.changes, ...missing], ofServices: wished };
    },
    apply: async (installation, change) =>
      change.kind === "service-parameter" ? void put(keyOf(change), change.after) : usual.apply(installation, change),
    revert: async (installation, change) => {
      if (change.kind !== "service-parameter") return usual.revert(installation, change);
      const now = services.get(keyOf(change));
      if (now !== change.before && now !== change.after) return "not-ours";
      put(keyOf(change), change.before);
      return "reverted";
    },
    reload: async (installation) => {
      await usual.reload(installation);
      if (refuses) throw new Failure("unavailable", "it does not answer");
    },
  };
  world = { ...server.in(fake.world), servers: async () => ({ fake: adapter }) };
  for (const name of [first, second]) {
    await issue(world, certificate({ name, names: [name] }));
    symlinkSync("generations/0001", join(world.store.dir, "certificates", name, "live"));
    const state = world.store.read(name);
    if (!state) throw new Error("no state");
    const deployment = { server: "fake", generation: 1, at: "2026-11-20T12:00:00.000Z", entries: [] };
    const how = name === first ? {} : { byName: true as const };
    await world.store.write({ ...state, stage: "verified", deployments: { fake: { ...deployment, ...how } } });
  }
});
afterEach(() => fake.dispose());

/** Both are served by the one server. */
const serve = async (): Promise<void> => {
  const path = (name: string) => join(world.store.dir, "certificates", name, "live/ecdsa/fullchain.pem");
  const slots = (name: string) => ({ ecdsa: { fullchain: path(name) } }) as never;
  const served = (name: string) => ({ name, names: [name], slots: slots(name) });
  const [installation] = await adapter.detect();
  if (!installation) throw new Error("no installation");
  const one = { server: adapter, installation, listeners: [] };
  const options = { accept: async () => false };
  const { usable } = await installSettings(world, one, { main: served(first), bySni: [served(second)] }, options);
  expect(usable).toBe(true);
  await adapter.reload(installation);
};
const record = async (change: Change, certificate: string): Promise<void> => {
  await adapter.apply((await adapter.detect())[0] as never, change);
  await world.store.record({
    at: "2026-11-20T12:00:00.000Z",
    run: "r",
    command: "c",
    certificate,
    what: "x",
    change: { server: "fake", installation: "fake", change },
  });
};
const reverts = async (kind: Change["kind"]): Promise<number> =>
  (await world.store.events()).filter((event) => event.reverts && event.change?.change.kind === kind).length;
const takeOut = async () => (await remove(world, [second], { dryRun: false }))[0];

it("a service's certificate: told once, and not written down as taken back before the server has read it", async () => {
  await serve();
  await record(chainOf(second), second);
  refuses = true;
  const out = await takeOut();
  expect(out?.reverted.filter((what) => what.includes("smtp/inet"))).toHaveLength(1);
  expect(out?.findings.map(({ message }) => message).join()).toContain("was not reloaded");
  expect([services.size, await reverts("service-parameter")]).toEqual([0, 0]);
  refuses = false;
  const again = await takeOut();
  expect([again?.reloaded, again?.findings, await reverts("service-parameter")]).toEqual([["fake"], [], 1]);
  expect(changesInForce(await world.store.events()).some(({ certificate }) => certificate === second)).toBe(false);
  const done = await takeOut();
  expect([done?.reverted, done?.reloaded]).toEqual([[], []]);
});

it("a certificate that was served by its name alone: the server that refused is made to read it by the next removal", async () => {
  await serve();
  expect([...server.served.keys()]).toEqual(["", second]);
  const { adapter: usual } = server;
  let refused = 0;
  adapter = { ...adapter, reload: async () => Promise.reject(new Failure("unavailable", `no ${(refused += 1)}`)) };
  expect((await takeOut())?.findings.map(({ message }) => message)).toEqual(["fake was not reloaded: no 1"]);
  expect(world.store.read(second)?.unread).toEqual(["fake"]);
  const told = async () => (await status(world, [second])).certificates[0]?.findings?.map(({ check }) => check);
  expect(await told()).toEqual(["deploy-unread"]);
  adapter = { ...adapter, reload: (installation) => usual.reload(installation) };
  expect(await takeOut()).toMatchObject({ reloaded: ["fake"], findings: [] });
  expect([...server.served.keys()]).toEqual([""]);
  expect(world.store.read(second)?.unread).toBeUndefined();
  expect(await told()).toBeUndefined();
  expect((await takeOut())?.reloaded).toEqual([]);
});

it("a server that cannot be looked at is named, and the next removal does it", async () => {
  await serve();
  blind = true;
  const [finding] = (await takeOut())?.findings ?? [];
  expect(finding).toMatchObject({ severity: "fault", check: "deploy-config" });
  expect(finding?.message).toBe("fake was not changed: its configuration cannot be read");
  blind = false;
  expect(await takeOut()).toMatchObject({ reloaded: ["fake"], findings: [] });
  expect([...server.served.keys()]).toEqual([""]);
});

it("a service's former setting is put back together with the rest, where the server's own test fails", async () => {
  await record(chainOf(second), second);
  wished = [{ ...chainOf(first), service: "submission/inet" }];
  const [installation] = await adapter.detect();
  if (!installation) throw new Error("no installation");
  const tested: Server = {
    ...adapter,
    check: async () => {
      if (services.has("submission/inet chain")) throw new Failure("config", "it will not have that");
    },
  };
  const one = { server: tested, installation, listeners: [] };
  const path = join(world.store.dir, "certificates", first, "live/ecdsa/fullchain.pem");
  const main = { name: first, names: [first], slots: { ecdsa: { fullchain: path } } as never };
  const settings = await installSettings(world, one, { main, bySni: [] }, { accept: async () => false });
  expect([settings.usable, settings.changes]).toEqual([false, []]);
  expect([...services]).toEqual([["smtp/inet chain", `/live/${second}`]]);
  const open = changesInForce(await world.store.events());
  expect(open.map(({ certificate, change }) => [certificate, change?.change.kind])).toEqual([
    [second, "service-parameter"],
  ]);
});

const withGroup = async (): Promise<void> => {
  await serve();
  await record(chainOf(second), second);
  const state = world.store.read(second);
  if (!state) throw new Error("no state");
  await world.store.write({ ...state, keyGroup: "mail" });
  world = { ...world, store: { ...world.store, letRead: async () => true } };
};

it("a setting that stays keeps the group that reads the key, whoever makes the server read the removal", async () => {
  await withGroup();
  // Somebody changed that line: it still names the key.
  services.set("smtp/inet chain", `/live/${second},/etc/more.pem`);
  refuses = true;
  expect((await takeOut())?.kept).toHaveLength(1);
  expect(world.store.read(second)).toMatchObject({ keyGroup: "mail", unread: ["fake"] });
  refuses = false;
  await finishRemovals(world, ["fake"]);
  expect([...services.keys()]).toEqual(["smtp/inet chain"]);
  expect(world.store.read(second)?.unread).toBeUndefined();
  expect(world.store.read(second)?.keyGroup).toBe("mail");
});

it.each([
  ["a pasted one, too", "mail"],
  ["where nothing is left, it goes", undefined],
])("%s", async (_what, group) => {
  await withGroup();
  refuses = true;
  await takeOut();
  refuses = false;
  const value = `${join(world.store.dir, "certificates", second)}/live/ecdsa/combined.pem`;
  if (group !== undefined)
    adapter = { ...adapter, naming: async () => [{ value, setting: `ssl_cert = ${value}`, mend: "take it out" }] };
  expect(await finishRemovals(world, ["fake"])).toEqual([]);
  expect(world.store.read(second)).toMatchObject({ parked: true });
  expect(world.store.read(second)?.keyGroup).toBe(group);
});

it("what an earlier removal still waits for is told by the run that had the server read its settings, and is not its fault", async () => {
  await withGroup();
  refuses = true;
  await takeOut();
  refuses = false;
  const usual = adapter;
  let refreshed = 0;
  const refresh = async () => {
    if ((refreshed += 1) > 1) throw new Failure("unavailable", "its map is held");
    return [];
  };
  adapter = { ...usual, refresh };
  const state = world.store.read(first);
  if (state) await world.store.write({ ...state, stage: "switched" });
  const mine = certificate({ name: first, names: [first] });
  const { outcome, findings } = await deploy(world, mine, { replace: true, accept: async () => false });
  expect(outcome).toBe("verified");
  expect(findings).toMatchObject([{ severity: "warning", check: "deploy-config" }]);
  expect(findings[0]?.message).toBe(`the removal of ${second}: fake may still have copies of keys: its map is held`);
  expect(world.store.read(second)).toMatchObject({ keyGroup: "mail", unread: ["fake"] });
});
