// Installing, showing and removing the schedule: which one, what is refused, what the first run came to.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { scheduleInstallText, scheduleShowText } from "../../src/reports/schedule.ts";
import type { ScheduleKind, ScheduleRun, ScheduleState, Scheduler } from "../../src/system/scheduler.ts";
import type { ScheduleDeps } from "../../src/usecases/schedule-tools.ts";
import { installSchedule, noneNote, refuseWithout, removeSchedule } from "../../src/usecases/install-schedule.ts";
import { canRunHourly, scheduleJob, showSchedule } from "../../src/usecases/schedule.ts";
import { job } from "../contract/scheduler.ts";
import { usualAcme } from "../fakes/settings.ts";
import { certificate, fakeWorld } from "../fakes/world.ts";

const path = { systemd: "/etc/systemd/system/mailcert.timer", cron: "/etc/cron.d/mailcert" } as const;

const fake = (kind: ScheduleKind, here = true, run: ScheduleRun = { status: 0, ok: true }) => {
  const calls: string[] = [];
  let state: ScheduleState["files"][number]["state"] = "missing";
  const scheduler: Scheduler = {
    kind,
    available: async () => here,
    state: async () => ({ kind, files: [{ path: path[kind], state }], active: state === "current" }),
    install: async () => {
      calls.push("install");
      state = "current";
    },
    runOnce: async () => {
      calls.push("run");
      return run;
    },
    remove: async () => {
      calls.push("remove");
      const removed = state === "missing" ? [] : [path[kind]];
      state = "missing";
      return removed;
    },
  };
  return { scheduler, calls, become: (next: typeof state) => (state = next) };
};

const host = (systemd = fake("systemd"), cron = fake("cron"), more: Partial<ScheduleDeps> = {}) => ({
  systemd,
  cron,
  deps: {
    schedulers: { systemd: systemd.scheduler, cron: cron.scheduler },
    findOffence: async () => undefined,
    uid: 0,
    nodePath: "/usr/bin/node",
    programPath: job.programPath,
    hostName: job.hostName,
    ...more,
  } satisfies ScheduleDeps,
});

const install = (deps: ScheduleDeps, schedule: ScheduleKind | "auto" | "none" = "auto", dryRun = false) =>
  installSchedule(deps, { job, schedule, dryRun });

describe("install", () => {
  test("systemd where it runs; the first run is started once and shown", async () => {
    const { deps, systemd, cron } = host();
    const result = await install(deps);
    expect(result).toMatchObject({ kind: "systemd", change: "installed", firstRun: { ok: true }, removed: [] });
    expect(systemd.calls).toEqual(["install", "run"]);
    expect(cron.calls).toEqual(["remove"]);
    expect(scheduleInstallText(result)).toContain("first run: all well");
  });
  test("one of another configuration's is not replaced, of either kind, dry run or not: that would end its renewal", async () => {
    const instead = { config: "/srv/other/mailcert.yaml", state: "/srv/other state" };
    for (const kind of ["systemd", "cron"] as const) {
      const { deps, systemd, cron } = host();
      const { scheduler } = { systemd, cron }[kind];
      scheduler.state = async () => ({
        kind,
        files: [{ path: path[kind], state: "different" }],
        active: false,
        instead,
        problem: "renews another's",
      });
      for (const dryRun of [false, true])
        await expect(install(deps, "auto", dryRun)).rejects.toMatchObject({
          kind: "config",
          message: expect.stringContaining("/srv/other/mailcert.yaml (state folder /srv/other state)") as string,
          hints: [
            expect.stringContaining(
              "mailcert --config /srv/other/mailcert.yaml --state '/srv/other state' setup",
            ) as string,
            expect.stringContaining("--state '/srv/other state' schedule remove, then this command again") as string,
            expect.stringContaining("mailcert setup --schedule none") as string,
          ],
        });
      expect([...systemd.calls, ...cron.calls]).toEqual([]);
    }
  });
  test("the second time nothing is installed and nothing is run", async () => {
    const { deps, systemd } = host();
    await install(deps);
    const again = await install(deps);
    expect(again).toMatchObject({ change: "unchanged" });
    expect(again.firstRun).toBeUndefined();
    expect(systemd.calls).toEqual(["install", "run"]);
  });
  test("a file that differs is brought up to date", async () => {
    const { deps, systemd } = host();
    systemd.become("different");
    expect(await install(deps)).toMatchObject({ change: "updated" });
  });
  test("cron where systemd does not run; none where neither is, with a word about it", async () => {
    expect(await install(host(fake("systemd", false)).deps)).toMatchObject({ kind: "cron", change: "installed" });
    const none = await install(host(fake("systemd", false), fake("cron", false)).deps);
    expect(none).toMatchObject({ kind: "none", note: expect.stringContaining("neither systemd nor cron") });
  });
  test("what cannot be had is refused with a hint that fits this host", async () => {
    const systemdOnly = host(fake("systemd"), fake("cron", false)).deps;
    const neither = host(fake("systemd", false), fake("cron", false)).deps;
    await expect(install(systemdOnly, "cron")).rejects.toMatchObject({
      kind: "unavailable",
      hints: ["use --schedule systemd"],
    });
    for (const refused of [install(neither, "systemd"), install(neither, "cron"), refuseWithout(neither)])
      await expect(refused).rejects.toMatchObject({
        kind: "unavailable",
        hints: [expect.stringMatching(/^install cron, or start .* in a container: mailcert renew --every 1h$/)],
      });
    await refuseWithout(systemdOnly);
    // In a container the loop is what renews.
    expect(await canRunHourly({ ...neither, ownLoop: async () => true })).toBe(true);
    expect(scheduleShowText([], noneNote)).toMatch(/^no schedule is installed: neither systemd nor cron is here: /);
    expect(scheduleShowText([])).toBe("no schedule is installed: mailcert schedule install");
  });
  test("changing from cron to systemd takes the cron line away", async () => {
    const { deps } = host();
    await install(deps, "cron");
    const result = await install(deps, "systemd");
    expect(result.removed).toEqual([path.cron]);
  });
  test("none changes nothing", async () => {
    const { deps, systemd, cron } = host();
    expect(await install(deps, "none")).toMatchObject({ kind: "none", change: "none" });
    expect([...systemd.calls, ...cron.calls]).toEqual([]);
  });
  test("a dry run says what would be done and does nothing", async () => {
    const { deps, systemd, cron } = host();
    const result = await install(deps, "auto", true);
    expect(result).toMatchObject({ kind: "systemd", change: "installed", dryRun: true });
    expect(scheduleInstallText(result)).toContain("would be installed");
    expect([...systemd.calls, ...cron.calls]).toEqual([]);
  });
  test("a first run that fails is shown; the schedule stays", async () => {
    const { deps } = host(
      fake("systemd", true, { status: 1, ok: false, output: "mailcert: error: x\nmailcert: hint: y" }),
    );
    const result = await install(deps);
    expect(result.firstRun?.ok).toBe(false);
    expect(scheduleInstallText(result)).toContain(
      "first run: failed (exit 1)\n    mailcert: error: x\n    mailcert: hint: y",
    );
  });
  test("one that is not to be had is refused by name", async () => {
    await expect(install(host(fake("systemd", false)).deps, "systemd")).rejects.toMatchObject({ kind: "unavailable" });
    await expect(install(host(fake("systemd"), fake("cron", false)).deps, "cron")).rejects.toMatchObject({
      kind: "unavailable",
    });
  });
  test("not root: refused", async () => {
    await expect(install(host(undefined, undefined, { uid: 1000 }).deps)).rejects.toMatchObject({
      kind: "no-permission",
    });
  });
  test("a program that somebody else can change: refused with the path and the mending command, nothing installed", async () => {
    const findOffence = async () => ({ path: "/opt", who: "everybody", mend: "chmod go-w /opt" });
    const { deps, systemd } = host(undefined, undefined, { findOffence });
    await expect(install(deps)).rejects.toMatchObject({
      kind: "config",
      message: `root must not run ${job.programPath} unattended: /opt can be written by everybody`,
      hints: ["chmod go-w /opt", expect.any(String)],
    });
    expect(systemd.calls).toEqual([]);
  });
  test("a unit of that name that somebody else wrote: refused before anything changes", async () => {
    const { deps, systemd, cron } = host();
    systemd.become("foreign");
    await expect(install(deps)).rejects.toMatchObject({ kind: "cannot-create" });
    expect([...systemd.calls, ...cron.calls]).toEqual([]);
  });
});

