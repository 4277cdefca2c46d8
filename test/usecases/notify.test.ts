// Who is told what, and when: once per cause, when it changes, when it is over, as the end comes closer; never in the way of a renewal.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Failure } from "../../src/domain/failure.ts";
import type { ChannelName, NotifySettings } from "../../src/domain/notify-settings.ts";
import { createMemory } from "../../src/notify/memory.ts";
import type { Report } from "../../src/notify/channel.ts";
import { parseWindow } from "../../src/domain/window.ts";
import { asCause, distinct, newsFor, toldAfter } from "../../src/domain/news.ts";
import { stuckResult } from "../../src/usecases/stuck.ts";
import { allHooks, scriptedHooks } from "../fakes/hooks.ts";
import { notified } from "../../src/usecases/notify.ts";
import { notifyTest } from "../../src/usecases/notify-test.ts";
import type { NotifyTools } from "../../src/usecases/notify-tools.ts";
import { type RenewOptions, type RenewResult, renew } from "../../src/usecases/renew.ts";
import type { World } from "../../src/usecases/world.ts";
import { complaints } from "../docs/schemas.ts";
import { notifyDocument, notifyTestText } from "../../src/reports/notify.ts";
import { type FakeWorld, certificate, fakeWorld } from "../fakes/world.ts";
import { timerRun as options } from "../fakes/renew-options.ts";

const mail = certificate();
const notify: NotifySettings = {
  mail: ["a@example.org"],
  webhook: "https://hooks.example.org/x",
  ping: "https://hc.example.org/x",
};
const hour = 3_600_000;
const day = 24 * hour;

let fake: FakeWorld;
let world: World;
let tools: NotifyTools;
/** What each channel was sent since the last look. */
let sent: Record<string, Report[]>;
let failing: Partial<Record<ChannelName, string | Error>>;
beforeEach(() => {
  fake = fakeWorld();
  sent = {};
  failing = {};
  tools = {
    hostName: "mail.example.org",
    memory: createMemory(fake.world.store.dir),
    open: async () =>
      (["mail", "webhook", "ping"] as const).map((name) => ({
        name,
        channel: {
          hears: name === "ping" ? "runs" : "news",
          target: name,
          send: async (report) => {
            const failure = failing[name];
            if (failure instanceof Error) throw failure;
            if (failure !== undefined) throw new Failure("unavailable", `${name}: ${failure}`);
            (sent[name] ??= []).push(report);
          },
        },
      })),
  };
  world = { ...fake.world, notifying: async () => tools };
});
afterEach(() => fake.dispose());

/** As if runs had come until then. */
const jump = async (to: number | string): Promise<void> => {
  fake.clock.now = new Date(to);
  const lastRun = new Date(fake.clock.now.getTime() - hour).toISOString();
  await tools.memory.write({ ...(await tools.memory.read()), lastRun });
};
const pass = (ms: number): void => void (fake.clock.now = new Date(fake.clock.now.getTime() + ms));
const watched = { config: { certificates: [mail], notify }, chosen: [mail] };
const run = (over: Partial<RenewOptions> = {}, job?: () => Promise<RenewResult>): Promise<RenewResult> =>
  notified(world, watched, job ?? (() => renew(world, [mail], { ...options, ...over })));
const taken = (name: ChannelName): readonly string[] => {
  const reports = sent[name] ?? [];
  sent[name] = [];
  return reports.map(({ outcome, news }) =>
    [outcome, ...news.map(({ kind, cause }) => `${kind} ${cause.severity} ${cause.check}`)].join(", "),
  );
};
const refuse = (): void => {
  const refusing = { refuses: () => "not this one", issue: () => Promise.reject(new Error("never")) };
  world = { ...world, issuer: async () => refusing };
};
const permit = (): void => void (world = { ...world, issuer: fake.world.issuer });

