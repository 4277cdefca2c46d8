// What status says of certificates by address and service: an attempt that failed at a place, who has an entry point now, what is not deployed yet.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { CertificateConfig } from "../../src/domain/certificate-config.ts";
import { renewDocument, renewText } from "../../src/reports/renew.ts";
import { statusDocument, statusText } from "../../src/reports/status.ts";
import { deployAll } from "../../src/usecases/deploy-all.ts";
import type { DeployOptions } from "../../src/usecases/deployment.ts";
import { type RenewOptions, renew } from "../../src/usecases/renew.ts";
import { deploymentText } from "../../src/reports/deployment.ts";
import { remove } from "../../src/usecases/remove.ts";
import { runAtWork } from "../../src/usecases/run-at-work.ts";
import { status } from "../../src/usecases/status.ts";
import type { World } from "../../src/usecases/world.ts";
import { complaints } from "../docs/schemas.ts";
import { type PlacedServer, placedServer } from "../fakes/placed-server.ts";
import { type FakeWorld, certificate, fakeWorld } from "../fakes/world.ts";

const options: DeployOptions = { replace: false, accept: async () => false };
const renewal: RenewOptions = { ...options, force: false, newKey: false, named: false, dryRun: false };
const [usual, vip] = ["192.0.2.10", "192.0.2.11"] as const;

const named = (name: string, over: Partial<CertificateConfig> = {}): CertificateConfig =>
  certificate({ name, names: [name], ...over });
const main = named("mail.example.org");
const own = named("own.example.org", { places: { addresses: [vip] } });
const wrong = named("own.example.org", { places: { services: ["pop3"] } });

let fake: FakeWorld;
let server: PlacedServer;
let all: readonly CertificateConfig[];
let world: World;
beforeEach(() => {
  fake = fakeWorld();
  server = placedServer();
  all = [main, own];
  world = server.in({ ...fake.world, config: { ...fake.world.config, read: async () => ({ certificates: all }) } });
});
afterEach(() => fake.dispose());

const look = async (names: readonly string[] = []) => {
  const result = await status(world, names);
  expect(complaints(statusDocument(result))).toEqual([]);
  return { ...result, text: statusText(result, undefined, fake.clock.now) };
};
const outcomes = async (run: RenewOptions = renewal) =>
  (await renew(world, all, run)).certificates.map(
    ({ failure, deployed, decision }) => failure?.message ?? deployed?.outcome ?? decision.action,
  );

describe("an attempt that failed at a place", () => {
  const nobody = "own.example.org: no server of this host that it could be given to offers pop3";

  it("of a first issue is counted, and status has its reason, its hint and the next attempt; nothing is spent on it", async () => {
    all = [main, wrong];
    expect(await outcomes()).toEqual(["verified", nobody]);
    expect(world.store.read(own.name)?.generations).toEqual([]);
    const { ok, text, certificates } = await look();
    expect(ok).toBe(false);
    expect(certificates[1]).toMatchObject({ attempts: 1, lastError: { what: "issue", message: nobody } });
    expect(text).toContain(`own.example.org: next attempt 2026-11-20 12:01 UTC: ${nobody}`);
    expect(text).toContain("attempt 1 failed at 2026-11-20 12:00 UTC");
    expect(text).toContain("-> switch that service on, or take it out of services:");
    // A mended entry does not wait.
    all = [main, own];
    expect(await outcomes()).toEqual(["nothing", "verified"]);
    expect((await look()).ok).toBe(true);
  });

  it("keeps nothing that is served from being renewed; the deployment is what failed, and is told so", async () => {
    await renew(world, all, renewal);
    all = [main, wrong];
    fake.clock.now = new Date("2027-12-25T00:00:00Z");
    expect(await outcomes()).toEqual(["verified", nobody]);
    expect(world.store.read(own.name)).toMatchObject({ target: 2, attempts: 1, lastError: { what: "deploy" } });
    const { ok, text } = await look();
    expect(ok).toBe(false);
    expect(text).toContain(`attempt 1): ${nobody}`);
    expect(text).not.toContain("no run has tried it");
  });

  it("of `deploy` is written down, too", async () => {
    await renew(world, all, renewal);
    all = [main, wrong];
    const [, second] = await deployAll(world, all, options);
    expect(second?.failure?.message).toBe(nobody);
    expect((await look()).text).toContain(`last error (2026-11-20 12:00 UTC, attempt 1): ${nobody}`);
    all = [main, own];
    await deployAll(world, all, options);
    expect((await look()).text).not.toContain("last error");
  });
});

