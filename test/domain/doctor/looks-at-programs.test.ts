// What doctor says of servers, ports, other clients, the schedule and an upgrade, for facts that are well and facts that are not.
import { describe, expect, it } from "vitest";
import { upgradeLooked } from "../../../src/domain/doctor/dovecot-upgrade.ts";
import { otherClientFinding } from "../../../src/domain/doctor/other-clients.ts";
import { portFindings } from "../../../src/domain/doctor/ports.ts";
import { type ScheduleFacts, schedulable, scheduleLooked } from "../../../src/domain/doctor/schedule.ts";
import {
  brokenFinding,
  isKeptFromStarting,
  serviceCommand,
  settingsFinding,
  stoppedFinding,
  tlsOffFinding,
  winningFinding,
} from "../../../src/domain/doctor/servers.ts";
import { otherScheduleProblem } from "../../../src/domain/other-schedule.ts";
import { Failure } from "../../../src/domain/failure.ts";

const dovecot = { server: "dovecot", id: "dovecot", version: "2.4.1", configDir: "/etc/dovecot" };
const now = new Date("2026-11-20T12:00:00Z");

describe("servers", () => {
  it("a service is started by what starts services here", () => {
    expect(serviceCommand(dovecot, "start", true)).toBe("systemctl start dovecot");
    expect(serviceCommand({ ...dovecot, server: "exim", id: "exim" }, "restart", false)).toBe("service exim4 restart");
    const second = { ...dovecot, server: "postfix", id: "postfix-out" };
    expect(serviceCommand(second, "start", true)).toBe("postmulti -i postfix-out -p start");
    expect(serviceCommand(second, "restart", true)).toBe(
      "postmulti -i postfix-out -p stop && postmulti -i postfix-out -p start",
    );
    const stopped = stoppedFinding(dovecot, false);
    expect(stopped).toMatchObject({ severity: "warning", command: "service dovecot start" });
    // What keeps it from starting is told, and no start that would fail.
    expect(stoppedFinding(dovecot, false, true)).toMatchObject({
      hint: "once its configuration is mended: service dovecot start",
    });
    expect(stoppedFinding(dovecot, false, true).command).toBeUndefined();
    const taken = portFindings(dovecot, false, [{ port: 993, holders: [{ pid: 1, program: "haproxy" }] }], false);
    expect([isKeptFromStarting(stopped, taken), isKeptFromStarting(stopped, [])]).toEqual([true, false]);
  });

  it("a complaint has its own hint, a deployment where it is about ours, and the line that Dovecot 2.4 wants first", () => {
    const said = (message: string, ours = false) =>
      brokenFinding({
        installed: dovecot,
        failure: new Failure("config", message, { hints: ["mend line 3"] }),
        ours,
        certificate: "mail.example.org",
      });
    expect(said("Unknown setting: x")).toMatchObject({ message: "dovecot: Unknown setting: x", hint: "mend line 3" });
    expect(said("Unknown setting: x").command).toBeUndefined();
    expect(said("/x/live/ecdsa/fullchain.pem is missing", true).command).toBe("mailcert deploy mail.example.org");
    expect(said("/etc/dovecot/conf.d/99-mailcert.conf line 9: Unknown setting").command).toBe(
      "mv /etc/dovecot/conf.d/99-mailcert.conf /root/ && mailcert deploy mail.example.org",
    );
    expect(said("The first setting must be dovecot_config_version").command).toBe(
      String.raw`sed -i '1i dovecot_config_version = 2.4.1\ndovecot_storage_version = 2.4.1' /etc/dovecot/dovecot.conf`,
    );
  });

  it("settings that are not ours any more, and those that win", () => {
    expect(settingsFinding("postfix", "a", ["one", "two", "three", "four"])).toMatchObject({
      message: "postfix is not set to serve a as it was left; a deployment would: one, two, three and 1 more",
      command: "mailcert deploy a",
    });
    const winning = { certificate: "a", message: "dovecot: for everything, /etc/x line 3 sets something else" };
    expect(winningFinding({ ...winning, editable: true }).command).toBe("mailcert deploy --yes a");
    const { command, hint } = winningFinding({ ...winning, editable: false, mend: "do it by hand" });
    expect([command, hint]).toEqual([undefined, "do it by hand"]);
  });

  it("TLS that is off: the two commands of its own sentence as one, or the sentence", () => {
    const postfix = { setting: "s", mend: "`postconf -e a=may`, then `postfix reload`" };
    expect(tlsOffFinding("postfix", [25], postfix, true)).toMatchObject({
      severity: "fault",
      command: "postconf -e a=may && postfix reload",
    });
    // Where nothing of ours is served it may be meant to be so.
    expect(tlsOffFinding("postfix", [25], postfix, false).severity).toBe("warning");
    const dovecotOff = tlsOffFinding("dovecot", [143, 993], { setting: "ssl = no", mend: "take it out" }, true);
    expect({ command: dovecotOff.command, hint: dovecotOff.hint }).toEqual({ command: undefined, hint: "take it out" });
  });
});

