// The schedule where systemd really is PID 1: installed, run in the unit's own confinement, failing, elsewhere, removed. And cron's line, run as cron runs it.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type MailHost, startMailHost } from "../lab/mail-host.ts";
import {
  all,
  eventually,
  expectServed,
  folder,
  leafIn,
  liveLeaf,
  name,
  onHost,
  suites,
  usualPorts,
} from "./deployed-host.ts";

const service = "mailcert.service";
const units = [
  "mailcert.service",
  "mailcert.timer",
  "mailcert-failure@.service",
  "mailcert-dovecot.path",
  "mailcert-dovecot.service",
].map((unit) => `/etc/systemd/system/${unit}`);
/** Every name in systemd's and cron's folders of units, links and stamps, folders included, with its size and where it leads. */
const listing = (host: MailHost): Promise<string> =>
  host.must(
    "find /etc/systemd /etc/cron.d /usr/lib/systemd /run/systemd/system /var/lib/systemd/timers -type d -printf '%p\\n' -o -printf '%p %s %m %l\\n' 2>/dev/null | grep -vx /var/lib/systemd/timers | sort",
  );

const show = async (host: MailHost, unit: string, ...names: readonly string[]): Promise<Record<string, string>> => {
  const text = await host.must(["systemctl", "show", `--property=${names.join(",")}`, unit]);
  const lines = text.split("\n").filter((line) => line.includes("="));
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));
};

/** As the timer does, now. */
const start = (host: MailHost) => host.exec(["systemctl", "start", service], { timeoutMs: 60_000 });

/** The last run's lines in the journal. */
const said = async (host: MailHost): Promise<string> => {
  const { InvocationID } = await show(host, service, "InvocationID");
  return host.must(`journalctl --sync && journalctl --no-pager --output=cat _SYSTEMD_INVOCATION_ID=${InvocationID}`);
};

/** A run of mailcert 300 days ago: what it issues then is valid and due today. */
const longAgo = ["faketime", "-300 days", "mailcert"] as const;

/** A further generation, not deployed yet, whose renewal is due. */
const makeDue = async (host: MailHost): Promise<void> => {
  const { status, stdout, stderr } = await host.exec([...longAgo, "issue"], { timeoutMs: 60_000 });
  expect(status, stdout + stderr).toBe(0);
  expect((await host.mailcert(["renew", "--dry-run"])).stdout).toContain("to be issued: due since");
};

