// The systemd units and the cron line: the contract, what they say, and that systemd itself reads them without complaint.
import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createMemory } from "../../src/notify/memory.ts";
import { createCron, minuteOf } from "../../src/system/cron.ts";
import type { RunProgram } from "../../src/system/run.ts";
import { createSystemd, systemdDate } from "../../src/system/systemd.ts";
import { createTemplates } from "../../src/system/templates.ts";
import { job, schedulerContract } from "../contract/scheduler.ts";
import { fakeSystemctl } from "../fakes/systemctl.ts";

let dir = "";
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "mailcert-schedule-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

const render = createTemplates(fileURLToPath(new URL("../../templates", import.meta.url)));

const folder = (name: string): string => {
  mkdirSync(join(dir, name), { recursive: true });
  return join(dir, name);
};

const systemd = () => {
  const units = folder("units");
  const fake = fakeSystemctl(units);
  const scheduler = createSystemd({ run: fake.run, render, units, booted: folder("booted"), stamps: folder("stamps") });
  return { scheduler, folder: units, ...fake };
};

const cron = () => {
  const lines = folder("cron.d");
  const fake = fakeSystemctl(lines);
  writeFileSync(join(dir, "crond"), "");
  const proc = folder("proc");
  const processNamed = (pid: number, name: string): void => {
    writeFileSync(join(folder(`proc/${pid}`), "comm"), `${name}\n`);
  };
  processNamed(1, "init");
  processNamed(77, "crond");
  const [scripts, booted] = [join(dir, "init.d"), join(dir, "booted")];
  const daemons = [join(dir, "crond")];
  const scheduler = createCron({ run: fake.run, render, folder: lines, daemons, proc, scripts, booted });
  return { scheduler, folder: lines, proc, scripts, booted, processNamed, ...fake };
};

schedulerContract("systemd", async () => systemd());
schedulerContract("cron", async () => cron());