describe("ports", () => {
  const held = (port: number, ...programs: readonly string[]) => ({
    port,
    holders: programs.map((program, index) => ({ program, pid: 40 + index })),
  });

  it("each server has its own", () => {
    expect(portFindings(dovecot, true, [held(993, "dovecot"), held(143, "imap-login")], true)).toEqual([]);
    expect(portFindings({ ...dovecot, server: "postfix" }, true, [held(25, "master", "smtpd")], true)).toEqual([]);
    // Whose processes go by a name that is not known here.
    expect(portFindings({ ...dovecot, server: "somebody" }, true, [held(993, "else")], true)).toEqual([]);
    expect(portFindings(dovecot, false, [held(993)], true)).toEqual([]);
  });

  it("another program holds one: its service is named where it is one", () => {
    const [plain] = portFindings(dovecot, false, [held(993, "nc")], false);
    expect(plain).toMatchObject({ check: "doctor-port", severity: "fault" });
    // Nobody but a person can say which of the two is to go.
    expect(plain).not.toHaveProperty("command");
    expect(plain?.hint).toContain("take the port out of the configuration of dovecot, or stop nc");
    expect(plain?.message).toBe(
      "port 993, which dovecot's configuration names, is held by nc (pid 40): dovecot could not start",
    );
    const nginx = { port: 993, holders: [{ program: "nginx", pid: 7, service: "nginx.service" }] };
    expect(portFindings(dovecot, true, [nginx], true)[0]?.hint).toContain("systemctl disable --now nginx.service");
  });

  it("nobody listens although it runs: it was started with another configuration", () => {
    expect(portFindings(dovecot, true, [held(993), held(995)], true)).toMatchObject([
      { severity: "warning", command: "doveadm reload" },
    ]);
    const other = { ...dovecot, server: "nginx", id: "nginx" };
    expect(portFindings(other, true, [held(993)], true)[0]?.command).toBe("systemctl restart nginx");
    // It would end, and not come up again.
    const [taken, silent] = portFindings(dovecot, true, [held(993, "haproxy"), held(995)], true);
    expect([taken?.command, silent?.command]).toEqual([undefined, undefined]);
    expect(silent?.hint).toBe("once the ports above are its own: doveadm reload");
  });
});

describe("other clients", () => {
  it("commands are one command; a sentence is a hint", () => {
    const timer = "systemctl disable --now certbot.timer";
    const cron = "mv /etc/cron.d/certbot /root/certbot.cron";
    expect(otherClientFinding("a", { client: "certbot", switchOff: [timer, cron], besides: [] }).command).toBe(
      `${timer} && ${cron}`,
    );
    const switchOff = ["take the line out of /etc/crontab"];
    const sentence = otherClientFinding("a", { client: "certbot", switchOff, besides: [] });
    expect({ command: sentence.command, hint: sentence.hint }).toEqual({
      command: undefined,
      hint: "take the line out of /etc/crontab",
    });
    expect(
      otherClientFinding("a", { client: "lego", switchOff: ["crontab -u root -e"], besides: ["b"] }).command,
    ).toBeUndefined();
  });

  it("what it has to go on with is said", () => {
    const besides = ["www.example.org"];
    expect(otherClientFinding("a", { client: "certbot", switchOff: ["mv a b"], besides })).toMatchObject({
      message: expect.stringMatching(/; it also renews www\.example\.org, and has to go on with that$/) as string,
      command: "mv a b",
      hint: expect.stringMatching(/^first: grep -rl \/etc\/letsencrypt\/live \/etc /) as string,
    });
  });
});

