// Changes that could not be made, or could not be taken back: nothing is left half done, and what is left is named.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Failure } from "../../src/domain/failure.ts";
import { removalDocument, removalText } from "../../src/reports/removal.ts";
import type { Change, Server } from "../../src/servers/server.ts";
import { deployAll } from "../../src/usecases/deploy-all.ts";
import type { DeployOptions } from "../../src/usecases/deployment.ts";
import { issue } from "../../src/usecases/issue.ts";
import { changesInForce } from "../../src/usecases/changes-in-force.ts";
import { remove } from "../../src/usecases/remove.ts";
import type { World } from "../../src/usecases/world.ts";
import { type FakeWorld, certificate, fakeWorld } from "../fakes/world.ts";

const options: DeployOptions = { replace: false, accept: async () => false };
const parameter = (name: string): Change => ({ kind: "parameter", parameter: name, before: undefined, after: "new" });

let fake: FakeWorld;
let set: string[];
/** Parameters at which setting or taking back fails. */
let stuck: readonly string[];
let firm: readonly string[];
let world: World;
beforeEach(async () => {
  fake = fakeWorld();
  [set, stuck, firm] = [[], [], []];
  const { fake: usual } = await fake.world.servers();
  if (!usual) throw new Error("no server");
  const nameOf = (change: Change): string => (change.kind === "parameter" ? change.parameter : "");
  const adapter: Server = {
    ...usual,
    plan: async () => ({
      changes: ["a", "b", "c"].filter((name) => !set.includes(name)).map(parameter),
      notes: [],
    }),
    apply: async (_installation, change) => {
      // As far as it comes.
      set.push(nameOf(change));
      if (stuck.includes(nameOf(change)))
        throw new Failure("cannot-create", "cannot write: no space left on the device");
    },
    revert: async (_installation, change) => {
      if (firm.includes(nameOf(change))) throw new Failure("cannot-create", "cannot write: it is read-only");
      set = set.filter((name) => name !== nameOf(change));
      return "reverted";
    },
  };
  world = { ...fake.world, servers: async () => ({ fake: adapter }) };
  await issue(world, certificate());
});
afterEach(() => fake.dispose());

const inForce = async (): Promise<number> => changesInForce(await world.store.events()).length;
const findings = async (): Promise<readonly string[]> =>
  (await deployAll(world, [certificate()], options)).flatMap(
    ({ deployed }) =>
      deployed?.findings.filter(({ severity }) => severity === "fault").map(({ message }) => message) ?? [],
  );

describe("the second of several changes cannot be made", () => {
  it("the first is taken back, and nothing is in force", async () => {
    stuck = ["b"];
    expect((await findings())[0]).toBe("fake was not reloaded: cannot write: no space left on the device");
    expect([set, await inForce(), fake.server.reloads]).toEqual([[], 0, 0]);
    stuck = [];
    await deployAll(world, [certificate()], options);
    expect([set, await inForce(), fake.server.reloads]).toEqual([["a", "b", "c"], 3, 1]);
  });

  it("by a bug: the same", async () => {
    const { servers } = world;
    world = {
      ...world,
      servers: async () => {
        const { fake: adapter } = await servers();
        if (!adapter) throw new Error("no server");
        const readBack = (): never => {
          throw new TypeError("undefined is not a function");
        };
        return { fake: { ...adapter, readBack: async () => readBack() } };
      },
    };
    expect((await findings())[0]).toContain("undefined is not a function");
    expect([set, await inForce()]).toEqual([[], 0]);
  });

  it("what cannot be taken back is named, the others are", async () => {
    [stuck, firm] = [["c"], ["a"]];
    expect((await findings()).slice(0, 2)).toEqual([
      "fake was not reloaded: cannot write: no space left on the device",
      "fake could not be put back as it was (main.cf: a = new): cannot write: it is read-only",
    ]);
    expect([set, await inForce(), fake.server.reloads]).toEqual([["a"], 1, 0]);
  });

  it("the same where the server's own test refuses the result", async () => {
    firm = ["b"];
    fake.server.complaint = undefined;
    const { servers } = world;
    let checks = 0;
    world = {
      ...world,
      servers: async () => {
        const { fake: adapter } = await servers();
        if (!adapter) throw new Error("no server");
        const check = async (): Promise<void> => {
          checks += 1;
          if (set.length > 0) throw new Failure("config", "it does not like that");
        };
        return { fake: { ...adapter, check } };
      },
    };
    expect((await findings()).slice(0, 2)).toEqual([
      "fake was not reloaded: it does not like that",
      "fake could not be put back as it was (main.cf: b = new): cannot write: it is read-only",
    ]);
    expect([set, checks > 1]).toEqual([["b"], true]);
  });
});

