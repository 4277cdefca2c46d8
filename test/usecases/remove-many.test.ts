// Taking one of many out: what is read does not grow with the square of their number.
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { Server } from "../../src/servers/server.ts";
import { issue } from "../../src/usecases/issue.ts";
import { remove } from "../../src/usecases/remove.ts";
import { certificate, fakeWorld } from "../fakes/world.ts";

it("one of sixty, each with copies of its own: no state is read sixty times", async () => {
  const many = 60;
  const fake = fakeWorld();
  const { fake: usual } = await fake.world.servers();
  if (!usual) throw new Error("no server");
  const reverted: string[] = [];
  const files: Server = {
    ...usual,
    detect: async () => [],
    plan: async () => ({ changes: [], notes: [] }),
    recall: (id) => ({ server: "files", id, version: "", configDir: "/", running: false }),
    revert: async ({ id }) => {
      reverted.push(id);
      return "reverted";
    },
  };
  const name = (index: number): string => `h${index}.example.org`;
  await issue(fake.world, certificate({ name: name(0), names: [name(0)] }));
  const state = fake.world.store.read(name(0));
  if (!state) throw new Error("no state");
  for (let index = 0; index < many; index += 1) {
    const installation = `files/${name(index)}/app`;
    const deployment = { server: "files", generation: 1, at: "2026-11-20T12:00:00.000Z", entries: [] };
    await fake.world.store.write({
      ...state,
      name: name(index),
      stage: "verified",
      deployments: { [installation]: deployment },
    });
    symlinkSync("generations/0001", join(fake.world.store.dir, "certificates", name(index), "live"));
    const copied = { path: `/srv/${index}.pem`, from: "/live/ecdsa/combined.pem", mode: 0o600, uid: 0, gid: 0 };
    await fake.world.store.record({
      at: "2026-11-20T12:00:00.000Z",
      run: "r",
      command: "c",
      certificate: name(index),
      what: "x",
      change: { server: "files", installation, change: { kind: "copies", files: [copied] } },
    });
  }
  let reads = 0;
  const store = {
    ...fake.world.store,
    read: (one: string) => {
      reads += 1;
      return fake.world.store.read(one);
    },
  };
  await remove({ ...fake.world, store, servers: async () => ({ files }) }, [name(0)], { dryRun: false });
  expect(reverted).toEqual([`files/${name(0)}/app`]);
  expect(reads).toBeLessThan(2 * many);
  fake.dispose();
});