describe("who has an entry point now", () => {
  it("is told of the one that took it by another run, and no more of the one that had it", async () => {
    all = [main];
    expect(await outcomes()).toEqual(["verified"]);
    const entriesOf = async (name: string) =>
      (await look()).certificates
        .find((one) => one.name === name)
        ?.deployments["fake"]?.entries.map(({ address, verdict }) => `${address} ${verdict}`);
    expect(await entriesOf(main.name)).toContain(`${vip} proven`);
    all = [main, own];
    expect(await outcomes()).toEqual(["nothing", "verified"]);
    expect(await entriesOf(main.name)).toEqual(["127.0.0.1 proven", `${usual} proven`]);
    expect(await entriesOf(own.name)).toContain(`${vip} proven`);
    expect((await look()).text).toContain("served by fake 993: all 2 proven (2026-11-20 12:00 UTC)");
  });

  it("of several by name, which is the default, also where only one is asked about; and that none is after it was taken out", async () => {
    const two = named("two.example.org");
    all = [main, two];
    await outcomes();
    expect((await look()).text).toContain("served by fake 993 (default): ");
    const { text, defaults } = await look([two.name]);
    expect(defaults).toEqual({ fake: main.name });
    expect(text).toContain("served by fake 993 (by name): ");
    await remove(world, [main.name], { dryRun: false });
    const after = await look();
    expect(after.defaults).toEqual({ fake: null });
    expect(after.text).toContain("fake 993 (by name; no certificate of mailcert is the default): ");
    all = [main];
    expect((await look([main.name])).text).toContain("taken out of the servers; mailcert deploy mail.example.org");
  });
});

describe("places that changed and are not deployed", () => {
  it("are told, and the next run puts them there", async () => {
    const moved = named(own.name, { places: { addresses: [usual] } });
    await outcomes();
    all = [main, moved];
    expect((await look()).text).toContain(
      `own.example.org: to be deployed: it is configured for ${usual}, and served for ${vip}`,
    );
    expect(await outcomes()).toEqual(["nothing", "verified"]);
    expect(await outcomes()).toEqual(["nothing", "nothing"]);
    all = [main, named(own.name)];
    expect((await look()).text).toContain(`it is configured for every entry point, and served for ${usual}`);
    expect(await outcomes()).toEqual(["nothing", "verified"]);
    expect(server.settings.has(`at ${usual}`)).toBe(false);
    expect(await outcomes()).toEqual(["nothing", "nothing"]);
  });

  it("what brings back a certificate that left the configuration is the entry that was deployed last", async () => {
    all = [main, named(own.name, { places: { addresses: [usual] } })];
    await outcomes();
    all = [main, own];
    await outcomes();
    all = [main];
    const { text } = await look();
    expect(text).toContain(`(its entry also had: addresses: ${vip})`);
    const [removal] = await remove(world, [own.name], { dryRun: false });
    expect(removal?.left?.again).toContain(`addresses: ${vip}`);
  });
});

describe("what was taken out", () => {
  it("is said by renew, and by the deploy that puts it back", async () => {
    all = [main];
    await outcomes();
    await remove(world, [main.name], { dryRun: false });
    const renewed = await renew(world, all, renewal);
    expect(complaints(renewDocument(renewed))).toEqual([]);
    expect(renewText(renewed, fake.clock.now, false)).toMatch(
      /^mail\.example\.org: nothing to do; renewal is due on .*; taken out of the servers: `mailcert deploy mail\.example\.org` puts it back$/,
    );
    const [first] = await deployAll(world, all, options);
    const back = "mail.example.org had been taken out of the servers (mailcert deploy --remove): this put it back";
    expect(first?.deployed?.findings).toContainEqual(
      expect.objectContaining({ check: "deploy-back", severity: "info", message: back }),
    );
    const [second] = await deployAll(world, all, options);
    expect(second?.deployed?.findings.map(({ check }) => check)).not.toContain("deploy-back");
  });
});