describe("news", () => {
  it("is none where all goes well; the health check hears of each run", async () => {
    expect((await run()).outcome).toBe("done");
    pass(hour);
    await run();
    expect([taken("mail"), taken("webhook"), taken("ping")]).toEqual([[], [], ["done", "done"]]);
    expect(await tools.memory.read()).toMatchObject({
      lastRun: "2026-11-20T13:00:00.000Z",
      lastSuccess: "2026-11-20T13:00:00.000Z",
    });
  });

  it("a fault is told once, while runs wait and fail again, and its end is told", async () => {
    await run();
    taken("ping");
    await jump("2027-09-03T12:00:00Z");
    refuse();
    expect((await run()).outcome).toBe("fault");
    expect(taken("mail")).toEqual(["fault, new fault renew-failed"]);
    // The back-off's waits, and further attempts with other words for the same thing.
    for (let count = 0; count < 6; count += 1) {
      pass(hour);
      await run();
    }
    expect([taken("mail"), taken("webhook")]).toEqual([[], ["fault, new fault renew-failed"]]);
    expect(taken("ping")).toEqual(Array.from({ length: 7 }, () => "fault"));
    permit();
    expect((await run({ force: true })).outcome).toBe("done");
    expect([taken("mail"), taken("ping")]).toEqual([["done, over fault renew-failed"], ["done"]]);
    pass(hour);
    await run();
    expect([taken("mail"), taken("ping")]).toEqual([[], ["done"]]);
  });

  it("tells again as the end comes closer: early, and then seldom", async () => {
    await run();
    const end = Date.parse(world.store.read(mail.name)?.generations[0]?.notAfter ?? "");
    await jump(end - 132 * day);
    refuse();
    const told: [number, string][] = [];
    for (; fake.clock.now.getTime() < end + 3 * day; pass(12 * hour)) {
      await run();
      for (const news of taken("mail")) told.push([Math.floor((end - fake.clock.now.getTime()) / day), news]);
    }
    expect(told[0]?.[1]).toBe("fault, new fault renew-failed");
    expect(told[0]?.[0]).toBeGreaterThan(99);
    // A quarter, an eighth, ... of 397 days are left, and when it has ended.
    expect(told.filter(([, text]) => text.includes("reminder")).map(([left]) => left)).toEqual([99, 49, 24, 12, 6, 0]);
    expect(told.length, JSON.stringify(told)).toBeLessThan(12);
  });

  it("a run that only waits is told of when a quarter of the lifetime is left", async () => {
    await run();
    const end = Date.parse(world.store.read(mail.name)?.generations[0]?.notAfter ?? "");
    const busy = new Failure("try-later", "the CA asks to wait");
    const issuer = { refuses: () => undefined, issue: () => Promise.reject(busy) };
    world = { ...world, issuer: async () => issuer };
    const first: Record<string, number> = {};
    await jump(end - 132 * day);
    for (; fake.clock.now.getTime() < end; pass(day)) {
      await run();
      for (const news of taken("mail")) first[news] ??= Math.floor((end - fake.clock.now.getTime()) / day);
    }
    const early = Object.entries(first).filter(([text]) => text.includes("renew-ending"));
    expect(early[0]).toEqual(["waiting, new warning renew-ending", 99]);
    expect(early.find(([text]) => text.includes("changed fault"))?.[1]).toBe(49);
  });

  it("what changes its severity or its words is told, a number in it is not", async () => {
    fake.server.deaf = true;
    await run();
    expect(taken("mail")).toEqual(["fault, new fault deploy-failing"]);
    pass(hour);
    await run();
    expect(taken("mail")).toEqual([]);
    fake.server.deaf = false;
    fake.server.complaint = "fake.conf line 3: nonsense";
    pass(hour);
    await run();
    const [text] = taken("mail");
    expect(text).toContain("new fault deploy-config");
    fake.server.complaint = "fake.conf line 4: nonsense";
    pass(hour);
    await run();
    expect(taken("mail")).toEqual([]);
    fake.server.complaint = undefined;
    pass(25 * hour);
    await run();
    expect(taken("mail").join()).toMatch(/^done(, over fault deploy-[a-z]+)+$/);
  });

  it("words that differ at each run are told once a day, what got worse at once", async () => {
    const told: string[] = [];
    fake.server.complaint = "";
    const words = ["quick", "brown", "foxes", "jumped"];
    for (let count = 0; count < 48; count += 1) {
      // The daily proof looks at each of them.
      fake.server.complaint = `the ${words[count % 4] ?? ""} ${words[Math.floor(count / 4) % 4] ?? ""} of cfg`;
      await run({ named: true, asked: true });
      told.push(...taken("mail"));
      pass(hour);
    }
    expect(told).toEqual([
      expect.stringContaining("new fault deploy-config"),
      expect.stringContaining("changed fault deploy-config"),
    ]);
  });

  it("what programs make up by chance is no change at all, of several causes neither", async () => {
    const end = (count: number): string =>
      `cannot write /tmp/tmp.${"aB3xYzQwEr".slice(count)}${count}Zk: id k${count}Gd0aQ4xX`;
    const distinctly = (count: number) =>
      distinct(
        ["one", "two"].flatMap(
          (program) =>
            asCause({ check: "x", severity: "fault", message: `${program}: ${end(count)}` }, "", "", fake.clock.now) ??
            [],
        ),
      );
    const first = distinctly(0);
    const known = toldAfter(
      first,
      {},
      newsFor(first, {}, () => 0, fake.clock.now),
      () => 0,
      fake.clock.now,
    );
    pass(2 * day);
    for (let count = 1; count < 4; count += 1)
      expect(newsFor(distinctly(count), known, () => 0, fake.clock.now)).toEqual([]);
  });

  it("a run of some certificates keeps what is open of the others, and one that left the configuration is forgotten", async () => {
    const other = certificate({ name: "mx.example.org", names: ["mx.example.org"], servers: [] });
    refuse();
    const both = { config: { certificates: [mail, other], notify }, chosen: [mail, other] };
    await notified(world, both, () => renew(world, [mail, other], options));
    expect(taken("mail")).toEqual(["fault, new fault renew-failed, new fault renew-failed"]);
    permit();
    await notified(world, { ...both, chosen: [mail] }, () => renew(world, [mail], { ...options, named: true }));
    expect(taken("mail")).toEqual(["fault, over fault renew-failed"]);
    await run();
    expect(taken("mail")).toEqual(["done, over fault renew-failed"]);
  });

  it("that nothing had run is told by the run that comes after all, once", async () => {
    await run();
    pass(9 * day);
    await run();
    expect(sent["mail"]?.[0]?.news[0]?.cause.message).toContain(
      "nothing has run for 9 days, from 2026-11-20 12:00 UTC",
    );
    expect(taken("mail")).toEqual(["done, new warning renew-missed"]);
    pass(hour);
    await run();
    expect(taken("mail")).toEqual([]);
  });

  it("a run that breaks off altogether is told, and breaks off all the same", async () => {
    const broken = new Failure("cannot-create", "the disk is full");
    await expect(run({}, () => Promise.reject(broken))).rejects.toBe(broken);
    expect([taken("mail"), taken("ping")]).toEqual([["fault, new fault renew-failed"], ["fault"]]);
    await run();
    expect([taken("mail"), taken("ping")]).toEqual([["done, over fault renew-failed"], ["done"]]);
  });
});