describe("systemd", () => {
  const unit = (units: string, name: string): string => readFileSync(join(units, name), "utf8");

  test("the service is confined, but not so that Node is killed", async () => {
    const { scheduler, folder: units } = systemd();
    await scheduler.install({ ...job, writable: ["/var/lib/mailcert", "/srv/mail bundle"] });
    const service = unit(units, "mailcert.service");
    const settings = service.split("\n").filter((line) => !line.startsWith("#"));
    for (const line of [
      "Type=oneshot",
      "ProtectSystem=strict",
      "PrivateTmp=true",
      "SuccessExitStatus=75",
      // Else a stop ends the servers' own programs in the middle of a reload, which looks like their fault.
      "KillMode=mixed",
      "OnFailure=mailcert-failure@%n.service",
      "ReadWritePaths=-/var/lib/mailcert",
      'ReadWritePaths="-/srv/mail bundle"',
      // The store makes folders for servers to read: a private umask would lock them out.
      "UMask=0022",
    ]) {
      expect(settings).toContain(line);
    }
    expect(settings.some((line) => line.startsWith("MemoryDenyWriteExecute"))).toBe(false);
    expect(unit(units, "mailcert.timer")).toMatch(/OnCalendar=hourly[\s\S]*RandomizedDelaySec=[\s\S]*Persistent=true/);
  });

  test("systemd's own reader has no complaint, where it is installed", async () => {
    const { scheduler, folder: units } = systemd();
    const program = join(dir, "program with space.js");
    writeFileSync(program, "");
    await scheduler.install({
      ...job,
      nodePath: process.execPath,
      programPath: program,
      writable: ["/var/lib/x y", "/etc"],
    });
    const files = ["mailcert.service", "mailcert.timer", "mailcert-failure@.service"].map((name) => join(units, name));
    const { error, stdout, stderr } = spawnSync("systemd-analyze", ["verify", "--man=no", ...files], {
      encoding: "utf8",
    });
    const said = error === undefined ? stdout + stderr : "";
    expect(said.split("\n").filter((line) => line.includes("mailcert"))).toEqual([]);
    expect(unit(units, "mailcert.service")).toContain(`ExecStart=${process.execPath} "${program}" renew --config `);
  });

  test("the unit that tells root hands sendmail one message, and speaks to the journal without it", async () => {
    const { scheduler, folder: units } = systemd();
    const notified = join(dir, "state folder/notified.json");
    await scheduler.install({ ...job, notified });
    // As systemd reads it: lines that end with a backslash go on, one argument in single quotes, $$ for $, %i for the instance.
    const text = unit(units, "mailcert-failure@.service").replaceAll("\\\n", " ");
    const script =
      /^ExecStart=\/bin\/sh -c '([^']*)' mailcert-failure %i "[^"]*"$/m.exec(text)?.[1]?.replaceAll("$$", "$") ?? "";
    expect(text).toContain(` mailcert-failure %i "${notified}"\n`);
    const sendmail = join(dir, "sendmail");
    const run = (env: Readonly<Record<string, string>> = {}): string =>
      execFileSync(
        "/bin/sh",
        ["-c", script.replaceAll("/usr/sbin/sendmail", sendmail), "x", "mailcert.service", notified],
        {
          encoding: "utf8",
          env: { PATH: `${dir}:/usr/bin:/bin`, ...env },
        },
      );
    writeFileSync(join(dir, "journalctl"), '#!/bin/sh\necho "journal: $*"\n');
    chmodSync(join(dir, "journalctl"), 0o755);
    expect(run()).toContain("mailcert.service failed, and there is no sendmail");
    writeFileSync(sendmail, `#!/bin/sh\necho "args: $*" >"${dir}/mail"; cat >>"${dir}/mail"\n`);
    chmodSync(sendmail, 0o755);
    expect(run()).toBe("");
    const mail = readFileSync(join(dir, "mail"), "utf8");
    expect(mail).toMatch(/^args: -oi -t\nTo: root\nSubject: mailcert\.service failed on \S+\n(?:[\w-]+: .*\n)+\n/);
    expect(mail).toContain("\nContent-Type: text/plain; charset=utf-8\n");
    expect(mail).toContain("journal: --no-pager --lines=50 --unit=mailcert.service");
    run({ MONITOR_INVOCATION_ID: "0123abcd" });
    expect(readFileSync(join(dir, "mail"), "utf8")).toContain(
      "journal: --no-pager --lines=300 _SYSTEMD_INVOCATION_ID=0123abcd + INVOCATION_ID=0123abcd",
    );
  });

  test("root is not mailed what a run has told somebody itself; what another run told is no word of this one", async () => {
    const { scheduler, folder: units } = systemd();
    const memory = createMemory(dir);
    await scheduler.install({ ...job, notified: join(dir, "notified.json") });
    const text = unit(units, "mailcert-failure@.service").replaceAll("\\\n", " ");
    const script = /^ExecStart=\/bin\/sh -c '([^']*)' /m.exec(text)?.[1]?.replaceAll("$$", "$") ?? "";
    const run = (id: string, fallback = ""): string => {
      writeFileSync(join(dir, "systemctl"), `#!/bin/sh\necho ${fallback}\n`);
      writeFileSync(join(dir, "journalctl"), "#!/bin/sh\n");
      for (const name of ["systemctl", "journalctl"]) chmodSync(join(dir, name), 0o755);
      return execFileSync(
        "/bin/sh",
        [
          "-c",
          script.replaceAll("/usr/sbin/sendmail", join(dir, "none")),
          "x",
          "mailcert.service",
          join(dir, "notified.json"),
        ],
        {
          encoding: "utf8",
          env: { PATH: `${dir}:/usr/bin:/bin`, ...(id === "" ? {} : { MONITOR_INVOCATION_ID: id }) },
        },
      );
    };
    const [first, second] = ["0123456789abcdef0123456789abcdef", "f123456789abcdef0123456789abcdef"];
    const told = "mailcert.service failed, and notify: has told of it\n";
    expect(run(first)).toContain("there is no sendmail to tell root");
    await memory.write({ causes: {}, told: {}, heard: first });
    expect(run(first)).toBe(told);
    expect(run(second)).toContain("there is no sendmail to tell root");
    // systemd before 251 does not tell which run it was; what it knows of the unit is the last one.
    expect(run("", first)).toBe(told);
    expect(run("", "")).toContain("there is no sendmail to tell root");
  });

  test("next and last run are told; the journal's words only of a run that failed, and printable", async () => {
    const { scheduler, endWith } = systemd();
    await scheduler.install(job);
    await scheduler.runOnce(job);
    expect(await scheduler.state(job)).toMatchObject({
      next: "2026-11-20T13:17:42.000Z",
      last: { at: "2026-11-20T12:17:00.000Z", status: 0, ok: true },
    });
    endWith(1);
    expect((await scheduler.runOnce(job)).output).toBe("mailcert: error: it went wrong [31m");
  });

  test("a masked unit (a link to /dev/null) is the administrator's word", async () => {
    const { scheduler, folder: units } = systemd();
    symlinkSync("/dev/null", join(units, "mailcert.service"));
    expect((await scheduler.state(job)).files[0]).toMatchObject({ state: "foreign" });
    await expect(scheduler.install(job)).rejects.toMatchObject({ kind: "cannot-create" });
    expect(existsSync(join(units, "mailcert.timer"))).toBe(false);
  });

  test("removal takes the stamp and the enabling link too, and never stops a run under way", async () => {
    const { scheduler, folder: units, ran } = systemd();
    await scheduler.install(job);
    mkdirSync(join(units, "timers.target.wants"));
    symlinkSync(join(units, "mailcert.timer"), join(units, "timers.target.wants", "mailcert.timer"));
    const stamp = join(folder("stamps"), "stamp-mailcert.timer");
    writeFileSync(stamp, "");
    await scheduler.remove();
    expect(existsSync(stamp)).toBe(false);
    expect(ran).toContain("systemctl disable --now -- mailcert.timer");
    expect(ran.filter((line) => /systemctl (?:stop|kill)/.test(line))).toEqual([]);
  });

  test("a systemctl that fails is a failure with its words", async () => {
    const { folder: units } = systemd();
    const run: RunProgram = async () => ({ status: 1, stdout: "", stderr: "Failed to connect to bus\n" });
    const scheduler = createSystemd({ run, render, units, booted: dir });
    await expect(scheduler.install(job)).rejects.toMatchObject({
      kind: "unavailable",
      message: "systemctl daemon-reload: Failed to connect to bus",
    });
  });

  test("is available only where it is PID 1", async () => {
    const { run } = systemd();
    expect(await createSystemd({ run, render, booted: dir }).available()).toBe(true);
    expect(await createSystemd({ run, render, booted: join(dir, "no") }).available()).toBe(false);
  });

  test.each([
    ["Fri 2026-11-20 12:17:00 UTC", "2026-11-20T12:17:00.000Z"],
    ["n/a", undefined],
    ["", undefined],
    ["Fri 2026-11-20 12:17:00 CET", undefined],
  ])("date %j", (text, date) => expect(systemdDate(text)).toBe(date));
});