describe("schedule", () => {
  const timer: ScheduleFacts = {
    kind: "systemd",
    files: [{ path: "/etc/systemd/system/mailcert.timer", state: "current" }],
    active: true,
    next: "2026-11-20T12:30:00.000Z",
    last: { at: "2026-11-20T11:10:00.000Z", status: 0, ok: true },
  };
  const { last: _last, ...unrun } = timer;
  const cron: ScheduleFacts = {
    kind: "cron",
    files: [{ path: "/etc/cron.d/mailcert", state: "current" }],
    active: true,
  };
  const none: ScheduleFacts = { ...cron, files: [{ path: "/etc/cron.d/mailcert", state: "missing" }], active: false };
  const where = { gone: [], possible: true, needed: false, loops: false, told: [] };
  const one = (state: ScheduleFacts, gone: readonly string[] = [], possible = true) => {
    const { findings } = scheduleLooked([state], { ...where, gone, possible, needed: true }, now);
    expect(findings.length).toBeLessThan(2);
    return findings[0];
  };

  it("one that is there and ran is well", () => {
    expect(scheduleLooked([timer, none], { ...where, needed: true }, now)).toEqual({
      findings: [],
      well: ["systemd timer, next run 2026-11-20 12:30 UTC"],
      unseen: [],
    });
    expect(one({ ...cron, quietSince: "2026-11-20T11:00:00.000Z" })).toBeUndefined();
  });

  it("missing, switched off, or somebody else's", () => {
    expect(one(none)).toMatchObject({ severity: "fault", command: "mailcert schedule install" });
    // Nothing can end that is not there yet.
    expect(scheduleLooked([none], where, now).findings).toMatchObject([{ severity: "warning" }]);
    expect(one(none, [], false)).toMatchObject({
      severity: "fault",
      message: "neither systemd nor cron is here: nothing renews by itself",
      hint: expect.stringMatching(/^install cron, or start `mailcert renew --quiet` every hour/) as string,
    });
    expect(one(none, [], false)?.command).toBeUndefined();
    expect(scheduleLooked([none], { ...where, needed: true, loops: true }, now)).toEqual({
      findings: [],
      well: ["mailcert renew --every"],
      unseen: [],
    });
    expect(schedulable(true).findings).toEqual([]);
    expect(schedulable(false).findings).toMatchObject([{ severity: "warning", check: "doctor-schedule" }]);
    expect(one({ ...unrun, active: false, problem: "mailcert.timer is not enabled and started" })).toMatchObject({
      severity: "fault",
      command: "mailcert schedule install",
    });
    const instead = { config: "/srv/a/mailcert.yaml", state: "/srv/a/state" };
    const others = one({ ...unrun, active: false, instead, problem: otherScheduleProblem(instead) });
    expect(others).toMatchObject({ severity: "fault", hint: expect.stringContaining(" setup NAME") as string });
    expect(others?.message).toContain("/srv/a/mailcert.yaml");
    // Installing it is refused.
    expect(others?.command).toBeUndefined();
    const stopped = { ...cron, active: false, problem: "cron is not running" };
    expect(one({ ...stopped, command: "service crond start" })?.command).toBe("service crond start");
    expect(one({ ...cron, active: false, problem: "cron is not installed" })?.command).toBeUndefined();
    expect(one({ ...none, files: [{ path: "/etc/cron.d/mailcert", state: "foreign" }] })?.command).toBe(
      "mv /etc/cron.d/mailcert /root/ && mailcert schedule install",
    );
  });

  it("quotes what went wrong, not what went well; what others tell is not told again", () => {
    const output =
      "mail.example.org: generation 2 waits for its window: Sat 28 Nov 02:00\n  fault: before_deploy: there is no program /nope\n  -> put it there\nfault: notify: prometheus: there is no folder /x";
    const failed = { ...timer, last: { at: "2026-11-20T11:30:00.000Z", status: 1, ok: false, output } };
    const told = (...messages: readonly string[]) =>
      scheduleLooked(
        [failed],
        {
          ...where,
          told: messages.map((message) => ({ check: "doctor-configuration", severity: "fault" as const, message })),
        },
        now,
      ).findings[0];
    expect(told()).toMatchObject({
      message:
        "the last run by itself (2026-11-20 11:30 UTC) failed (exit 1): before_deploy: there is no program /nope",
      command: "systemctl start mailcert.service",
      hint: expect.stringMatching(/^nothing else is found wrong now: the next run clears this/) as string,
    });
    const hook = "before_deploy: there is no program /nope (/etc/mailcert/mailcert.yaml line 2)";
    const second = told(hook);
    expect(second?.message).toMatch(/failed \(exit 1\): notify: prometheus: there is no folder \/x$/);
    expect(second?.command).toBeUndefined();
    expect(second?.hint).toContain("once everything here is mended: systemctl start mailcert.service");
    expect(told(hook, "notify: prometheus: there is no folder /x (/etc/mailcert/mailcert.yaml line 4)")).toBe(
      undefined,
    );
  });

  it("points at a program that is gone, failed, has not run, or is of another version", () => {
    expect(one(timer, ["/opt/old/mailcert.js"])).toMatchObject({
      message: "mailcert.timer starts /opt/old/mailcert.js, which is not there any more: nothing renews by itself",
      command: "mailcert schedule install",
    });
    expect(one({ ...timer, last: { status: 78, ok: false, output: "mailcert: error: x\nmore" } })?.message).toBe(
      "the last run by itself failed (exit 78): mailcert: error: x",
    );
    const late = { at: "2026-11-20T07:00:00.000Z", status: 0, ok: true };
    expect(one({ ...timer, last: late })?.command).toContain("systemctl start mailcert.service");
    expect(one({ ...cron, quietSince: "2026-11-20T07:00:00.000Z" })?.command).toBe("service cron restart");
    const other = { ...timer, files: [{ path: "/u/mailcert.service", state: "different" as const }] };
    expect(one(other)).toMatchObject({ severity: "warning", command: "mailcert schedule install" });
    const output = "fault: cannot write /srv/www/.x: the file system is read-only";
    const failed = { ...other, last: { at: "2026-11-20T11:30:00.000Z", status: 1, ok: false, output } };
    expect(one(failed)).toMatchObject({
      severity: "fault",
      command: "mailcert schedule install",
      hint: expect.stringMatching(/^\/u\/mailcert\.service is not what this mailcert would write/) as string,
    });
    expect(
      scheduleLooked(
        [failed],
        { ...where, told: [{ check: "doctor-disk", severity: "fault", message: output.slice("fault: ".length) }] },
        now,
      ).findings,
    ).toMatchObject([{ severity: "warning", command: "mailcert schedule install" }]);
  });
});

