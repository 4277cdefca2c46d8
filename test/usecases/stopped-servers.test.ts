// Servers that had certificates of ours and do not run: told; one that cannot be found is not; a bug of an adapter is one.
import { afterEach, beforeEach, expect, it } from "vitest";
import { Failure } from "../../src/domain/failure.ts";
import type { Server } from "../../src/servers/server.ts";
import type { CertificateState } from "../../src/store/store.ts";
import { deploy } from "../../src/usecases/deploy.ts";
import { issue } from "../../src/usecases/issue.ts";
import { stoppedServers } from "../../src/usecases/stopped-servers.ts";
import { type SniServer, sniServer } from "../fakes/sni-server.ts";
import { type FakeWorld, certificate, fakeWorld } from "../fakes/world.ts";

let fake: FakeWorld;
let server: SniServer;
beforeEach(async () => {
  fake = fakeWorld();
  server = sniServer();
  await issue(fake.world, certificate());
  await deploy(server.in(fake.world), certificate(), { replace: false, accept: async () => false });
});
afterEach(() => fake.dispose());

const stopped = (detect: Server["detect"]) =>
  stoppedServers({ ...fake.world, servers: async () => ({ fake: { ...server.adapter, detect } }) }, [
    fake.world.store.read("mail.example.org") as CertificateState,
  ]);

it("one that does not run", async () => {
  const there = await server.adapter.detect();
  expect(await stopped(async () => there)).toEqual([]);
  const found = await stopped(async () => there.map((one) => ({ ...one, running: false })));
  expect(found).toHaveLength(1);
  expect(found[0]?.message).toContain("fake is not running");
});

it("one that cannot be looked at is nothing that is known to have stopped; what is no expected failure is thrown on", async () => {
  expect(await stopped(async () => Promise.reject(new Failure("config", "it cannot be read")))).toEqual([]);
  await expect(stopped(async () => Promise.reject(new TypeError("a bug")))).rejects.toThrow("a bug");
});
