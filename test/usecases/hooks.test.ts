// Hooks around deployments: which runs when, what it is told, what stops the switch, and what a later run does about one that failed or was killed.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "../../src/domain/failure.ts";
import { deploy, deployTogether } from "../../src/usecases/deploy.ts";
import { issue } from "../../src/usecases/issue.ts";
import { type RenewOptions, renew } from "../../src/usecases/renew.ts";
import { rollback } from "../../src/usecases/rollback.ts";
import { status } from "../../src/usecases/status.ts";
import type { World } from "../../src/usecases/world.ts";
import { allHooks, scriptedHooks } from "../fakes/hooks.ts";
import { sniServer } from "../fakes/sni-server.ts";
import { type FakeWorld, certificate, fakeWorld } from "../fakes/world.ts";
import { timerRun as options } from "../fakes/renew-options.ts";

const mail = certificate({ hooks: allHooks });
const name = mail.name;

let fake: FakeWorld;
let hooks: ReturnType<typeof scriptedHooks>;
let world: World;
beforeEach(() => {
  fake = fakeWorld();
  hooks = scriptedHooks();
  const config = { ...fake.world.config, read: async () => ({ certificates: [mail] }) };
  world = { ...fake.world, config, hooks: async () => hooks.tools };
});
afterEach(() => fake.dispose());

const run = (over: Partial<RenewOptions> = {}) => renew(world, [mail], { ...options, ...over });
const findingsOf = (result: Awaited<ReturnType<typeof run>>): readonly string[] =>
  result.certificates
    .flatMap(({ findings, deployed }) => [...findings, ...(deployed?.findings ?? [])])
    .map(({ check }) => check);
const owed = (): readonly string[] => Object.keys(world.store.read(name)?.hooks ?? {});

describe("a deployment that goes well", () => {
  it("has before_deploy before the switch and after_deploy after the proof, once for each switch", async () => {
    await run();
    expect(hooks.calls).toMatchObject([
      { event: "before_deploy", generation: 1, attempt: 1, servers: [{ id: "fake", reloaded: false }] },
      { event: "after_deploy", generation: 1, outcome: "verified", servers: [{ id: "fake", reloaded: true }] },
    ]);
    expect(hooks.calls[0]).not.toHaveProperty("previous");
    expect(owed()).toEqual([]);
    hooks.taken();
    // Nothing due, the daily proof, and a deployment by hand that finds all as it should be.
    await run();
    fake.clock.now = new Date(fake.clock.now.getTime() + 25 * 3_600_000);
    await run();
    await deploy(world, mail, options);
    expect(hooks.taken()).toEqual([]);
    await run({ force: true });
    expect(hooks.calls[0]).toMatchObject({ event: "before_deploy", generation: 2, previous: 1 });
    expect(hooks.taken()).toEqual(["before_deploy 2 1", "after_deploy 2 1"]);
    expect((await world.store.events()).map(({ what }) => what)).toContain("after_deploy: ran /usr/local/sbin/after");
  });

  it("where nothing is switched there are none: settings that are put back, a deployment by hand without servers", async () => {
    await run();
    hooks.taken();
    fake.server.setting = "/etc/somebody/else.pem";
    fake.clock.now = new Date(fake.clock.now.getTime() + 25 * 3_600_000);
    const { reloads } = fake.server;
    expect((await run()).certificates[0]?.deployed?.outcome).toBe("verified");
    expect([fake.server.reloads, hooks.taken(), owed()]).toEqual([reloads + 1, [], []]);
    const other = certificate({ name: "mx.example.org", names: ["mx.example.org"], servers: [], hooks: allHooks });
    await renew(world, [other], options);
    expect(hooks.taken()).toEqual(["before_deploy 1 1", "after_deploy 1 1"]);
    await deploy(world, other, options);
    expect(hooks.taken()).toEqual([]);
  });

  it("a rollback by hand is a switch, too", async () => {
    await run();
    await run({ force: true });
    hooks.taken();
    await rollback(world, mail, options);
    expect(hooks.taken()).toEqual(["before_deploy 1 1", "after_deploy 1 1"]);
  });

  it("those of the whole configuration hold where the certificate has none of its own", async () => {
    const after = { run: ["/usr/local/sbin/own"], timeout: 60 };
    await renew(world, [certificate({ hooks: { after_deploy: after }, inherited: { hooks: allHooks } })], options);
    expect(hooks.taken()).toEqual(["before_deploy 1 1", "after_deploy 1 1"]);
    expect(fake.steps).toContain(`${name}: after_deploy: /usr/local/sbin/own`);
    await renew(world, [certificate({ hooks: "none", inherited: { hooks: allHooks } })], { ...options, force: true });
    expect(hooks.taken()).toEqual([]);
  });
});

