// What a removal could not take out is out of nobody's mind: it is told with a command about this certificate alone, and status does not say that its files may go.
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { Failure } from "../../src/domain/failure.ts";
import { removalText } from "../../src/reports/removal.ts";
import { statusText } from "../../src/reports/status.ts";
import { revertUnlessRead } from "../../src/servers/edits.ts";
import type { Server } from "../../src/servers/server.ts";
import type { CertificateState } from "../../src/store/store.ts";
import { deploy } from "../../src/usecases/deploy.ts";
import { installSettings } from "../../src/usecases/install-settings.ts";
import { issue } from "../../src/usecases/issue.ts";
import { remove } from "../../src/usecases/remove.ts";
import { status } from "../../src/usecases/status.ts";
import type { World } from "../../src/usecases/world.ts";
import { type SniServer, sniServer } from "../fakes/sni-server.ts";
import { type FakeWorld, certificate, fakeWorld } from "../fakes/world.ts";

const [first, second] = ["mail.example.org", "mx.example.org"] as const;

let fake: FakeWorld;
let server: SniServer;
let adapter: Server;
let world: World;

beforeEach(async () => {
  fake = fakeWorld();
  server = sniServer();
  adapter = server.adapter;
  // The configuration names none of them any more.
  const config = { ...fake.world.config, read: async () => undefined };
  world = { ...server.in(fake.world), config, servers: async () => ({ fake: adapter }) };
  for (const name of [first, second]) {
    await issue(world, certificate({ name, names: [name] }));
    symlinkSync("generations/0001", join(world.store.dir, "certificates", name, "live"));
  }
});
afterEach(() => fake.dispose());

const folderOf = (name: string): string => join(world.store.dir, "certificates", name);

/** Both are served by the one server. */
const serve = async (): Promise<void> => {
  for (const name of [first, second]) {
    const state = world.store.read(name);
    if (!state) throw new Error("no state");
    const deployment = { server: "fake", generation: 1, at: "2026-11-20T12:00:00.000Z", entries: [] };
    const how = name === first ? {} : { byName: true as const };
    await world.store.write({ ...state, stage: "verified", deployments: { fake: { ...deployment, ...how } } });
  }
  const served = (name: string) => {
    const slots = { ecdsa: { fullchain: join(folderOf(name), "live/ecdsa/fullchain.pem") } } as never;
    return { name, names: [name], slots };
  };
  const [installation] = await adapter.detect();
  if (!installation) throw new Error("no installation");
  const one = { server: adapter, installation, listeners: [] };
  const options = { accept: async () => false };
  const serving = { main: served(first), bySni: [served(second)] };
  expect((await installSettings(world, one, serving, options)).usable).toBe(true);
  await adapter.reload(installation);
};
const failing = (failure: Failure): Server => ({ ...server.adapter, revert: async () => Promise.reject(failure) });
const told = async (name: string) => {
  const result = await status(world, [name]);
  return { ok: result.ok, text: statusText(result, undefined, new Date("2026-11-21T00:00:00Z")) };
};
const takeOut = (...names: readonly string[]) => remove(world, names, { dryRun: false });

