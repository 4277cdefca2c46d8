// What status finds: what was rolled back, when it was last proven, what is not worth telling; and whether anything renews.
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Failure } from "../../src/domain/failure.ts";
import type { ScheduleState } from "../../src/system/scheduler.ts";
import { deploy } from "../../src/usecases/deploy.ts";
import type { ScheduleDeps } from "../../src/usecases/schedule-tools.ts";
import { issue } from "../../src/usecases/issue.ts";
import { remove } from "../../src/usecases/remove.ts";
import { type RenewOptions, renew } from "../../src/usecases/renew.ts";
import { rollback } from "../../src/usecases/rollback.ts";
import { hourlyRun } from "../../src/usecases/schedule.ts";
import { status } from "../../src/usecases/status.ts";
import type { World } from "../../src/usecases/world.ts";
import { hourlyWarnings, statusDocument, statusText } from "../../src/reports/status.ts";
import { complaints } from "../docs/schemas.ts";
import { type FakeWorld, certificate, fakeWorld } from "../fakes/world.ts";
import { timerRun } from "../fakes/renew-options.ts";

const options: RenewOptions = { ...timerRun, force: true, named: true };

let fake: FakeWorld;
beforeEach(() => {
  fake = fakeWorld();
});
afterEach(() => fake.dispose());

const only = async () => {
  const { certificates } = await status(fake.world, []);
  expect(certificates).toHaveLength(1);
  return certificates[0];
};

test("after a rollback it says which generation was taken back; the log's ways back are ways back", async () => {
  const { world } = fake;
  await issue(world, certificate());
  await deploy(world, certificate(), options);
  expect(await only()).toMatchObject({ rolledBack: [], lastProven: "2026-11-20T12:00:00.000Z", live: { number: 1 } });
  await renew(world, [certificate()], options);
  await rollback(world, certificate(), options);
  expect(await only()).toMatchObject({ rolledBack: [2], live: { number: 1 }, stage: "verified" });
  const live = (await world.store.events()).filter(({ what }) => what.startsWith("live: "));
  expect(live.map(({ what, undo }) => [what, undo])).toEqual([
    ["live: generation 1", "mailcert deploy --remove mail.example.org"],
    ["live: generation 1 -> 2", "mailcert rollback mail.example.org"],
    ["live: generation 2 -> 1", "mailcert renew --force mail.example.org"],
  ]);
});

test("what was taken out is told as what happened to the host, and can be put back", async () => {
  const { world } = fake;
  await issue(world, certificate());
  await deploy(world, certificate(), options);
  expect((await remove(world, ["mail.example.org"], { dryRun: true }))[0]?.reverted).toEqual([
    "fake: main.cf: would remove certificate",
  ]);
  expect((await remove(world, ["mail.example.org"], { dryRun: false }))[0]?.reverted).toEqual([
    "fake: main.cf: removed certificate",
  ]);
  expect((await world.store.events()).at(-1)).toMatchObject({
    what: "fake: main.cf: removed certificate",
    undo: "mailcert deploy mail.example.org",
  });
  const found = await only();
  expect(found).toMatchObject({ parked: true, deployments: {} });
  expect(found?.lastProven).toBeUndefined();
});

test("a setting that somebody changed since is left, and the log says why", async () => {
  const { world, server } = fake;
  await issue(world, certificate());
  await deploy(world, certificate(), options);
  server.setting = "/etc/mine.pem";
  expect(await remove(world, ["mail.example.org"], { dryRun: false })).toMatchObject([
    { reverted: [], kept: ["fake: main.cf: certificate: somebody changed it since"] },
  ]);
  expect((await world.store.events()).at(-1)?.what).toBe(
    "fake: left alone: main.cf: certificate: somebody changed it since",
  );
});

