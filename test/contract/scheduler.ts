// What systemd and cron must keep alike: install changes nothing the second time, foreign files stay, removal leaves nothing.
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import type { ScheduleJob, Scheduler } from "../../src/system/scheduler.ts";

export interface SchedulerUnderTest {
  readonly scheduler: Scheduler;
  /** The folder that it writes into; empty at first. */
  readonly folder: string;
  /** Everything that was run so far. */
  readonly ran: readonly string[];
  /** Exit status of the scheduled run from now on. */
  readonly endWith: (status: number) => void;
}

export const job: ScheduleJob = {
  nodePath: "/usr/bin/node",
  programPath: "/usr/local/lib/mailcert/bin/mailcert.js",
  args: ["renew", "--config", "/etc/mailcert/mailcert.yaml", "--state", "/var/lib/mailcert"],
  writable: ["/var/lib/mailcert", "/etc/mailcert", "/etc/dovecot", "/etc/postfix"],
  hostName: "mail.example.org",
};

const below = (folder: string): readonly string[] => readdirSync(folder, { recursive: true }).map(String).sort();

export const schedulerContract = (name: string, open: () => Promise<SchedulerUnderTest>): void => {
  describe(`scheduler contract: ${name}`, () => {
    test("nothing is there at first, and looking changes nothing", async () => {
      const { scheduler, folder } = await open();
      const state = await scheduler.state(job);
      expect(state).toMatchObject({ kind: scheduler.kind, active: false });
      expect(state.files.length).toBeGreaterThan(0);
      expect(state.files.every((file) => file.state === "missing")).toBe(true);
      expect(below(folder)).toEqual([]);
    });

    test("installed, it is active, of root's files alone, and runs renew by absolute paths", async () => {
      const { scheduler, folder } = await open();
      await scheduler.install(job);
      const state = await scheduler.state(job);
      expect(state.active).toBe(true);
      expect(state.files.every((file) => file.state === "current")).toBe(true);
      const text = state.files.map(({ path }) => readFileSync(path, "utf8")).join("");
      expect(text).toContain(`${job.nodePath} ${job.programPath} renew --config /etc/mailcert/mailcert.yaml`);
      for (const { path } of state.files) expect(statSync(path).mode & 0o777).toBe(0o644);
      expect(state.files.every(({ path }) => path.startsWith(folder))).toBe(true);
    });

    test("installed twice, not a byte and not an inode changes", async () => {
      const { scheduler, folder } = await open();
      await scheduler.install(job);
      const before = below(folder).map((path) => [path, statSync(join(folder, path)).ino]);
      await scheduler.install(job);
      expect(below(folder).map((path) => [path, statSync(join(folder, path)).ino])).toEqual(before);
    });

    test("another program path is seen as a difference and brought up to date", async () => {
      const { scheduler } = await open();
      await scheduler.install(job);
      const moved = { ...job, nodePath: "/opt/node/bin/node" };
      expect((await scheduler.state(moved)).files.some((file) => file.state === "different")).toBe(true);
      await scheduler.install(moved);
      expect((await scheduler.state(moved)).files.every((file) => file.state === "current")).toBe(true);
    });

    test("one that renews another configuration, or with another state folder, is not active for this one, and says what it renews", async () => {
      const { scheduler } = await open();
      const dir = mkdtempSync(join(tmpdir(), "mailcert-places-"));
      const renewing = (config: string, state: string): ScheduleJob => ({
        ...job,
        args: ["renew", "--config", config, "--state", state],
      });
      try {
        const theirs = { config: join(dir, "the other = [1].yaml"), state: join(dir, "~mail cert") };
        mkdirSync(theirs.state);
        writeFileSync(theirs.config, "");
        await scheduler.install(renewing(theirs.config, theirs.state));
        expect(await scheduler.state(renewing(theirs.config, theirs.state))).toMatchObject({ active: true });
        expect(await scheduler.state(renewing(theirs.config, theirs.state))).not.toHaveProperty("instead");
        for (const mine of [job, renewing(theirs.config, "/srv/state"), renewing("/srv/c.yaml", theirs.state)]) {
          const state = await scheduler.state(mine);
          expect(state).toMatchObject({ active: false, instead: theirs });
          expect(state.problem).toContain(theirs.config);
        }
        // The same by a link is no other, but for one from another folder: conf.d is read beside it.
        mkdirSync(join(dir, "elsewhere"));
        mkdirSync(join(dir, "state"));
        symlinkSync(dir, join(dir, "whole"));
        symlinkSync(join(dir, "state"), join(dir, "state.link"));
        symlinkSync(theirs.config, join(dir, "elsewhere/link.yaml"));
        await scheduler.install(renewing(theirs.config, join(dir, "state")));
        const linked = renewing(join(dir, "whole", basename(theirs.config)), join(dir, "state.link"));
        expect(await scheduler.state(linked)).toMatchObject({ active: true });
        expect(await scheduler.state(renewing(join(dir, "elsewhere/link.yaml"), join(dir, "state")))).toMatchObject({
          active: false,
          instead: { config: theirs.config },
        });
        // A state folder that was moved; a configuration that cannot be looked at now.
        const moved = renewing(theirs.config, join(dir, "state.new"));
        expect(await scheduler.state(moved)).toHaveProperty("instead");
        rmSync(join(dir, "state"), { recursive: true });
        expect(await scheduler.state(moved)).not.toHaveProperty("instead");
        symlinkSync("loop.yaml", join(dir, "loop.yaml"));
        await scheduler.install(renewing(join(dir, "loop.yaml"), theirs.state));
        expect(await scheduler.state(job)).toHaveProperty("instead");
        // Nor do places that no schedule can carry hide it.
        expect(await scheduler.state(renewing("/srv/50%'/c.yaml", "/srv/state"))).toHaveProperty("instead");
        await scheduler.install(renewing(theirs.config, theirs.state));
        // It was moved: nothing is left that this one would end.
        rmSync(theirs.config);
        expect(await scheduler.state(job)).toMatchObject({ active: true });
        expect(await scheduler.state(job)).not.toHaveProperty("instead");
      } finally {
        rmSync(dir, { recursive: true });
      }
    });

    test("a program that starts by itself is run by its path alone", async () => {
      const { scheduler } = await open();
      const { nodePath: _node, ...alone } = { ...job, programPath: "/usr/bin/mailcert" };
      await scheduler.install(alone);
      const text = (await scheduler.state(alone)).files.map(({ path }) => readFileSync(path, "utf8")).join("");
      expect(text).toMatch(/(?:ExecStart=|root )\/usr\/bin\/mailcert renew --config /);
      expect(text).not.toContain("node ");
    });

    test("removed, nothing is left behind; once more is no mistake", async () => {
      const { scheduler, folder } = await open();
      await scheduler.install(job);
      const paths = (await scheduler.state(job)).files.map(({ path }) => path);
      expect([...(await scheduler.remove())].sort()).toEqual([...paths].sort());
      expect(below(folder).filter((path) => path.includes("mailcert"))).toEqual([]);
      expect(await scheduler.remove()).toEqual([]);
    });

    test("a file of that name that somebody else wrote is neither replaced nor removed", async () => {
      const { scheduler } = await open();
      const [first] = (await scheduler.state(job)).files;
      const path = first?.path ?? "";
      writeFileSync(path, "# mine\n");
      expect((await scheduler.state(job)).files[0]?.state).toBe("foreign");
      await expect(scheduler.install(job)).rejects.toMatchObject({ kind: "cannot-create" });
      expect(await scheduler.remove()).toEqual([]);
      expect(readFileSync(path, "utf8")).toBe("# mine\n");
      expect(readdirSync(dirname(path)).filter((name) => name.includes("mailcert"))).toHaveLength(1);
    });

    test.each([
      "/opt/50%/node",
      "/opt/$HOME/node",
      '/opt/a"b/node',
      "/opt/a\nb/node",
      "/opt/a'b/node",
      String.raw`/opt/a\b/node`,
    ])("a path that would mean something else is refused: %j", async (nodePath) => {
      const { scheduler, folder } = await open();
      await expect(scheduler.install({ ...job, nodePath })).rejects.toMatchObject({ kind: "data" });
      expect(below(folder)).toEqual([]);
    });

    test.each([
      [0, true],
      [75, true],
      [1, false],
      [78, false],
    ])("a run that ends with %i: well is %s", async (status, ok) => {
      const { scheduler, endWith, ran } = await open();
      await scheduler.install(job);
      endWith(status);
      const count = ran.length;
      const run = await scheduler.runOnce(job);
      expect(run).toMatchObject({ status, ok });
      expect(run.output !== undefined).toBe(!ok);
      expect(ran.length).toBeGreaterThan(count);
    });
  });
};
