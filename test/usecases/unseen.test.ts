// A server that is not to be seen keeps what it was given, unless the configuration says whose it is.
import { afterEach, beforeEach, expect, it } from "vitest";
import { Failure } from "../../src/domain/failure.ts";
import { renew } from "../../src/usecases/renew.ts";
import { unseenOf } from "../../src/usecases/unseen.ts";
import { type FakeWorld, certificate, fakeWorld } from "../fakes/world.ts";

let fake: FakeWorld;
beforeEach(() => {
  fake = fakeWorld();
});
afterEach(() => fake.dispose());

const options = {
  force: false,
  newKey: false,
  replace: false,
  dryRun: false,
  named: false,
  asked: true,
  accept: async () => false,
};

it("is told, and nothing is taken back, where servers: auto found it", async () => {
  const one = certificate({ servers: "auto" });
  expect((await renew(fake.world, [one], options)).outcome).toBe("done");
  const changes = (await fake.world.store.events()).length;
  const servers = async () =>
    Object.fromEntries(
      Object.entries(await fake.world.servers()).map(([id, server]) => [id, { ...server, detect: async () => [] }]),
    );
  fake.clock.now = new Date(fake.clock.now.getTime() + 26 * 3600_000);
  const { certificates } = await renew({ ...fake.world, servers }, [one], options);
  const said = certificates
    .flatMap(({ deployed }) => deployed?.findings ?? [])
    .map(({ check, severity }) => [check, severity]);
  expect(said).toContainEqual(["deploy-left", "warning"]);
  expect((await fake.world.store.events()).slice(changes).filter(({ reverts }) => reverts)).toEqual([]);
});

it("one that is there and not for it, one that is not named, and copies are not of these", async () => {
  const one = certificate({ servers: "auto" });
  await renew(fake.world, [one], options);
  const state = fake.world.store.read(one.name);
  if (!state) throw new Error("no state");
  const ids = Object.keys(state.deployments);
  expect(ids.length).toBeGreaterThan(0);
  expect(await unseenOf(fake.world, one, state, ids)).toEqual([]);
  const failing = async () =>
    Object.fromEntries(
      Object.entries(await fake.world.servers()).map(([id, server]) => [
        id,
        { ...server, detect: () => Promise.reject(new Failure("config", "its version is not known")) },
      ]),
    );
  expect(await unseenOf({ ...fake.world, servers: failing }, one, state, ids)).toEqual(ids);
  expect(await unseenOf({ ...fake.world, servers: failing }, certificate({ servers: [] }), state, ids)).toEqual([]);
});