describe("an upgrade of Dovecot", () => {
  const facts = {
    version: "2.3.19.1",
    candidate: "2.3.19.1+dfsg1",
    suites: ["bookworm"],
    guarded: false,
    guardable: false,
    deployed: true,
  };

  it("none is coming", () => {
    expect(upgradeLooked(facts)).toEqual({
      findings: [],
      well: ["Dovecot 2.3.19.1, and no other generation is coming"],
      unseen: [],
    });
    expect(upgradeLooked({ ...facts, version: "2.4.1", candidate: "2.4.2", suites: ["trixie"] }).findings).toEqual([]);
    // 2.39 would be no 2.3.
    expect(upgradeLooked({ ...facts, version: "2.39.0", suites: ["trixie"] }).findings).toEqual([]);
  });

  it("the candidate, or the release that the sources say, is of the next generation", () => {
    const byCandidate = upgradeLooked({ ...facts, candidate: "2.4.1+dfsg1" }).findings;
    expect(byCandidate).toMatchObject([{ check: "doctor-dovecot-upgrade", severity: "warning" }]);
    expect(byCandidate[0]?.message).toContain("the next upgrade of packages brings Dovecot 2.4.1+dfsg1");
    const bySources = upgradeLooked({ ...facts, suites: ["trixie-security"] }).findings;
    expect(bySources[0]?.message).toContain("the sources of packages say trixie-security");
  });

  it("one command puts the unit there that mends it, where there can be one", () => {
    const coming = { ...facts, candidate: "2.4.1" };
    expect(upgradeLooked(coming).findings[0]?.command).toBeUndefined();
    expect(upgradeLooked(coming).findings[0]?.hint).toMatch(
      /^mailcert's own settings follow at its next run by itself; at once, right after the upgrade: `mailcert deploy --repair`; /,
    );
    expect(upgradeLooked({ ...coming, guardable: true }).findings[0]?.command).toBe("mailcert schedule install");
    expect(upgradeLooked({ ...coming, guardable: true, guarded: true }).findings[0]?.command).toBeUndefined();
  });

  it("where a unit mends it, or nothing of ours is there, it is good to know", () => {
    expect(upgradeLooked({ ...facts, candidate: "2.4.1", guarded: true }).findings).toMatchObject([
      { severity: "info" },
    ]);
    expect(upgradeLooked({ ...facts, candidate: "2.4.1", deployed: false }).findings).toMatchObject([
      { severity: "info" },
    ]);
  });
});