describe("show and remove", () => {
  test("both kinds are shown", async () => {
    const { deps } = host();
    expect(scheduleShowText(await showSchedule(deps, job))).toBe("no schedule is installed: mailcert schedule install");
    await install(deps);
    expect(scheduleShowText(await showSchedule(deps, job))).toBe("systemd timer mailcert.timer: active, every hour");
  });
  test("remove takes both kinds away, and a dry run names them", async () => {
    const { deps } = host();
    await install(deps);
    expect(await removeSchedule(deps, job, true)).toEqual({ dryRun: true, removed: [path.systemd] });
    expect(await removeSchedule(deps, job, false)).toEqual({ dryRun: false, removed: [path.systemd] });
    expect(await removeSchedule(deps, job, false)).toEqual({ dryRun: false, removed: [] });
  });
  test("only root removes", async () => {
    const { deps } = host(undefined, undefined, { uid: 1000 });
    await expect(removeSchedule(deps, job, false)).rejects.toMatchObject({ kind: "no-permission" });
  });
});

describe("what the timer's run may write to", () => {
  test("state, configuration, the servers' folders, bundles, and a web server's folder for tokens", async () => {
    const fake = fakeWorld();
    const acme = {
      kind: "acme",
      directory: "https://ca.example/dir",
      agreeTos: true,
      ...usualAcme,
      httpAddress: ":80",
      webroot: "/srv/www",
    } as const;
    const { writable } = await scheduleJob(fake.world, host().deps, [
      certificate({ bundle: "/srv/bundle" }),
      certificate({ name: "other.example.org", issuer: acme }),
    ]);
    expect(writable).toContain(fake.world.store.dir);
    expect(writable).toContain("/srv/bundle");
    expect(writable).toContain("/srv/www");
  });
  test("and where copies of a private CA's lists are kept, also beside a CA that cannot be read", async () => {
    const fake = fakeWorld();
    const cas = await fake.world.privateCas();
    for (const name of ["broken", "office"])
      await cas.init({ name, names: ["mail.example.org"], now: fake.world.now() });
    await writeFile(join(cas.folderOf("broken"), "root.pem"), "no root");
    const files = [{ path: "/srv/lists/ca.crl" }];
    await writeFile(join(cas.folderOf("office"), "published.json"), JSON.stringify({ files }));
    expect((await scheduleJob(fake.world, host().deps, [])).writable).toContain("/srv/lists");
  });
});