describe("a run that did not look ends no fault", () => {
  const window = parseWindow("Sat,Sun 02:00-05:00");
  const windowed = certificate({ window: "problem" in window ? [] : [window] });
  const go = (one = windowed): Promise<RenewResult> =>
    notified(world, { config: { certificates: [one], notify }, chosen: [one] }, () => renew(world, [one], options));
  const openFaults = async (): Promise<readonly string[]> =>
    Object.values((await tools.memory.read()).causes).map(({ check }) => check);

  it("one that waits for its window: neither a fault of before, nor of the health check, is over", async () => {
    await go();
    // A deployment that failed within the window, of a renewal.
    await jump("2027-09-04T00:30:00Z");
    const hooks = scriptedHooks();
    hooks.ends["before_deploy"] = "the balancer is busy";
    world = { ...world, hooks: async () => hooks.tools };
    const hooked = { ...windowed, hooks: allHooks };
    expect((await go(hooked)).outcome).toBe("fault");
    expect(taken("mail")).toEqual(["fault, new fault hook-failed"]);
    taken("ping");
    await jump("2027-09-04T12:00:00Z");
    const waits = await go(hooked);
    expect(waits.certificates[0]?.decision).toMatchObject({ action: "wait", window: true });
    expect([taken("mail"), taken("ping"), await openFaults()]).toEqual([[], ["fault"], ["hook-failed"]]);
    hooks.ends["before_deploy"] = undefined;
    await jump("2027-09-05T00:30:00Z");
    expect((await go(hooked)).outcome).toBe("done");
    expect([taken("mail"), taken("ping")]).toEqual([["done, over fault hook-failed"], ["done"]]);
  });

  it("one that issued, and waits with that for its window, keeps what was wrong with what is served", async () => {
    await go();
    const { served } = fake.server;
    await renew(world, [windowed], { ...options, force: true });
    fake.server.served = served;
    fake.server.deaf = true;
    // Nothing is due yet.
    await jump("2027-08-02T12:00:00Z");
    await go();
    expect(taken("mail")).toEqual(["fault, new fault deploy-stale"]);
    await jump("2027-09-03T12:00:00Z");
    expect((await go()).certificates[0]).toMatchObject({ issued: {}, decision: { window: true } });
    expect([taken("mail"), await openFaults()]).toEqual([[], ["deploy-stale"]]);
    await jump("2027-09-04T00:30:00Z");
    fake.server.deaf = false;
    await go();
    expect(taken("mail")).toEqual(["done, over fault deploy-stale"]);
  });

  it("one that fails to issue keeps them, too; a hook that was owed and is done is over", async () => {
    const hooks = scriptedHooks();
    world = { ...world, hooks: async () => hooks.tools };
    const hooked = { ...windowed, window: "none" as const, hooks: allHooks };
    hooks.ends["after_deploy"] = "no route";
    await go(hooked);
    expect(taken("mail")).toEqual(["fault, new fault hook-failed"]);
    refuse();
    await jump("2027-09-03T12:00:00Z");
    hooks.ends["on_failure"] = "no pager";
    await go(hooked);
    expect(taken("mail")).toEqual(["fault, new fault renew-failed, new fault hook-failed"]);
    hooks.ends["after_deploy"] = undefined;
    pass(30_000);
    // It waits for its next attempt, and the hooks are done again.
    hooks.ends["on_failure"] = undefined;
    await go(hooked);
    expect(taken("mail")).toEqual(["fault, over fault hook-failed, over fault hook-failed"]);
  });
});