describe("before_deploy that fails", () => {
  it("stops the switch; the next run tries again; on_failure hears of it", async () => {
    await run();
    const served = fake.server.served;
    hooks.taken();
    hooks.ends["before_deploy"] = "the balancer is busy";
    const result = await run({ force: true });
    expect(result.outcome).toBe("fault");
    expect(result.certificates[0]?.failure?.message).toBe(
      "before_deploy: /usr/local/sbin/before ended with status 1: the balancer is busy; what is live stays",
    );
    expect([world.store.liveNumber(name), fake.server.served === served]).toEqual([1, true]);
    expect(hooks.calls.at(-1)).toMatchObject({ event: "on_failure", generation: 1, outcome: "not-deployed" });
    expect(hooks.taken()).toEqual(["before_deploy 2 1", "on_failure 1 1"]);
    expect(await status(world, [])).toMatchObject({ ok: false, certificates: [{ lastError: { what: "deploy" } }] });
    hooks.ends["before_deploy"] = undefined;
    expect((await run()).outcome).toBe("done");
    expect(world.store.liveNumber(name)).toBe(2);
    expect(hooks.taken()).toEqual(["before_deploy 2 2", "after_deploy 2 1"]);
    expect((await status(world, [])).ok).toBe(true);
  });
});

describe("after_deploy that fails", () => {
  it("is a fault of the run, told by status, and run again without deploying", async () => {
    hooks.ends["after_deploy"] = "no such host";
    const first = await run();
    expect([first.outcome, findingsOf(first)]).toEqual(["fault", ["hook-failed"]]);
    expect(world.store.read(name)?.stage).toBe("verified");
    expect(hooks.taken()).toEqual(["before_deploy 1 1", "after_deploy 1 1"]);
    const told = await status(world, []);
    expect(told.ok).toBe(false);
    expect(told.certificates[0]?.findings).toMatchObject([
      { check: "hook-failed", message: "after_deploy: /usr/local/sbin/after ended with status 1: no such host" },
    ]);
    const { reloads } = fake.server;
    const again = await run();
    expect([again.outcome, findingsOf(again), again.certificates[0]?.decision.action]).toEqual([
      "fault",
      ["hook-failed"],
      "nothing",
    ]);
    expect(hooks.calls[0]).toMatchObject({ outcome: "verified", servers: [{ reloaded: true }] });
    expect(hooks.taken()).toEqual(["after_deploy 1 2"]);
    hooks.ends["after_deploy"] = undefined;
    expect((await run()).outcome).toBe("done");
    expect(hooks.taken()).toEqual(["after_deploy 1 3"]);
    expect((await run()).outcome).toBe("done");
    expect(hooks.taken()).toEqual([]);
    expect(fake.server.reloads).toBe(reloads);
    expect((await status(world, [])).ok).toBe(true);
  });

  it("is forgotten where it is taken out of the configuration", async () => {
    hooks.ends["after_deploy"] = "no such host";
    await run();
    const plain = certificate();
    const read = async () => ({ certificates: [plain] });
    expect((await status({ ...world, config: { ...world.config, read } }, [])).ok).toBe(true);
    expect((await renew(world, [plain], options)).outcome).toBe("done");
    expect(owed()).toEqual([]);
  });
});

describe("the log of changes", () => {
  const logged = async (): Promise<readonly string[]> =>
    (await world.store.events()).map(({ what }) => what).filter((what) => what.startsWith("after_deploy"));

  it("has a hook that failed, once a day, and how often it took", async () => {
    hooks.ends["after_deploy"] = "no such host";
    for (let count = 0; count < 24; count += 1) await run();
    hooks.ends["after_deploy"] = undefined;
    await run();
    const failed = "after_deploy: FAILED: /usr/local/sbin/after ended with status 1: no such host";
    expect(await logged()).toEqual([
      failed,
      `${failed} (attempt 24)`,
      "after_deploy: ran /usr/local/sbin/after (attempt 25)",
    ]);
  });

  it("that cannot be written hides no hook that failed", async () => {
    hooks.ends["after_deploy"] = "no such host";
    fake.hooks.beforeWrite = (what) => {
      if (what === "event" && hooks.calls.some(({ event }) => event === "after_deploy"))
        throw new Failure("cannot-create", "the disk is full");
    };
    expect(findingsOf(await run())).toEqual(["hook-failed"]);
  });
});