describe("removal", () => {
  const configured = (names: readonly string[]): void => {
    const read = async () => ({ certificates: names.map((name) => certificate({ name })) });
    world = { ...world, config: { ...world.config, read } };
  };

  it("says of one that left the configuration how it goes on, and of another that it is still renewed", async () => {
    await deployAll(world, [certificate()], options);
    configured(["another"]);
    const removed = await remove(world, ["mail.example.org"], { dryRun: false });
    const folder = `${world.store.dir}/certificates/mail.example.org`;
    expect(removalText(removed).split("\n").slice(-3)).toEqual([
      "  it is not in the configuration: nothing renews it",
      "  to have it renewed again: mailcert setup mail.example.org --issuer self-signed",
      `  to forget it: rm -r ${folder}`,
    ]);
    expect(removalDocument(removed)).toMatchObject({ certificates: [{ left: { folder } }] });
    configured(["mail.example.org"]);
    await deployAll(world, [certificate()], options);
    const kept = removalText(await remove(world, ["mail.example.org"], { dryRun: false }));
    expect(kept).toContain("it is still renewed");
    expect(kept).not.toContain("not in the configuration");
  });

  it("is done again where the server was not told: it was killed before, or the server refuses its configuration", async () => {
    let writes = 0;
    for (let instant = 0; instant <= writes; instant += 1) {
      await deployAll(world, [certificate()], options);
      expect([set, await inForce()]).toEqual([["a", "b", "c"], 3]);
      const before = fake.server.reloads;
      let count = 0;
      fake.hooks.beforeWrite = () => {
        if (count >= instant) throw new Error("killed");
        count += 1;
      };
      await remove(world, [], { dryRun: false }).catch(() => undefined);
      writes = Math.max(writes, count + (count < instant ? 0 : 1));
      fake.hooks.beforeWrite = () => undefined;
      await remove(world, [], { dryRun: false });
      expect([instant, set, await inForce(), fake.server.reloads > before]).toEqual([instant, [], 0, true]);
    }
    expect(writes).toBeGreaterThan(3);

    await deployAll(world, [certificate()], options);
    const before = fake.server.reloads;
    fake.server.complaint = "somebody works on it";
    const [refused] = await remove(world, [], { dryRun: false });
    expect(refused).toMatchObject({
      reloaded: [],
      findings: [{ message: "fake was not reloaded: somebody works on it" }],
    });
    fake.server.complaint = undefined;
    const [done] = await remove(world, [], { dryRun: false });
    expect(done).toMatchObject({ reloaded: ["fake"], findings: [] });
    expect([await inForce(), fake.server.reloads]).toEqual([0, before + 1]);
  });

  it("one server that cannot be looked at keeps the others from nothing", async () => {
    await deployAll(world, [certificate()], options);
    const { servers } = world;
    const change = { server: "old", installation: "old", change: parameter("x") };
    await world.store.record({
      at: "2026-11-20T12:00:00.000Z",
      run: "r",
      command: "c",
      certificate: "mail.example.org",
      what: "x",
      change,
    });
    world = {
      ...world,
      servers: async () => {
        const all = await servers();
        const { fake: adapter } = all;
        if (!adapter) throw new Error("no server");
        const detect = () =>
          Promise.reject(new Failure("config", "version 0.1 is installed", { hints: ["upgrade it"] }));
        return { ...all, old: { ...adapter, detect } };
      },
    };
    const [removed] = await remove(world, [], { dryRun: false });
    expect(set).toEqual([]);
    expect(removed?.findings).toMatchObject([
      {
        severity: "fault",
        message: "still there: old: main.cf: x = new: version 0.1 is installed",
        hint: "upgrade it; then run: mailcert deploy --remove mail.example.org",
      },
    ]);
  });
});
