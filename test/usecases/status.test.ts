// What status finds: what was rolled back, when it was last proven, what is not worth telling; and whether anything renews.
import { afterEach, beforeEach, expect, test } from "vitest";
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
import { type FakeWorld, certificate, fakeWorld } from "../fakes/world.ts";

const options: RenewOptions = {
  replace: false,
  accept: async () => false,
  force: true,
  newKey: false,
  named: true,
  dryRun: false,
};

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

test("a name for which nothing was ever issued, and that nobody asks for any more, is not listed", async () => {
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
  expect((await status(world, [])).certificates).toEqual([]);
  const config = { ...world.config, read: async () => ({ certificates: [certificate()] }) };
  const { certificates } = await status({ ...world, config }, []);
  expect(certificates).toMatchObject([{ configured: true, lastError: { message: "the CA does not answer" } }]);
  expect(certificates[0]?.lastError).not.toHaveProperty("wanted");
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
  const odd = (): never => {
    throw new Failure("data", "that path cannot be written into a schedule");
  };
  expect(await hourlyRun(scheduling(odd))).toMatchObject({ renews: false, problem: expect.stringContaining("path") });
});
