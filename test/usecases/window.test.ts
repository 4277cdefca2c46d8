// A renewal in a maintenance window: issued at any time, switched to when it opens, and at once where waiting would do harm.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { CertificateConfig } from "../../src/domain/certificate-config.ts";
import { windowHold } from "../../src/domain/window-hold.ts";
import { parseWindow } from "../../src/domain/window.ts";
import { renewText } from "../../src/reports/renew.ts";
import { statusText } from "../../src/reports/status.ts";
import { deploy } from "../../src/usecases/deploy.ts";
import { issue } from "../../src/usecases/issue.ts";
import { type RenewOptions, renew } from "../../src/usecases/renew.ts";
import { status } from "../../src/usecases/status.ts";
import { allHooks, scriptedHooks } from "../fakes/hooks.ts";
import { type FakeWorld, certificate, fakeWorld } from "../fakes/world.ts";
import { timerRun as options } from "../fakes/renew-options.ts";

const windowed = (text: string, over: Partial<CertificateConfig> = {}): CertificateConfig => {
  const window = parseWindow(text);
  if ("problem" in window) throw new Error(window.problem);
  return certificate({ window: [window], ...over });
};
const mail = windowed("Sat,Sun 02:00-05:00");
const { name } = mail;
const friday = "2027-09-03T12:00:00Z";
const saturday = "2027-09-04T00:30:00Z";

let fake: FakeWorld;
beforeEach(async () => {
  fake = fakeWorld();
  const config = { ...fake.world.config, read: async () => ({ certificates: [mail] }) };
  Object.assign(fake.world, { config });
  // The first deployment waits for nothing.
  expect((await renew(fake.world, [mail], options)).outcome).toBe("done");
  // At two thirds of 397 days.
  fake.clock.now = new Date(friday);
});
afterEach(() => fake.dispose());

const run = (config = mail, over: Partial<RenewOptions> = {}) => renew(fake.world, [config], { ...options, ...over });
const live = (): number | undefined => fake.world.store.liveNumber(name);

describe("a renewal outside the window", () => {
  it("is issued, waits, is told so, and is served by the first run in it", async () => {
    const { reloads } = fake.server;
    const result = await run();
    expect(result.outcome).toBe("waiting");
    expect(result.certificates[0]).toMatchObject({
      issued: { generation: { number: 2 } },
      decision: { action: "wait", window: true, until: new Date("2027-09-04T00:00:00Z") },
      findings: [],
    });
    expect(renewText(result, fake.clock.now, false)).toBe(
      `${name}: issued; generation 2 waits for its window: Sat 02:00 (Europe/Berlin)\n  -> to have it served at once: mailcert deploy ${name}`,
    );
    expect(renewText(result, fake.clock.now, true)).toBe("");
    expect([live(), fake.server.reloads]).toEqual([1, reloads]);
    const told = await status(fake.world, []);
    expect(told.ok).toBe(true);
    expect(statusText(told, undefined, fake.clock.now)).toContain("waits for its window: Sat 02:00 (Europe/Berlin)");
    // The next runs issue nothing more.
    fake.clock.now = new Date("2027-09-03T20:00:00Z");
    expect((await run()).certificates[0]).not.toHaveProperty("issued");
    expect([live(), fake.world.store.read(name)?.generations.length]).toEqual([1, 2]);
    fake.clock.now = new Date(saturday);
    expect((await run()).outcome).toBe("done");
    expect([live(), fake.world.store.read(name)?.stage]).toEqual([2, "verified"]);
  });

  it("does not wait for a person: deploy, renew NAME, renew --force", async () => {
    await run();
    expect((await deploy(fake.world, mail, options)).outcome).toBe("verified");
    expect(live()).toBe(2);
    expect((await run(mail, { force: true })).outcome).toBe("done");
    expect(live()).toBe(3);
    await issue(fake.world, mail);
    expect((await run()).outcome).toBe("waiting");
    expect((await run(mail, { named: true })).outcome).toBe("done");
    expect(live()).toBe(4);
  });

  it("in it nothing waits", async () => {
    fake.clock.now = new Date(saturday);
    expect((await run()).outcome).toBe("done");
    expect(live()).toBe(2);
  });

  // Servers that read their files at each connection have the new one, others the old: to wait would keep that up for days, and what
  // before_deploy drained stays drained.
  it("what was switched to in the window goes on when it has closed; so does the daily proof", async () => {
    fake.clock.now = new Date(saturday);
    fake.server.deaf = true;
    expect((await run()).outcome).toBe("fault");
    expect([live(), fake.world.store.read(name)?.stage]).toEqual([2, "reloaded"]);
    fake.clock.now = new Date("2027-09-04T12:00:00Z");
    fake.server.deaf = false;
    const result = await run();
    expect([result.outcome, result.certificates[0]?.decision.action]).toEqual(["done", "deploy"]);
    expect(result.certificates[0]?.findings).toEqual([]);
    fake.clock.now = new Date("2027-09-07T12:00:00Z");
    expect((await run()).certificates[0]?.deployed?.outcome).toBe("verified");
  });

  it("a run that is killed between the switch and the reload is finished by the next one, whatever the clock says", async () => {
    fake.clock.now = new Date(saturday);
    let switched = false;
    fake.hooks.beforeWrite = (what) => {
      if (what === "live") switched = true;
      else if (switched) throw new Error("killed");
    };
    await expect(run()).rejects.toThrow("killed");
    fake.hooks.beforeWrite = () => undefined;
    expect([live(), fake.world.store.read(name)?.stage]).toEqual([2, "staged"]);
    fake.clock.now = new Date("2027-09-06T12:00:00Z");
    const next = fake.again();
    expect((await renew(next.world, [mail], options)).outcome).toBe("done");
    expect(next.world.store.read(name)?.stage).toBe("verified");
  });
});

