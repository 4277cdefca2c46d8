// A program that could not be made to read the new files, where nobody can look what it serves: the next run tries again, and says so.
import { afterEach, beforeEach, expect, it } from "vitest";
import { Failure } from "../../src/domain/failure.ts";
import type { Server } from "../../src/servers/server.ts";
import { type RenewOptions, renew } from "../../src/usecases/renew.ts";
import type { World } from "../../src/usecases/world.ts";
import { type FakeWorld, certificate, fakeWorld } from "../fakes/world.ts";

const options: RenewOptions = {
  replace: false,
  accept: async () => false,
  force: false,
  newKey: false,
  named: true,
  dryRun: false,
};

let fake: FakeWorld;
let reloads: number;
let refuses: boolean;
let world: World;
beforeEach(() => {
  fake = fakeWorld();
  [reloads, refuses] = [0, true];
  const blind: Server = {
    detect: async () => [{ server: "blind", id: "blind", version: "1.0", configDir: "/etc/blind", running: true }],
    listeners: async () => [],
    plan: async () => ({ changes: [], notes: [] }),
    apply: async () => undefined,
    revert: async () => "reverted",
    readBack: async () => [],
    check: async () => undefined,
    reload: async () => {
      reloads += 1;
      if (refuses) throw new Failure("unavailable", "it cannot reload");
    },
    snippet: () => "settings",
  };
  world = { ...fake.world, servers: async () => ({ blind }) };
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