describe("several certificates in one go", () => {
  const names = ["a.example.org", "b.example.org", "c.example.org"];
  const three = names.map((each) => certificate({ name: each, names: [each], hooks: allHooks }));
  const called = (): readonly string[] =>
    hooks.calls.splice(0).map(({ event, certificate: of }) => `${event} ${of.slice(0, 1)}`);
  const go = (over: Partial<RenewOptions> = {}) => renew(several, three, { ...options, ...over });
  let several: World;
  beforeEach(() => {
    const server = sniServer();
    const own = join(fake.world.store.dir, "own.pem");
    writeFileSync(own, "");
    server.setting = own;
    several = { ...server.in(world), config: { ...world.config, read: async () => ({ certificates: three }) } };
  });

  it("each has its own calls: all before_deploy in the configuration's order, then all switch, then all after_deploy", async () => {
    const live: (readonly (number | undefined)[])[] = [];
    const { run: inner } = hooks.tools;
    const watched = {
      ...hooks.tools,
      run: (...args: Parameters<typeof inner>) => {
        live.push(names.map((each) => several.store.liveNumber(each)));
        return inner(...args);
      },
    };
    several = { ...several, hooks: async () => watched };
    expect((await go()).outcome).toBe("done");
    expect(called()).toEqual([
      "before_deploy a",
      "before_deploy b",
      "before_deploy c",
      "after_deploy a",
      "after_deploy b",
      "after_deploy c",
    ]);
    const none = [undefined, undefined, undefined];
    expect(live).toEqual([none, none, none, [1, 1, 1], [1, 1, 1], [1, 1, 1]]);
  });

  it("before_deploy that fails keeps its certificate back, and no other; the next run is for that one", async () => {
    await go();
    called();
    hooks.endOf = ({ event, certificate: of }) => (event === "before_deploy" && of === names[1] ? "busy" : undefined);
    const result = await go({ force: true });
    expect(result.outcome).toBe("fault");
    expect(result.certificates.map(({ failure, deployed }) => failure?.facts?.["check"] ?? deployed?.outcome)).toEqual([
      "verified",
      "hook-failed",
      "verified",
    ]);
    expect(names.map((each) => several.store.liveNumber(each))).toEqual([2, 1, 2]);
    expect(called()).toEqual([
      "before_deploy a",
      "before_deploy b",
      "before_deploy c",
      "after_deploy a",
      "on_failure b",
      "after_deploy c",
    ]);
    hooks.endOf = undefined;
    expect((await go()).outcome).toBe("done");
    expect([called(), names.map((each) => several.store.liveNumber(each))]).toEqual([
      ["before_deploy b", "after_deploy b"],
      [2, 2, 2],
    ]);
  });

  it("after_deploy that fails is run again for its certificate alone", async () => {
    hooks.endOf = ({ event, certificate: of }) =>
      event === "after_deploy" && of === names[0] ? "no route" : undefined;
    const result = await go();
    expect([result.outcome, findingsOf(result)]).toEqual(["fault", ["hook-failed"]]);
    called();
    hooks.endOf = undefined;
    expect((await go()).outcome).toBe("done");
    expect(called()).toEqual(["after_deploy a"]);
  });

  it("a run that is killed in the second before_deploy has switched to nothing; the next one begins with the first again", async () => {
    await go();
    for (const one of three) await issue(several, one);
    called();
    let dead = false;
    hooks.endOf = ({ certificate: of }) => {
      dead ||= of === names[1];
      return dead ? new Error("killed") : undefined;
    };
    fake.hooks.beforeWrite = () => {
      if (dead) throw new Error("killed");
    };
    await deployTogether(several, three, options);
    fake.hooks.beforeWrite = () => undefined;
    hooks.endOf = undefined;
    expect(names.map((each) => several.store.liveNumber(each))).toEqual([1, 1, 1]);
    expect(called().slice(0, 2)).toEqual(["before_deploy a", "before_deploy b"]);
    expect((await go()).outcome).toBe("done");
    expect([called(), names.map((each) => several.store.liveNumber(each))]).toEqual([
      [
        ...names.map((each) => `before_deploy ${each.slice(0, 1)}`),
        ...names.map((each) => `after_deploy ${each.slice(0, 1)}`),
      ],
      [2, 2, 2],
    ]);
  });
});