it("what somebody's own words still name: the command of the hint is about this certificate alone", async () => {
  const change = { kind: "file", path: "/dev/null", content: "", before: undefined, mode: 0o666 } as const;
  const failure = await revertUnlessRead(change, "It", async () => "a line", { mend: "take it out there" }).catch(
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(Failure);
  await serve();
  adapter = failing(failure as Failure);
  const [out] = await takeOut(first, second);
  expect(out?.findings[0]?.hint).toBe(`take it out there; then run: mailcert deploy --remove ${first}`);
});

it("what could not be taken out is still open for status and for the next removal", async () => {
  await serve();
  adapter = failing(new Failure("config", "EROFS: cannot write the file", { facts: { code: "EROFS" } }));
  await takeOut(first, second);
  expect(world.store.read(first)?.unread).toEqual(["fake"]);
  expect(server.served.size).toBe(2);
  const { ok, text } = await told(first);
  expect(ok).toBe(false);
  expect(text).toContain(`to take it out of the servers: mailcert deploy --remove ${first}`);
  expect(text).toContain(`to forget it after that: rm -r ${folderOf(first)}`);
  adapter = server.adapter;
  await takeOut(first, second);
  expect([server.served.size, world.store.read(first)?.unread]).toEqual([0, undefined]);
  expect(await told(first)).toMatchObject({ ok: true, text: expect.stringContaining("to forget it: rm -r") });
});

it("an open change of the log is in use, whatever the state says", async () => {
  await serve();
  adapter = failing(new Failure("config", "somebody's words name it"));
  await takeOut(first, second);
  const { unread: _lost, ...state } = world.store.read(first) ?? { name: first };
  await world.store.write(state as never);
  const { ok, text } = await told(first);
  expect([ok, text]).toEqual([false, expect.stringContaining(`fake still has settings of mailcert's for ${first}: `)]);
  expect(text).not.toContain("to forget it: rm -r");
});

it("settings that stand for those who stay are nobody's open ones", async () => {
  await serve();
  await takeOut(first);
  expect((await told(first)).text).toContain(`to forget it: rm -r ${folderOf(first)}`);
});

it("pasted settings that name the files: status does not say that they may go, and says what names them", async () => {
  const value = `${folderOf(first)}/live/ecdsa/combined.pem`;
  adapter = { ...adapter, naming: async () => [{ value, setting: `ssl_cert = ${value}`, mend: "take it out" }] };
  const before = await told(first);
  expect(before.ok).toBe(true);
  await takeOut(first);
  for (const { ok, text } of [before, await told(first)]) {
    expect(text).toContain(`fake still names files of ${first}: ssl_cert = ${value}`);
    expect(text).toContain(`to forget it once no server names it any more: rm -r ${folderOf(first)}`);
    expect(text).not.toContain("to take it out of the servers");
    expect(ok).toBe(text === before.text);
  }
  expect(removalText(await takeOut(first))).toContain("to forget it once no server reads it any more: rm -r");
});

it("a deployment to other servers does not forget that one has not read the removal: it is made to", async () => {
  await serve();
  const refusing = { ...server.adapter, reload: async () => Promise.reject(new Failure("unavailable", "no")) };
  adapter = refusing;
  await takeOut(second);
  const elsewhere = certificate({ name: second, names: [second], servers: [] });
  const options = { replace: true, accept: async () => false };
  const out = await deploy(world, elsewhere, options);
  expect(out.findings.map(({ message }) => message)).toContain("fake was not reloaded: no");
  expect(world.store.read(second)).toMatchObject({ unread: ["fake"] });
  expect(world.store.read(second)?.parked).toBeUndefined();
  const [finding] = (await status(world, [second])).certificates[0]?.findings ?? [];
  expect(finding).toMatchObject({ check: "deploy-unread", hint: `mailcert deploy ${second}` });
  expect([...server.served.keys()]).toEqual(["", second]);
  adapter = server.adapter;
  expect((await deploy(world, elsewhere, options)).findings.filter(({ severity }) => severity === "fault")).toEqual([]);
  expect([[...server.served.keys()], world.store.read(second)?.unread]).toEqual([[""], undefined]);
});

it("whoever has the server read its settings next makes it read an earlier removal: another removal", async () => {
  await serve();
  adapter = { ...server.adapter, reload: async () => Promise.reject(new Failure("unavailable", "no")) };
  await takeOut(second);
  expect(world.store.read(second)?.unread).toEqual(["fake"]);
  adapter = server.adapter;
  await takeOut(first);
  expect(world.store.read(second)?.unread).toBeUndefined();
  expect((await status(world, [])).ok).toBe(true);
});

it("and a deployment of another one; what is still in its way stays open", async () => {
  await serve();
  const reload = async () => Promise.reject(new Failure("unavailable", "no"));
  adapter = { ...failing(new Failure("config", "somebody's words name it")), reload };
  await takeOut(second);
  const other = certificate({ name: first, names: [first] });
  const again = () => deploy(world, other, { replace: true, accept: async () => false });
  world = { ...world, config: { ...fake.world.config, read: async () => ({ certificates: [other] }) } };
  for (const [present, unread] of [
    [{ ...server.adapter, reload }, ["fake"]],
    [server.adapter, undefined],
  ] as const) {
    adapter = present;
    // Else it is proven as it is, and nothing is reloaded.
    await world.store.write({ ...(world.store.read(first) as CertificateState), stage: "switched" });
    await again();
    expect(world.store.read(second)?.unread).toEqual(unread);
  }
  expect([...server.served.keys()]).toEqual([""]);
});