describe("a window that no run fell into", () => {
  const missed = "its window has passed (2027-09-04 00:00 UTC to 2027-09-04 03:00 UTC), and no run came in it";
  const sunday = "2027-09-04T12:00:00Z";

  it("is told by renew and status, once one has passed, and not by each mail of cron", async () => {
    expect((await run()).certificates[0]?.findings).toEqual([]);
    fake.clock.now = new Date(sunday);
    const result = await run();
    expect(result.outcome).toBe("waiting");
    expect(result.certificates[0]?.findings).toMatchObject([{ check: "window-missed", severity: "warning" }]);
    expect(result.certificates[0]?.findings[0]?.message).toContain(missed);
    expect(renewText(result, fake.clock.now, true)).toBe("");
    const told = await status(fake.world, []);
    expect(told.ok).toBe(true);
    expect(statusText(told, undefined, fake.clock.now)).toContain(missed);
  });

  it("is not said where a run came in it and the deployment failed", async () => {
    await run();
    fake.clock.now = new Date(saturday);
    const hooks = scriptedHooks();
    hooks.ends["before_deploy"] = "the balancer is busy";
    const hooked = windowed("Sat,Sun 02:00-05:00", { hooks: allHooks });
    const world = { ...fake.world, hooks: async () => hooks.tools };
    expect((await renew(world, [hooked], options)).outcome).toBe("fault");
    fake.clock.now = new Date(sunday);
    const result = await renew(world, [hooked], options);
    expect(result.certificates[0]).toMatchObject({ decision: { action: "wait", window: true }, findings: [] });
    // It waits for its window; what failed, and its hint, stand below it.
    const read = async () => ({ certificates: [hooked] });
    const told = await status({ ...world, config: { ...world.config, read } }, []);
    const text = statusText(told, undefined, fake.clock.now);
    expect(told.ok).toBe(false);
    expect(text).toContain("waits for its window");
    expect(text).toContain("last error (2027-09-04 00:30 UTC, attempt 1): before_deploy: /usr/local/sbin/before ended");
    expect(text).toContain("the balancer is busy");
  });
});

describe("it does not wait", () => {
  const hold = (now: string, over: object = {}) => {
    const state = fake.world.store.read(name);
    if (!state) throw new Error("no state");
    return windowHold(mail, { ...state, ...over }, live(), new Date(now), "Europe/Berlin");
  };
  beforeEach(async () => void (await run()));

  it("where what is live would end before the window has closed, or has ended", async () => {
    const end = Date.parse(fake.world.store.read(name)?.generations[0]?.notAfter ?? "");
    expect(hold(friday)?.why).toContain("waits for its window");
    expect(hold(new Date(end - 8 * 86_400_000).toISOString())).toBeDefined();
    // Wednesday 2027-12-22 12:00: the next window is on Saturday.
    expect(new Date(end).toISOString().slice(0, 10)).toBe("2027-12-22");
    expect(hold(new Date(end - 3_600_000).toISOString())).toBeUndefined();
    expect(hold(new Date(end + 3_600_000).toISOString())).toBeUndefined();
    fake.clock.now = new Date(end - 3_600_000);
    const result = await run();
    expect([result.outcome, live()]).toEqual(["done", 2]);
    expect(result.certificates[0]?.decision).toMatchObject({
      why: expect.stringContaining("not verified yet; outside its window: generation 1, which is served, ends on"),
    });
    expect(result.certificates[0]?.findings).toEqual([
      {
        check: "window-outside",
        severity: "warning",
        message:
          "mail.example.org: it was switched to outside its window: generation 1, which is served, ends on 2027-12-22 10:59 UTC, before the next one has closed",
      },
    ]);
    // Another run has nothing to say.
    expect((await run()).certificates[0]?.findings).toEqual([]);
  });

  it("where an entry point is broken", () => {
    const { deployments } = fake.world.store.read(name) ?? {};
    const broken = Object.fromEntries(
      Object.entries(deployments ?? {}).map(([id, one]) => [
        id,
        { ...one, entries: one.entries.map((entry) => ({ ...entry, verdict: "failing" })) },
      ]),
    );
    expect(hold(friday, { deployments: broken })).toBeUndefined();
  });

  it("where what is live was revoked, or its key was given up", () => {
    const generations = fake.world.store.read(name)?.generations ?? [];
    const revoked = { at: "2027-09-03T00:00:00Z", reason: "keyCompromise" };
    expect(hold(friday, { generations: generations.map((one) => ({ ...one, revoked })) })).toBeUndefined();
    const retired = Object.values(generations[0]?.leaves ?? {}).map(({ spkiSha256 }) => spkiSha256);
    expect(hold(friday, { retired })).toBeUndefined();
  });

  it("with window: none, whatever holds for all", async () => {
    const { window } = mail;
    const all = window === undefined || window === "none" ? {} : { window };
    expect((await run(certificate({ inherited: all }))).outcome).toBe("waiting");
    expect((await run(certificate({ window: "none", inherited: all }))).outcome).toBe("done");
  });
});
