// Entry points that the administrator named (`files: entries:`) are looked at on whatever machine they are; those of a server's configuration where this host is.
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Observation } from "../../src/domain/observation.ts";
import { connect } from "../../src/probe/connect.ts";
import type { Listener } from "../../src/servers/server.ts";
import { deploy } from "../../src/usecases/deploy.ts";
import type { DeployOptions } from "../../src/usecases/deployment.ts";
import { issue } from "../../src/usecases/issue.ts";
import type { World } from "../../src/usecases/world.ts";
import { observed } from "../fakes/observed.ts";
import { type SniServer, sniServer } from "../fakes/sni-server.ts";
import { type FakeWorld, certificate, fakeWorld } from "../fakes/world.ts";

const options: DeployOptions = { replace: false, accept: async () => false };
const elsewhere = "192.0.2.20";

let fake: FakeWorld;
let server: SniServer;
beforeEach(async () => {
  fake = fakeWorld();
  server = sniServer();
  await issue(fake.world, certificate());
});
afterEach(() => fake.dispose());

/** `error`: what is seen where nobody serves it. */
const deployed = async (listener: Partial<Listener>, error?: Observation["error"]) => {
  const asked: string[] = [];
  const usual = server.in(fake.world);
  const world: World = {
    ...usual,
    servers: async () => ({
      fake: {
        ...server.adapter,
        listeners: async () => [
          { protocol: "imap", mode: "implicit", port: 993, address: elsewhere, service: "imaps", ...listener },
        ],
      },
    }),
    probe: async () => async (entry, probing) => {
      asked.push(entry.address);
      if (error === undefined) return (await usual.probe())(entry, probing);
      return { ...observed(entry, undefined, fake.world.now()), error };
    },
  };
  const result = await deploy(world, certificate(), options);
  return { result, verdicts: result.entries.map(({ verdict }) => verdict), asked: [...new Set(asked)] };
};

it("another machine's address that a server's configuration has is not asked; one that was named is, and proven", async () => {
  expect(await deployed({})).toMatchObject({ verdicts: ["unobservable"], asked: [] });
  expect(await deployed({ named: true })).toMatchObject({ verdicts: ["proven"], asked: [elsewhere] });
});

it("a named one at which nobody serves it is a fault", async () => {
  const refused = {
    stage: "connect",
    reason: "refused",
    message: "connection refused: nothing listens there",
  } as const;
  const { result, verdicts } = await deployed({ named: true }, refused);
  expect(verdicts).toEqual(["failing"]);
  expect(result.findings).toMatchObject([{ check: "deploy-failing", severity: "fault" }]);
  expect(result.outcome).not.toBe("verified");
});

it("a name that this host has no address for is a fault of its own, with what mends it", async () => {
  // No resolver is asked for a label that is too long (RFC 1035 §2.3.4).
  const stopped = connect(`${"a".repeat(64)}.invalid`, 993, AbortSignal.timeout(20_000));
  const { stage, reason, message } = await stopped.then(
    () => Promise.reject(new Error("connected")),
    (stop: NonNullable<Observation["error"]>) => stop,
  );
  expect({ stage, reason }).toEqual({ stage: "connect", reason: "dns" });
  const { result, verdicts } = await deployed({ named: true, address: "mail" }, { stage, reason, message });
  expect(verdicts).toEqual(["failing"]);
  expect(result.findings).toMatchObject([
    {
      check: "deploy-failing",
      severity: "fault",
      message: `fake: nobody can look whether mail (port 993) serves the new certificate: ${message}`,
      hint: expect.stringContaining("in its entries:, name an address") as string,
    },
  ]);
});