describe("cron", () => {
  test("one line for root, with a PATH, at the host's own minute", async () => {
    const { scheduler, folder: lines } = cron();
    await scheduler.install({ ...job, programPath: "/opt/mail cert/bin/mailcert.js" });
    const text = readFileSync(join(lines, "mailcert"), "utf8");
    expect(text).toMatch(/^PATH=\/usr\/local\/sbin:.*\/bin$/m);
    const line = text.split("\n").filter((each) => each !== "" && !/^[#A-Z]/.test(each));
    expect(line).toEqual([
      `${minuteOf("mail.example.org")} * * * * root /usr/bin/node '/opt/mail cert/bin/mailcert.js' renew --config /etc/mailcert/mailcert.yaml --state /var/lib/mailcert --quiet --unless-told`,
    ]);
    expect(text.endsWith("\n")).toBe(true);
  });

  test("minutes are stable for a host and spread over the hour for many", () => {
    const minutes = Array.from({ length: 600 }, (_, index) => minuteOf(`mail${index}.example.org`));
    expect(minutes.every((minute) => Number.isInteger(minute) && minute >= 0 && minute < 60)).toBe(true);
    expect(new Set(minutes).size).toBe(60);
    expect(minuteOf("mail.example.org")).toBe(minuteOf("mail.example.org"));
  });

  test("without a daemon it is not available, and a line that is there is not active", async () => {
    const { scheduler, folder: lines, run } = cron();
    await scheduler.install(job);
    const bare = createCron({ run, render, folder: lines, daemons: [join(dir, "none")] });
    expect(await bare.available()).toBe(false);
    expect(await bare.state(job)).toMatchObject({ active: false, problem: "cron is not installed" });
  });

  test("a daemon that is installed and does not run reads no line; where processes are hidden nobody can tell", async () => {
    const { scheduler, proc, scripts, booted, processNamed } = cron();
    await scheduler.install(job);
    processNamed(77, "crontab");
    const idle = await scheduler.state(job);
    expect(idle).toMatchObject({ active: false, files: [{ state: "current" }] });
    expect(idle.problem).toBe("cron is not running");
    // The one command of this host, and not one for each system there is.
    expect(idle.command).toBe(join(dir, "crond"));
    mkdirSync(scripts);
    writeFileSync(join(scripts, "crond"), "");
    expect((await scheduler.state(job)).command).toBe("service crond start");
    mkdirSync(booted);
    expect((await scheduler.state(job)).command).toBe("systemctl start crond");
    processNamed(78, "cron");
    expect((await scheduler.state(job)).problem).toBeUndefined();
    rmSync(join(proc, "78"), { recursive: true });
    rmSync(join(proc, "1"), { recursive: true });
    expect(await scheduler.state(job)).toMatchObject({ active: true });
  });
});