describe("a run that was killed", () => {
  const killed = new Error("killed");

  it("in before_deploy: the next run begins with it", async () => {
    hooks.ends["before_deploy"] = killed;
    await issue(world, mail);
    await expect(deploy(world, mail, options)).rejects.toBe(killed);
    expect(world.store.liveNumber(name)).toBeUndefined();
    hooks.ends["before_deploy"] = undefined;
    hooks.taken();
    await run();
    expect(hooks.taken()).toEqual(["before_deploy 1 2", "after_deploy 1 1"]);
  });

  it("in after_deploy, or between the proof and it: the next run runs it and deploys nothing", async () => {
    hooks.ends["after_deploy"] = killed;
    await issue(world, mail);
    await expect(deploy(world, mail, options)).rejects.toBe(killed);
    hooks.taken();
    const { reloads } = fake.server;
    hooks.ends["after_deploy"] = undefined;
    await run();
    expect(hooks.taken()).toEqual(["after_deploy 1 2"]);
    expect(fake.server.reloads).toBe(reloads);

    // As `finish` leaves it.
    await run({ force: true });
    const state = world.store.read(name);
    if (!state) throw new Error("no state");
    await world.store.write({
      ...state,
      hooks: { after_deploy: { generation: 2, since: "2026-11-20T12:00:00Z", attempts: 0 } },
    });
    hooks.taken();
    await run();
    expect(hooks.taken()).toEqual(["after_deploy 2 1"]);
  });

  it("at any write: in the end both have run, and what is live is whole", async () => {
    for (let at = 1; at < 60; at += 1) {
      const one = fakeWorld();
      const scripted = scriptedHooks();
      const there = { ...one.world, hooks: async () => scripted.tools };
      await issue(there, mail);
      let count = 0;
      one.hooks.beforeWrite = () => {
        count += 1;
        if (count === at) throw new Error("killed");
      };
      const first = await deploy(there, mail, options).catch((error: unknown) => error);
      one.hooks.beforeWrite = () => undefined;
      if (!(first instanceof Error)) {
        expect(at).toBeGreaterThan(8);
        one.dispose();
        return;
      }
      expect((await renew(there, [mail], options)).outcome, `killed at write ${at}`).toBe("done");
      const events = scripted.calls.map(({ event }) => event);
      expect(new Set(events), `killed at write ${at}`).toEqual(new Set(["before_deploy", "after_deploy"]));
      expect(events.at(-1)).toBe("after_deploy");
      expect(there.store.read(name)?.hooks).toBeUndefined();
      expect(there.store.read(name)?.stage).toBe("verified");
      one.dispose();
    }
    throw new Error("it never came to its end");
  });
});

describe("on_failure", () => {
  it("follows a rollback, with what was found; after_deploy does not", async () => {
    await run();
    hooks.taken();
    fake.server.breaks = true;
    await run({ force: true });
    expect(hooks.calls.at(-1)).toMatchObject({ event: "on_failure", generation: 1, outcome: "rolled-back" });
    expect(hooks.calls.at(-1)?.findings.map(({ check }) => check)).toContain("deploy-rolled-back");
    expect(hooks.taken()).toEqual(["before_deploy 2 1", "on_failure 1 1"]);
    expect(owed()).toEqual([]);
  });

  it("follows each attempt that left an old leaf, and after_deploy comes once it is served", async () => {
    await run();
    hooks.taken();
    fake.server.deaf = true;
    await run({ force: true });
    await run();
    expect(hooks.calls.at(-1)).toMatchObject({ event: "on_failure", outcome: "unproven" });
    expect(hooks.taken()).toEqual(["before_deploy 2 1", "on_failure 2 1", "on_failure 2 1"]);
    fake.server.deaf = false;
    await run();
    expect(hooks.taken()).toEqual(["after_deploy 2 1"]);
  });

  it("follows what could not be issued, and fails by itself without hiding that", async () => {
    const refusing = { refuses: () => "not this one", issue: () => Promise.reject(new Error("never")) };
    world = { ...world, issuer: async () => refusing };
    hooks.ends["on_failure"] = "no pager";
    const result = await run();
    expect(result.certificates[0]?.failure?.message).toContain("not this one");
    expect(findingsOf(result)).toEqual(["hook-failed"]);
    expect(hooks.calls).toMatchObject([{ event: "on_failure", outcome: "not-issued", attempt: 1 }]);
    expect(hooks.calls[0]?.error?.message).toContain("not this one");
    expect(hooks.calls[0]).not.toHaveProperty("generation");
    hooks.taken();
    hooks.ends["on_failure"] = undefined;
    // The next attempt is not due: the hook alone is done again.
    await run();
    expect(hooks.taken()).toEqual(["on_failure - 2"]);
    await run();
    expect(hooks.taken()).toEqual([]);
  });

  it("tells no key that somebody quoted, and keeps none", async () => {
    const quoted = "the page says -----BEGIN PRIVATE KEY-----\nMIGHAg\n-----END PRIVATE KEY----- and more";
    world = {
      ...world,
      issuer: async () => ({ refuses: () => quoted, issue: () => Promise.reject(new Error("never")) }),
    };
    hooks.ends["on_failure"] = "no pager";
    await run();
    expect(hooks.calls[0]?.error?.message).toContain("the page says (private key) and more");
    expect(JSON.stringify(world.store.read(name))).not.toContain("MIGHAg");
  });

  it("does not follow a dry run", async () => {
    await run({ dryRun: true });
    expect(hooks.taken()).toEqual([]);
  });
});