describe("a server that does not run", () => {
  const seen = async () => {
    const result = await status(world, [], true);
    expect(complaints(statusDocument(result))).toEqual([]);
    return { ...result, text: statusText(result, undefined, fake.clock.now) };
  };

  it("and served at the last proof is a fault, also after a run that found it stopped; for root alone", async () => {
    await outcomes();
    expect(await seen()).not.toHaveProperty("findings");
    server.running = false;
    const fault =
      "fault: fake is not running: it served mail.example.org, own.example.org at 2026-11-20 12:00 UTC, and no client gets through to it now\n  -> start fake;";
    const stopped = await seen();
    expect(stopped.ok).toBe(false);
    expect(stopped.text).toContain(fault);
    expect((await look()).ok).toBe(true);
    fake.clock.now = new Date("2026-11-21T13:00:00Z");
    expect(await outcomes()).toEqual(["in-place", "in-place"]);
    expect((await seen()).text).toContain(fault);
    // The hourly run says the same, each time, until it runs again.
    for (const date of ["2026-11-21T14:00:00Z", "2026-11-21T15:00:00Z"]) {
      fake.clock.now = new Date(date);
      const run = await renew(world, all, renewal);
      expect(run.outcome).toBe("fault");
      expect(run.certificates.map(({ deployed }) => deployed?.findings.map(({ check }) => check))).toEqual([
        ["server-stopped"],
        ["server-stopped"],
      ]);
      expect(run.certificates[0]?.deployed?.findings[0]).toMatchObject({
        severity: "fault",
        message: `fake is not running: it served ${all[0]?.name} at 2026-11-20 12:00 UTC, and no client gets through to it now`,
      });
    }
    expect(world.store.read("mail.example.org")).toMatchObject({ stage: "reloaded", attempts: 0 });
    server.running = true;
    expect(await outcomes()).toEqual(["verified", "verified"]);
    expect(await seen()).toMatchObject({ ok: true });
  });

  it("because somebody disabled it is a warning, everywhere", async () => {
    await outcomes();
    server.running = false;
    world = { ...world, switchedOff: async (service) => `${service}.service is disabled` };
    fake.clock.now = new Date("2026-11-21T13:00:00Z");
    const run = await renew(world, all, renewal);
    expect(run.outcome).toBe("done");
    expect(run.certificates[0]?.deployed?.findings).toMatchObject([{ check: "server-stopped", severity: "warning" }]);
    const { ok, text } = await seen();
    expect(ok).toBe(true);
    expect(text).toContain(
      "warning: fake is not running: fake.service is disabled; it served mail.example.org, own.example.org at 2026-11-20 12:00 UTC\n  -> start fake",
    );
  });

  it("but serves, and nobody of root's answers for it, is told as one that runs, with what mends it", async () => {
    await outcomes();
    const doubt = {
      pid: 77,
      why: "nothing of root's says that it works as uid 99",
      mend: "name that user in its file",
    };
    const detect = async () => (await server.adapter.detect()).map((one) => ({ ...one, doubt }));
    world = { ...world, servers: async () => ({ fake: { ...server.adapter, detect } }) };
    const { ok, text } = await seen();
    expect(ok).toBe(false);
    expect(text).toContain(
      "fault: fake runs as PID 77, but mailcert does not take its word: nothing of root's says that it works as uid 99; nothing reloads it when its certificate is renewed\n  -> name that user in its file",
    );
    expect(text).not.toContain("not running");
  });

  it("and never did is a warning with the way out", async () => {
    server.running = false;
    all = [main];
    await outcomes();
    const never = await seen();
    expect(never.ok).toBe(true);
    expect(never.text).toContain(
      "warning: fake is not running, and was never seen to: it has the settings for mail.example.org, and nothing of it is proven",
    );
  });
});

it("a run that is at work is told, without its lock", async () => {
  all = [main];
  await outcomes();
  const holder = { pid: 123, path: "/state/lock", command: "renew --quiet", since: "2026-11-20T11:59:00.000Z" };
  const tools = (lockHolder: () => Promise<typeof holder | undefined>): World => ({
    ...world,
    doctor: async () => ({ lockHolder }) as Awaited<ReturnType<World["doctor"]>>,
  });
  const run = await runAtWork(tools(async () => holder));
  const result = await status(world, []);
  expect(complaints(statusDocument(result, undefined, run))).toEqual([]);
  expect(statusDocument(result, undefined, run)).toMatchObject({ atWork: { pid: 123, command: "renew --quiet" } });
  expect(statusText(result, undefined, fake.clock.now, run)).toContain(
    "another mailcert is at work (process 123: renew --quiet, since 2026-11-20 11:59 UTC): what is said here may be the middle of it",
  );
  const nobody = await runAtWork(tools(async () => undefined));
  expect(nobody).toBeUndefined();
  expect(statusDocument(result, undefined, nobody)).not.toHaveProperty("atWork");
});

it("of a server that does not run, deploy says one line, and how to leave it out where another one runs", async () => {
  server.running = false;
  all = [main];
  const other: PlacedServer = placedServer("other");
  const both: World = { ...world, servers: async () => ({ fake: server.adapter, other: other.adapter }) };
  await renew(both, all, renewal);
  const [attempt] = await deployAll(both, all, options);
  if (!attempt?.deployed) throw new Error("not deployed");
  const text = deploymentText(attempt.deployed, fake.clock.now);
  expect(text).toContain("fake 1.0: not running");
  expect(text).not.toContain("not observed");
  expect(text).toContain(
    "where fake is not to serve mail on this host, name those that are, in each entry of the configuration: servers: other",
  );
});