describe.concurrent.each(suites)("systemd on %s", (suite) => {
  let host: MailHost;
  let before = "";

  beforeAll(async () => {
    host = await startMailHost({ suite, systemd: true });
    await Promise.all([host.startDovecot(), host.startPostfix()]);
    before = await listing(host);
  });
  afterAll(() => host.stop());

  const steps: readonly (readonly [string, () => Promise<void>])[] = [
    [
      "setup installs service and timer, starts one run at once, and shows how it went: it renews what is due",
      async () => {
        const { status, stdout, stderr } = await host.exec([...longAgo, "setup", name], { timeoutMs: 90_000 });
        expect(status, stdout + stderr).toBe(0);
        expect(stdout).toContain("systemd timer mailcert.timer: installed, every hour\n");
        for (const unit of units) expect(stdout).toContain(`  ${unit}\n`);
        expect(stdout).toMatch(/\n {2}first run at 20\d\d-\d\d-\d\d \d\d:\d\d UTC: all well\n {2}next run: 20\d\d-/);
        expect(await host.must(["readlink", `${folder}/live`])).toBe("generations/0002\n");
        await expectServed(host, all(usualPorts, await liveLeaf(host)));
        expect(await said(host)).toMatch(/served and proven at every entry point\n {2}generation 2, /);
        // For one day every hour, from now on; the timer itself must not interfere with what follows.
        expect(await host.must(["systemctl", "list-timers", "--no-pager"])).toMatch(
          /mailcert\.timer +mailcert\.service/,
        );
        const timer = ["ActiveState", "UnitFileState", "Persistent", "RandomizedDelayUSec", "TimersCalendar"];
        const facts = await show(host, "mailcert.timer", ...timer);
        expect(facts).toMatchObject({ ActiveState: "active", UnitFileState: "enabled", Persistent: "yes" });
        expect(facts).toMatchObject({ RandomizedDelayUSec: "30min" });
        expect(facts["TimersCalendar"]).toContain("OnCalendar=*-*-* *:00:00 ;");
      },
    ],
    [
      "systemd's own reader has no complaint, and finds the service confined",
      async () => {
        const verified = await host.exec(["systemd-analyze", "verify", "--man=no", ...units]);
        expect({ status: verified.status, said: verified.stdout + verified.stderr }).toEqual({ status: 0, said: "" });
        for (const unit of [service, "mailcert-dovecot.service"]) {
          const judged = await host.must(["systemd-analyze", "security", "--no-pager", unit]);
          // docs/schedule.md has the figure.
          expect(Number(/Overall exposure level for \S+: (\d+\.\d+)/.exec(judged)?.[1])).toBe(3.5);
        }
        // An image that is made somewhere else: its units can be enabled without being run.
        const root = "/srv/image";
        await host.must(`mkdir -p ${root}/etc/systemd/system && cp ${units.join(" ")} ${root}/etc/systemd/system/`);
        const enable = ["mailcert.timer", "mailcert-dovecot.path", "mailcert-dovecot.service"];
        await host.must(["systemctl", `--root=${root}`, "--quiet", "enable", ...enable]);
        expect(await host.must(`cd ${root}/etc/systemd/system && find . -type l | sort && rm -r ${root}`)).toBe(
          "./multi-user.target.wants/mailcert-dovecot.service\n./paths.target.wants/mailcert-dovecot.path\n./timers.target.wants/mailcert.timer\n",
        );
      },
    ],
    [
      "another configuration, or state folder, has no schedule here, and takes nobody's",
      async () => {
        await host.must(
          "mkdir /srv/other && cp -a /etc/mailcert/mailcert.yaml /srv/other/ && cp -a /var/lib/mailcert /srv/other/state",
        );
        const other = ["--config", "/srv/other/mailcert.yaml", "--state", "/srv/other/state"];
        const files = await host.must(["cat", ...units]);
        const theirs =
          /schedule of this host is that of\s+\/etc\/mailcert\/mailcert\.yaml\s+\(state\s+folder\s+\/var\/lib\/mailcert\)/;
        const installed = await host.mailcert([...other, "schedule", "install"]);
        expect({ status: installed.status, stdout: installed.stdout }).toEqual({ status: 78, stdout: "" });
        expect(installed.stderr).toMatch(theirs);
        expect(installed.stderr).toContain("--state /var/lib/mailcert schedule remove, then this command again");
        const shown = await host.mailcert([...other, "schedule", "show"]);
        expect(shown.status).toBe(1);
        expect(shown.stdout).toMatch(theirs);
        expect((await host.mailcert([...other, "status"])).stdout).toMatch(theirs);
        expect((await host.mailcert(["--state", "/srv/other/state", "status"])).stdout).toMatch(theirs);
        expect((await host.mailcert(["status"])).stdout).toContain("renewed by itself: systemd timer");
        // Refused before anything of what such a copy has recorded is carried on; without a schedule it is nobody's business.
        for (const more of [["--dry-run"], ["--harden", "intermediate"], []])
          expect(await host.mailcert([...other, "setup", name, "--yes", ...more])).toMatchObject({
            status: 78,
            stdout: "",
            stderr: expect.stringMatching(theirs) as string,
          });
        const without = await host.mailcert([...other, "setup", name, "--schedule", "none", "--dry-run"]);
        expect(without.status, without.stderr).toBe(0);
        expect(await host.must(["cat", ...units])).toBe(files);
        await host.must("rm -r /srv/other");
      },
    ],
    [
      "a second install changes no byte and runs nothing",
      async () => {
        const stamps = ["sh", "-c", `stat -c '%n %i %y' ${units.join(" ")}`];
        const [files, run] = [await host.must(stamps), await show(host, service, "InvocationID")];
        const { status, stdout } = await host.mailcert(["schedule", "install"]);
        expect({ status, first: stdout.split("\n")[0] }).toEqual({
          status: 0,
          first: "systemd timer mailcert.timer: in place, every hour",
        });
        expect(await host.must(stamps)).toBe(files);
        expect(await show(host, service, "InvocationID")).toEqual(run);
        const shown = await host.mailcert(["schedule", "show"]);
        expect({ status: shown.status, stderr: shown.stderr }).toEqual({ status: 0, stderr: "" });
        expect(shown.stdout).toMatch(
          /mailcert\.timer: active, every hour\n {2}last run at .* UTC: all well\n {2}next run: /,
        );
        await host.must(["systemctl", "stop", "mailcert.timer"]);
      },
    ],
    [
      "a due certificate is renewed, both servers are reloaded and every port is proven inside the confinement",
      async () => {
        await makeDue(host);
        // A start before ours in the same confinement: what is not named stays as it is.
        await host.write(
          `/etc/systemd/system/${service}.d/probe.conf`,
          "[Service]\nExecStartPre=-/bin/sh -c 'for path in /etc /usr/local /var /var/lib /home /root; do touch $$path/probe; done'\n",
        );
        await host.must(["systemctl", "daemon-reload"]);
        // `postfix check` puts right what is missing in the queue: Postfix would refuse the reload if it could not.
        await host.must(["rmdir", "/var/spool/postfix/hold"]);
        const old = await liveLeaf(host);
        const { status, stderr } = await start(host);
        expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
        const leaf = await liveLeaf(host);
        expect(leaf).not.toBe(old);
        await expectServed(host, all(usualPorts, leaf));
        const words = await said(host);
        expect(words.match(/: Read-only file system/g)).toHaveLength(6);
        expect(words).toMatch(/served and proven at every entry point/);
        expect(words).toMatch(/\n {2}dovecot [\d.]+: reloaded\n {2}postfix [\d.]+: reloaded\n/);
        await host.must(["test", "-d", "/var/spool/postfix/hold"]);
        await host.must(`rm -r /etc/systemd/system/${service}.d && systemctl daemon-reload`);
      },
    ],
    [
      "a run that finds the lock held ends with 75, which is no failure",
      async () => {
        const holder = host.spawn([
          "flock",
          "--close",
          "/var/lib/mailcert/lock",
          "sh",
          "-c",
          "echo held && exec sleep 60",
        ]);
        await new Promise((resolve) => holder.stdout.once("data", resolve));
        const { status } = await start(host);
        holder.kill();
        expect(status).toBe(0);
        expect(await show(host, service, "Result", "ExecMainStatus", "ActiveState")).toEqual({
          Result: "success",
          ExecMainStatus: "75",
          ActiveState: "inactive",
        });
        expect(await said(host)).toContain("another mailcert is at work");
        const shown = await host.mailcert(["schedule", "show"]);
        expect(shown.stdout).toContain("UTC: later (exit 75): another run was busy, or something waits\n");
      },
    ],
    [
      "a run that fails sends root what it said, and nothing else; the next one mends it",
      async () => {
        await makeDue(host);
        await host.must(
          "cp /etc/dovecot/conf.d/10-mail.conf /root/ && echo 'ssl = nonsense' >>/etc/dovecot/conf.d/10-mail.conf",
        );
        await host.must("rm -f /var/mail/root");
        expect((await start(host)).status).toBe(1);
        // A long mail is written piece by piece: these words are its last ones.
        const root = async (): Promise<string> => (await host.exec("cat /var/mail/root")).stdout;
        await eventually(async () => (await root()).includes("Failed with result 'exit-code'"));
        const mail = await root();
        expect(mail.match(/^Subject: .*$/gm)).toEqual([`Subject: ${service} failed on ${name}`]);
        expect(mail).toMatch(/fault: dovecot was not reloaded: .*10-mail\.conf line \d+:/);
        expect(mail).toMatch(/-> mend line \d+ of \/etc\/dovecot\/conf\.d\/10-mail\.conf/);
        expect(mail).toContain("Failed with result 'exit-code'");
        expect(mail).toContain("993 · SSL/TLS"); // as UTF-8, and declared to be
        expect(mail).toMatch(/^Content-Type: text\/plain; charset=utf-8$/m);
        expect(mail).not.toContain("another mailcert is at work"); // that was the run before
        const shown = await host.mailcert(["schedule", "show"]);
        expect(shown.status).toBe(1);
        expect(shown.stdout).toMatch(/last run at .*: failed \(exit 1\)\n[\s\S]*fault: dovecot was not reloaded/);

        await host.must("cp /root/10-mail.conf /etc/dovecot/conf.d/10-mail.conf");
        expect((await start(host)).status).toBe(0);
        await expectServed(host, all(usualPorts, await liveLeaf(host)));
        expect((await host.mailcert(["schedule", "install"])).status).toBe(0);
        expect((await host.mailcert(["schedule", "show"])).status).toBe(0);
      },
    ],
    [
      "a program that others can change is refused, with the command that mends it",
      async () => {
        await host.must(["chmod", "g+w", "/opt/mailcert/dist"]);
        const refused = await host.mailcert(["schedule", "install"]);
        expect(refused.status).toBe(78);
        expect(refused.stderr).toContain("/opt/mailcert/dist can be written by its group (gid 0)");
        const mend = /hint: (chmod .*)/.exec(refused.stderr)?.[1] ?? "";
        expect(mend).toBe("chmod g-w /opt/mailcert/dist");
        await host.must(mend);
        expect((await host.mailcert(["schedule", "install"])).status).toBe(0);
      },
    ],
    [
      "with configuration and state elsewhere, also in root's home, the run may write there",
      async () => {
        const places = ["--config", "/root/mail tls/our.yaml", "--state", "/srv/tls"];
        const { status, stdout, stderr } = await host.exec([...longAgo, ...places, "setup", name], {
          timeoutMs: 90_000,
        });
        expect({ status, stdout }).toEqual({ status: 78, stdout: "" });
        expect(stderr).toMatch(/the schedule of this host is that of\s+\/etc\/mailcert\/mailcert\.yaml/);
        expect((await host.exec(["ls", "-d", "/root/mail tls", "/srv/tls"])).stdout).toBe("");
        // It was moved: nothing that it renewed is left behind.
        await host.must("rm /etc/mailcert/mailcert.yaml");
        const moved = await host.exec([...longAgo, ...places, "setup", name], { timeoutMs: 90_000 });
        expect(moved.status, moved.stdout + moved.stderr).toBe(0);
        expect(moved.stdout).toContain("mailcert.timer: brought up to date, every hour\n");
        expect(moved.stdout).toMatch(/first run at .* UTC: all well\n/);
        const live = `/srv/tls/certificates/${name}/live`;
        expect(await host.must(["readlink", live])).toBe("generations/0002\n");
        await expectServed(host, all(usualPorts, await leafIn(host, `${live}/ecdsa/cert.pem`)));
      },
    ],
    [
      "the journal holds no key, and removal leaves nothing behind",
      async () => {
        expect(await host.must("journalctl --no-pager --all")).not.toContain("PRIVATE KEY");
        const { status, stdout } = await host.mailcert(["schedule", "remove"]);
        expect(status).toBe(0);
        for (const unit of units) expect(stdout).toContain(`removed ${unit}\n`);
        expect(await listing(host)).toBe(before);
        // Units that are gone stay listed until systemd has cleared them away.
        const listed = "systemctl list-units --all --plain --no-legend 'mailcert*'";
        await eventually(async () => (await host.must(listed)) === "");
        expect(await host.must("systemctl list-unit-files --no-legend 'mailcert*' || true")).toBe("");
        expect((await host.mailcert(["schedule", "show"])).stdout).toContain("no schedule is installed");
      },
    ],
  ];
  // One host, one story: what a step leaves is where the next begins.
  it.sequential.each(steps)("%s", { timeout: 300_000 }, async (_title, step) => step());
});