test("a first attempt that failed is listed with the command for the next one; it is no fault once there is another certificate", async () => {
  const { world } = fake;
  const failing: World = {
    ...world,
    issuer: async () => ({
      refuses: () => undefined,
      issue: async () => {
        throw new Failure("unavailable", "the CA does not answer");
      },
    }),
  };
  await expect(issue(failing, certificate())).rejects.toThrow("the CA does not answer");
  expect(world.store.list()).toContain("mail.example.org");
  const alone = await status(world, []);
  expect(alone).toMatchObject({ ok: false, certificates: [{ configured: false, asked: { issuer: "self-signed" } }] });
  expect(complaints(statusDocument(alone))).toEqual([]);
  const text = statusText(alone, undefined, fake.clock.now);
  expect(text).toContain("not set up: the attempt failed");
  expect(text).toContain("last error (2026-11-20 12:00 UTC, attempt 1): the CA does not answer");
  expect(text).toContain("to try it again: mailcert setup mail.example.org --issuer self-signed\n");
  expect(text).toContain("to forget it: rm -r ");
  const other = certificate({ name: "mx.example.org", names: ["mx.example.org"] });
  await issue(world, other);
  await deploy(world, other, options);
  const both = { ...world, config: { ...world.config, read: async () => ({ certificates: [other] }) } };
  expect(await status(both, [])).toMatchObject({ ok: true, certificates: [{}, { configured: false }] });
  const config = { ...world.config, read: async () => ({ certificates: [certificate()] }) };
  const { certificates } = await status({ ...world, config }, ["mail.example.org"]);
  expect(certificates).toMatchObject([{ configured: true, lastError: { message: "the CA does not answer" } }]);
  expect(certificates[0]?.lastError).not.toHaveProperty("wanted");
});

test("an attempt to change to another issuer that failed is told from the certificate's own", async () => {
  const { world } = fake;
  const present = certificate();
  await issue(world, present);
  await deploy(world, present, options);
  const failing: World = {
    ...world,
    config: { ...world.config, read: async () => ({ certificates: [present] }) },
    issuer: async () => ({
      refuses: () => undefined,
      issue: async () => {
        throw new Failure("unavailable", "the CA does not answer");
      },
    }),
  };
  const other = certificate({ issuer: { kind: "private-ca", ca: "default", days: 397 } });
  await expect(issue(failing, other)).rejects.toThrow("the CA does not answer");
  const told = await status(failing, []);
  expect(told.certificates).toMatchObject([{ lastError: { asked: "private-ca", notDue: true } }]);
  expect(complaints(statusDocument(told))).toEqual([]);
  expect(statusText(told, undefined, fake.clock.now)).toContain(
    "of an attempt to change to private-ca, nothing was due: what is there stays): the CA does not answer",
  );
});

describe("what ends, or is overdue", () => {
  const configured = (world: World): World => ({
    ...world,
    config: { ...world.config, read: async () => ({ certificates: [certificate()] }) },
  });
  const days = (count: number) => {
    fake.clock.now = new Date(Date.parse("2026-11-20T12:00:00Z") + count * 86_400_000);
  };
  const seen = async () => {
    const result = await status(configured(fake.world), []);
    expect(complaints(statusDocument(result))).toEqual([]);
    const { findings = [], next } = result.certificates[0] ?? {};
    const text = statusText(result, undefined, fake.clock.now);
    return { ok: result.ok, action: next?.action, checks: findings.map(({ check }) => check), text };
  };
  beforeEach(async () => {
    await issue(fake.world, certificate());
    await deploy(fake.world, certificate(), options);
    const state = fake.world.store.read("mail.example.org");
    // Nothing is proven by servers: the renewal alone decides.
    if (state) await fake.world.store.write({ ...state, deployments: {} });
  });

  // 397 days: due after 264.67, the last eighth begins after 347.4.
  test.each([
    [100, true, "nothing", []],
    [265, true, "issue", []],
    [266, false, "issue", ["renew-overdue"]],
    [340, false, "issue", ["renew-overdue"]],
    [348, false, "issue", ["renew-ending"]],
    [396.5, false, "issue", ["renew-ending"]],
    [398, false, "issue", ["renew-ending"]],
  ])("after %d days: ok %s", async (count, ok, action, checks) => {
    days(count);
    expect(await seen()).toMatchObject({ ok, action, checks });
  });

  test("in words, with dates for people", async () => {
    days(267);
    expect((await seen()).text).toContain(`mail.example.org: to be issued: due since 2027-08-12 02:59 UTC
  generation 1
  served by nowhere
  fault: mail.example.org: renewal has been due for 2 days, and no run has tried it
    -> try now: mailcert renew mail.example.org; whether it runs by itself: mailcert schedule show`);
    days(396.5);
    const { text } = await seen();
    expect(text).toContain("2027-12-22 (10 hours)");
    expect(text).toContain("fault: mail.example.org ends on 2027-12-22 and is not renewed yet");
    days(395.5);
    expect((await seen()).text).toContain("2027-12-22 (1 day)");
  });

  test("an attempt that failed and has its next time explains that it is due; near the end nothing does", async () => {
    days(267);
    const failing: World = {
      ...configured(fake.world),
      issuer: async () => ({
        refuses: () => undefined,
        issue: async () => {
          throw new Failure("unavailable", "the CA does not answer");
        },
      }),
    };
    await expect(issue(failing, certificate())).rejects.toThrow("the CA does not answer");
    expect(await seen()).toMatchObject({ ok: false, action: "wait", checks: [] });
    days(267.5);
    expect(await seen()).toMatchObject({ ok: false, action: "issue", checks: [] });
    days(269);
    expect(await seen()).toMatchObject({ ok: false, action: "issue", checks: ["renew-overdue"] });
    expect((await seen()).text).toContain("for 4 days, and no run has tried it since 2027-08-14 12:00 UTC");
    days(350);
    await expect(issue(failing, certificate())).rejects.toThrow("the CA does not answer");
    expect(await seen()).toMatchObject({ ok: false, action: "wait", checks: ["renew-ending"] });
  });

  test("one that left the configuration, is served, and is near its end", async () => {
    const state = fake.world.store.read("mail.example.org");
    const dovecot = { server: "dovecot", generation: 1, at: "2026-11-20T12:00:00.000Z", entries: [] };
    if (state) await fake.world.store.write({ ...state, deployments: { dovecot } });
    days(300);
    expect(await status(fake.world, [])).toMatchObject({ ok: true });
    days(350);
    expect(await status(fake.world, [])).toMatchObject({
      ok: false,
      certificates: [{ findings: [{ check: "renew-orphan", severity: "fault" }] }],
    });
  });
});