describe("a run that cannot begin", () => {
  const since = "2026-11-20T12:00:00.000Z";
  const lock = () =>
    new Failure("try-later", "another mailcert is at work: process 4711 (mailcert renew) holds /state/lock", {
      hints: ["kill 4711"],
      facts: { pid: 4711, heldSince: since },
    });
  const watching = (): World => ({
    ...world,
    config: { ...world.config, read: async () => ({ certificates: [mail], notify }) },
  });

  it("is a fault that is told once, again as the end comes closer, and is over with the next one that begins", async () => {
    await run();
    taken("ping");
    pass(4 * hour);
    const result = await stuckResult(watching(), lock());
    expect(result).toMatchObject({ outcome: "fault", certificates: [], findings: [{ check: "renew-stuck" }] });
    expect(result?.findings[0]?.message).toBe(
      "no run could begin for 4 hours, since 2026-11-20 12:00 UTC: another mailcert is at work: process 4711 (mailcert renew) holds /state/lock",
    );
    expect(sent["webhook"]?.[0]?.lastRun).toBe("2026-11-20T12:00:00.000Z");
    expect([taken("mail"), taken("ping")]).toEqual([["fault, new fault renew-stuck"], ["fault"]]);
    pass(hour);
    await stuckResult(watching(), lock());
    expect([taken("mail"), taken("ping")]).toEqual([[], ["fault"]]);
    expect((await tools.memory.read()).lastRun).toBe("2026-11-20T12:00:00.000Z");
    // A quarter of its lifetime is left.
    fake.clock.now = new Date("2027-09-20T12:00:00Z");
    await stuckResult(watching(), lock());
    expect(taken("mail")).toEqual(["fault, reminder fault renew-stuck"]);
    await run();
    expect(taken("mail").join()).toContain("over fault renew-stuck");
  });

  it("is none where somebody has been at work for less than hours, or something else went wrong", async () => {
    const busy = new Failure("try-later", "another mailcert is at work", { facts: { pid: 4711 } });
    expect(await stuckResult(watching(), busy)).toBeUndefined();
    expect(await stuckResult(watching(), new Failure("config", "x", { facts: { heldSince: since } }))).toBeUndefined();
    expect(await stuckResult(watching(), new Error("bug"))).toBeUndefined();
    expect(sent).toEqual({});
  });

  it("says so where nobody is to be told, or the configuration cannot be read", async () => {
    const unread = {
      ...world,
      config: { ...world.config, read: () => Promise.reject(new Failure("config", "line 4")) },
    };
    for (const one of [fake.world, unread])
      expect(await stuckResult(one, lock())).toMatchObject({ outcome: "fault", findings: [{ check: "renew-stuck" }] });
  });
});