describe.concurrent.each(suites)("cron on %s", (suite) => {
  const title =
    "setup writes its line where cron is and systemd is not; run as cron runs it, it renews, is silent when well, and speaks when not";
  it(title, { timeout: 300_000 }, async () => {
    await onHost({ suite }, async (host) => {
      // The image has no cron: what tells that it is installed, and that it runs, is a program and a process of its name.
      await host.must("mkdir -p /etc/cron.d && cp /bin/sleep /usr/sbin/cron");
      const before = await listing(host);
      const { status, stdout, stderr } = await host.exec([...longAgo, "setup", name], { timeoutMs: 90_000 });
      expect(status, stdout + stderr).toBe(0);
      expect(stdout).toMatch(
        /cron line \/etc\/cron\.d\/mailcert: installed, every hour\n.*\n {2}first run: all well\n/,
      );
      // The line stands, and nothing reads it.
      expect(stdout).toContain("warning: nothing renews by itself: cron is not running");
      expect(await host.mailcert(["schedule", "install"])).toMatchObject({ status: 1 });
      expect((await host.mailcert(["status"])).stdout).toContain(
        "warning: nothing renews by itself: cron is not running",
      );
      host.spawn(["/usr/sbin/cron", "600"]);
      await host.must("until pgrep -x cron >/dev/null; do sleep 0.05; done");
      expect(await host.mailcert(["schedule", "install"])).toMatchObject({ status: 0 });
      expect((await host.mailcert(["schedule", "show"])).stdout).toMatch(
        /\/etc\/cron\.d\/mailcert: active, every hour\n/,
      );

      const text = await host.read("/etc/cron.d/mailcert");
      const settings = [...text.matchAll(/^([A-Z_]+)="?(.*?)"?$/gm)].map(([, key = "", value = ""]) => [key, value]);
      const [, command = ""] = /^[0-9]{1,2} \* \* \* \* root (.*)$/m.exec(text) ?? [];
      expect(command).not.toContain("%"); // a line's end to cron
      const asCron = () => {
        const env = ["HOME=/root", "LOGNAME=root", ...settings.map(([key, value]) => `${key}=${value}`)];
        return host.exec(["env", "-i", "-C", "/root", ...env, "/bin/sh", "-c", command], { timeoutMs: 60_000 });
      };
      await makeDue(host);
      const old = await liveLeaf(host);
      expect(await asCron()).toMatchObject({ status: 0, stdout: "", stderr: "" });
      const leaf = await liveLeaf(host);
      expect(leaf).not.toBe(old);
      await expectServed(host, all(usualPorts, leaf));

      await host.must("echo 'nonsense: true' >>/etc/mailcert/mailcert.yaml");
      const failed = await asCron();
      expect({ status: failed.status, stdout: failed.stdout }).toEqual({ status: 78, stdout: "" });
      expect(failed.stderr).toMatch(/mailcert\.yaml.*nonsense[\s\S]*hint: /);

      expect((await host.mailcert(["schedule", "remove"])).stdout).toBe("removed /etc/cron.d/mailcert\n");
      expect(await listing(host)).toBe(before);
    });
  });
});