const scheduling = (state: (kind: "systemd" | "cron") => Partial<ScheduleState>): World => {
  const scheduler = (kind: "systemd" | "cron") => ({
    kind,
    state: async (): Promise<ScheduleState> => ({ kind, files: [], active: false, ...state(kind) }),
  });
  const deps = { schedulers: { systemd: scheduler("systemd"), cron: scheduler("cron") } };
  return { ...fake.world, scheduling: async () => deps as unknown as ScheduleDeps };
};

test("whether anything renews: nothing, something that runs, something that does not", async () => {
  expect(await hourlyRun(scheduling(() => ({})))).toEqual({ renews: false });
  const next = "2026-11-20T13:00:00.000Z";
  const timer = (kind: string) =>
    kind === "systemd" ? { active: true, next, last: { status: 78, ok: false } } : { problem: "cron is not running" };
  expect(await hourlyRun(scheduling(timer))).toEqual({ renews: true, kind: "systemd", next, failed: 78 });
  const idle = (kind: string) => (kind === "cron" ? { problem: "cron is not running" } : {});
  expect(await hourlyRun(scheduling(idle))).toEqual({ renews: false, kind: "cron", problem: "cron is not running" });
  const instead = { config: "/srv/other.yaml", state: "/srv/other" };
  const others = (kind: string) => (kind === "systemd" ? { instead, problem: "that of another" } : {});
  expect(await hourlyRun(scheduling(others))).toEqual({
    renews: false,
    kind: "systemd",
    problem: "that of another",
    instead,
  });
  const other = (kind: string) =>
    kind === "systemd"
      ? {
          active: true,
          last: { status: 1, ok: false },
          files: [
            { path: "/u/mailcert.service", state: "different" as const },
            { path: "/u/mailcert.timer", state: "current" as const },
          ],
        }
      : {};
  expect(await hourlyRun(scheduling(other))).not.toHaveProperty("behind");
  const behind = await hourlyRun(scheduling(other), {
    programPath: "/p",
    args: [],
    writable: ["/srv/www"],
    hostName: "mail",
  });
  expect(behind).toMatchObject({ renews: true, failed: 1, behind: ["/u/mailcert.service"] });
  // What mends it stands first.
  expect(hourlyWarnings(behind, fake.world.now())).toEqual([
    "/u/mailcert.service is not what would be written now (other folders, servers or version since): mailcert schedule install",
    "the last run by itself failed (exit 1): mailcert schedule show",
  ]);
  const odd = (): never => {
    throw new Failure("data", "that path cannot be written into a schedule");
  };
  expect(await hourlyRun(scheduling(odd))).toMatchObject({ renews: false, problem: expect.stringContaining("path") });
});
