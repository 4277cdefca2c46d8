// A program that could not be made to read the new files, where nobody can look what it serves: the next run tries again, and says so.
import { afterEach, beforeEach, expect, it } from "vitest";
import { Failure } from "../../src/domain/failure.ts";
import type { Server } from "../../src/servers/server.ts";
import { type RenewOptions, renew } from "../../src/usecases/renew.ts";
import type { World } from "../../src/usecases/world.ts";
import { type FakeWorld, certificate, fakeWorld } from "../fakes/world.ts";
import { timerRun } from "../fakes/renew-options.ts";

const options: RenewOptions = { ...timerRun, named: true };

let fake: FakeWorld;
let reloads: number;
let checks: number;
let refuses: boolean;
let world: World;
let bug: boolean;
beforeEach(() => {
  bug = false;
  fake = fakeWorld();
  [reloads, checks, refuses] = [0, 0, true];
  const blind: Server = {
    detect: async () => [{ server: "blind", id: "blind", version: "1.0", configDir: "/etc/blind", running: true }],
    listeners: async () => [],
    plan: async () => {
      if (bug) throw new RangeError("Invalid string length");
      return { changes: [], notes: [] };
    },
    apply: async () => undefined,
    revert: async () => "reverted",
    readBack: async () => [],
    check: async () => void (checks += 1),
    reload: async () => {
      reloads += 1;
      if (refuses) throw new Failure("unavailable", "it cannot reload");
    },
    snippet: () => "settings",
  };
  world = { ...fake.world, servers: async () => ({ blind, ...(await fake.world.servers()) }) };
});
afterEach(() => fake.dispose());

it("is tried by each run until it went well, and then no more", async () => {
  const one = certificate({ servers: ["blind"] });
  const run = async () => (await renew(world, [one], options)).outcome;
  expect([await run(), reloads]).toEqual(["fault", 1]);
  expect([await run(), reloads]).toEqual(["fault", 2]);
  refuses = false;
  expect([await run(), reloads]).toEqual(["done", 3]);
  expect([await run(), reloads]).toEqual(["done", 3]);
});

it("a bug in one server's adapter is told, and keeps no other server from being reloaded", async () => {
  refuses = false;
  const [other = ""] = Object.keys(await fake.world.servers());
  const one = certificate({ servers: ["blind", other] });
  bug = true;
  const { certificates, outcome } = await renew(world, [one], options);
  expect([outcome, reloads, fake.server.reloads]).toEqual(["fault", 0, 1]);
  expect(certificates[0]?.deployed?.findings.map(({ message }) => message).join("\n")).toContain(
    "Invalid string length",
  );
  bug = false;
  expect((await renew(world, [one], options)).outcome).toBe("done");
  expect(reloads).toBe(1);
});

it("where there is nothing to change, a server's own test is run once before the reload", async () => {
  refuses = false;
  await renew(world, [certificate({ servers: ["blind"] })], options);
  expect([checks, reloads]).toEqual([1, 1]);
});

it("a server that gives no handshake for a reason of its own is reloaded once for it, not each hour; one that was not reloaded is", async () => {
  refuses = false;
  const one = certificate({ servers: ["fake"] });
  const run = async () => {
    fake.clock.now = new Date(fake.clock.now.getTime() + 26 * 3600_000);
    return (await renew({ ...world, servers: fake.world.servers }, [one], { ...options, named: false, asked: true }))
      .outcome;
  };
  expect([await run(), fake.server.reloads]).toEqual(["done", 1]);
  // Its login processes die: nothing that a certificate or a setting would mend.
  Object.assign(fake.server, { breaks: true, served: undefined });
  expect([await run(), fake.server.reloads]).toEqual(["fault", 2]);
  expect([await run(), fake.server.reloads]).toEqual(["fault", 2]);
  expect([await run(), fake.server.reloads]).toEqual(["fault", 2]);
  const { lastError, deployments } = world.store.read(one.name) ?? {};
  expect(lastError?.hints?.[0]).toMatch(/^look at fake's log /);
  expect(deployments?.["fake"]?.unsettled).toBeUndefined();
  // Somebody broke its settings: once they are mended it has to read them.
  fake.server.complaint = "line 3 is no setting";
  expect([await run(), fake.server.reloads]).toEqual(["fault", 2]);
  expect(world.store.read(one.name)?.deployments["fake"]?.unsettled).toBe(true);
  Object.assign(fake.server, { complaint: undefined, breaks: false });
  expect([await run(), fake.server.reloads]).toEqual(["done", 3]);
});

it("a server that serves the certificate and was not made to read another setting is reloaded by the next run, too", async () => {
  const one = certificate({ servers: ["fake"] });
  refuses = false;
  const { server } = fake;
  const adapters = await fake.world.servers();
  const [real] = Object.values(adapters);
  if (!real) throw new Error("no server");
  const reload = async (installation: Parameters<Server["reload"]>[0]): Promise<void> => {
    await real.reload(installation);
    if (refuses) throw new Failure("unavailable", "it cannot reload");
  };
  const here = { ...world, servers: async () => ({ fake: { ...real, reload } }) };
  const run = async (forced = {}) => (await renew(here, [one], { ...options, ...forced })).outcome;
  expect([await run(), server.reloads]).toEqual(["done", 1]);
  // It came round, as far as its certificate tells; who may relay, nobody can ask it.
  refuses = true;
  server.setting = undefined;
  expect([await run({ force: true }), server.reloads]).toEqual(["fault", 2]);
  expect(here.store.read(one.name)?.deployments["fake"]?.unsettled).toBe(true);
  refuses = false;
  expect([await run(), server.reloads]).toEqual(["done", 3]);
  expect([await run(), server.reloads]).toEqual(["done", 3]);
});
