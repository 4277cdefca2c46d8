// What runs another client: timers that are switched on, and lines of crontabs; the command for each is said, none is run.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { Failure } from "../../src/domain/failure.ts";
import { importers } from "../../src/importers/index.ts";
import { findForeignSchedules } from "../../src/importers/schedules.ts";
import type { RunProgram } from "../../src/system/run.ts";
import { put } from "../fakes/foreign-clients.ts";

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "mailcert-cron-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const systemd =
  (enabled: readonly string[], asked: string[] = []): RunProgram =>
  async (program, args) => {
    asked.push([program, ...args].join(" "));
    const on = enabled.includes(args.at(-1) ?? "");
    return { status: on ? 0 : 1, stdout: on ? "enabled\n" : "disabled\n", stderr: "" };
  };
const none: RunProgram = async () => {
  throw new Failure("unavailable", "systemctl is not installed");
};

it("certbot: the timer, Debian's file in cron.d; asked and not switched", async () => {
  put(join(root, "etc/cron.d/certbot"), "SHELL=/bin/sh\n# certbot, as a comment\n0 */12 * * * root certbot -q renew\n");
  put(join(root, "etc/cron.d/other"), "0 0 * * * root /usr/bin/true\n");
  const { timers, cronLine } = await importers.certbot.load();
  const asked: string[] = [];
  expect(await findForeignSchedules({ run: systemd(["certbot.timer"], asked), timers, cronLine, root })).toEqual([
    { kind: "timer", where: "certbot.timer", command: "systemctl disable --now certbot.timer" },
    { kind: "cron", where: "/etc/cron.d/certbot", command: "mv /etc/cron.d/certbot /root/certbot.cron" },
  ]);
  expect(asked.every((line) => line.startsWith("systemctl is-enabled -- "))).toBe(true);
});

it("acme.sh: a line of root's crontab, quoted for the shell; a file that has more than it", async () => {
  const line = `7 0 * * * "/root/.acme.sh"/acme.sh --cron --home '/root/.acme.sh' > /dev/null`;
  put(join(root, "var/spool/cron/crontabs/root"), `# acme.sh\n@daily /usr/bin/true\n${line}\n`);
  put(join(root, "etc/cron.d/jobs"), "0 0 * * * root acme.sh --cron\n1 1 * * * root /usr/bin/true\n");
  const { timers, cronLine } = await importers["acme.sh"].load();
  expect(await findForeignSchedules({ run: none, timers, cronLine, root })).toEqual([
    { kind: "cron", where: "/etc/cron.d/jobs", command: "take the line out of /etc/cron.d/jobs" },
    {
      kind: "cron",
      where: "root's crontab",
      command: `crontab -u root -l | grep -vxF -- '${line.replaceAll("'", `'\\''`)}' | crontab -u root -`,
    },
  ]);
});

it("dehydrated and lego: scripts that run daily, /etc/crontab; nothing where there is nothing", async () => {
  put(join(root, "etc/cron.daily/renew"), "#!/bin/sh\nexec dehydrated -c\n");
  put(join(root, "etc/crontab"), "0 3 * * * root lego --path /etc/lego renew\n");
  const find = async (client: "lego" | "dehydrated" | "certbot") => {
    const { timers, cronLine } = await importers[client].load();
    return (await findForeignSchedules({ run: none, timers, cronLine, root })).map(({ command }) => command);
  };
  expect(await find("dehydrated")).toEqual(["chmod -x /etc/cron.daily/renew"]);
  expect(await find("lego")).toEqual(["take the line out of /etc/crontab"]);
  expect(await find("certbot")).toEqual([]);
});