describe("systemd's own mail to root", () => {
  const id = "0123456789abcdef0123456789abcdef";
  const heard = async (): Promise<string | undefined> => (await tools.memory.read()).heard;
  beforeEach(() => {
    tools = { ...tools, invocation: id };
  });

  it("is not needed where somebody has heard of all that is open", async () => {
    fake.server.deaf = true;
    await run();
    expect(await heard()).toBe(id);
    failing.mail = "no sendmail";
    pass(hour);
    tools = { ...tools, invocation: `${id.slice(1)}0` };
    await run();
    // The webhook has.
    expect(await heard()).toBe(`${id.slice(1)}0`);
  });

  it("is needed where nobody could be told, and where a run ends before it tells", async () => {
    fake.server.deaf = true;
    failing = { mail: "no sendmail", webhook: "refused" };
    await run();
    expect(await heard()).toBeUndefined();
    failing = { webhook: new Error("killed") };
    pass(hour);
    await expect(run()).rejects.toThrow("killed");
    expect(await heard()).toBeUndefined();
  });
});

describe("what cannot be told", () => {
  it("is a fault of the run that renews all the same, is told by another way, and by the next run that can", async () => {
    fake.server.deaf = true;
    failing.webhook = "refused";
    const result = await run();
    expect(result.findings).toMatchObject([
      { check: "notify-failed", severity: "fault", message: "could not tell: webhook: refused" },
    ]);
    expect(world.store.liveNumber(mail.name)).toBe(1);
    expect(taken("mail")).toEqual(["fault, new fault deploy-failing", "fault, new fault notify-failed"]);
    pass(hour);
    expect((await run()).findings).toHaveLength(1);
    expect(taken("mail")).toEqual([]);
    failing = {};
    pass(hour);
    expect((await run()).findings).toEqual([]);
    expect(taken("webhook")).toEqual(["fault, new fault deploy-failing"]);
    expect(taken("mail")).toEqual(["fault, over fault notify-failed"]);
  });

  it("one that fails while it is told of another that fails is told of by those that are left", async () => {
    failing = { ping: "refused", webhook: "hangs" };
    expect((await run()).findings.map(({ message }) => message)).toEqual([
      "could not tell: ping: refused",
      "could not tell: webhook: hangs",
    ]);
    expect(taken("mail")).toEqual(["done, new warning notify-failed", "done, new fault notify-failed"]);
  });

  it("a health check that cannot be reached is a warning", async () => {
    failing.ping = "refused";
    const result = await run();
    expect([result.outcome, result.findings[0]?.severity]).toEqual(["done", "warning"]);
    expect(taken("mail")).toEqual(["done, new warning notify-failed"]);
    failing = {};
    await run();
    expect(taken("mail")).toEqual([]);
  });

  it("a memory that cannot be written stops nothing", async () => {
    const write = async () => Promise.reject(new Failure("cannot-create", "the disk is full"));
    tools = { ...tools, memory: { ...tools.memory, write } };
    const result = await run();
    expect(result.findings).toMatchObject([{ check: "notify-failed", message: "could not tell: the disk is full" }]);
    expect(world.store.read(mail.name)?.stage).toBe("verified");
  });
});

it("a run that is killed while it tells, tells that channel once more and no other", async () => {
  fake.server.deaf = true;
  failing.webhook = new Error("killed");
  await expect(run()).rejects.toThrow("killed");
  expect(taken("mail")).toEqual(["fault, new fault deploy-failing"]);
  failing = {};
  pass(hour);
  await run();
  expect([taken("mail"), taken("webhook")]).toEqual([[], ["fault, new fault deploy-failing"]]);
});

describe("notify test", () => {
  it("sends to all, says what failed, and remembers nothing", async () => {
    failing.webhook = "refused";
    const result = await notifyTest(world, watched.config, false);
    expect(result.channels.map(({ channel, failure }) => [channel, failure?.message])).toEqual([
      ["mail", undefined],
      ["webhook", "webhook: refused"],
      ["ping", undefined],
    ]);
    expect(sent["mail"]?.[0]).toMatchObject({ test: true, news: [] });
    expect(await tools.memory.read()).toEqual({ causes: {}, told: {} });
    expect(complaints(notifyDocument(result))).toEqual([]);
    expect(notifyTestText(result)).toContain("FAILED: webhook: refused");
  });

  it("sends nothing in a dry run, and needs somebody to tell", async () => {
    const result = await notifyTest(world, watched.config, true);
    expect([sent, complaints(notifyDocument(result))]).toEqual([{}, []]);
    await expect(notifyTest(world, { certificates: [mail] }, false)).rejects.toThrow("names nobody");
  });
});
