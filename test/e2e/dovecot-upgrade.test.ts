// A deployed host whose Dovecot becomes another generation: Debian 12 to 13 with its own apt and systemd, and what a run finds after an upgrade, either way.
import { describe, expect, it } from "vitest";
import type { MailHost } from "../lab/mail-host.ts";
import {
  all,
  dovecotPorts,
  expectServed,
  folder,
  leaves,
  liveLeaf,
  name,
  onHost,
  usualPorts,
} from "./deployed-host.ts";

const include = "/etc/dovecot/conf.d/99-mailcert.conf";
const service = "mailcert-dovecot.service";

/** Looks at port 993 every 50 ms from another machine, and tells each change: milliseconds, then the leaf or "down". It outlives the upgrade of all it stands on. */
const watcher = `
const tls = require("node:tls");
const look = () => new Promise((done) => {
  const socket = tls.connect({ host: "192.0.2.10", port: 993, servername: "${name}", rejectUnauthorized: false });
  const end = (what) => { socket.destroy(); done(what); };
  socket.setTimeout(3000, () => end("down"));
  socket.on("secureConnect", () => end(socket.getPeerCertificate().fingerprint256.replaceAll(":", "").toLowerCase()));
  socket.on("error", () => end("down"));
});
let stop = false;
process.stdin.on("end", () => (stop = true)).resume();
(async () => {
  for (let last = ""; ; ) {
    const at = Math.round(performance.now());
    const now = await look();
    if (now !== last) console.log(at, (last = now));
    if (stop) process.exit();
    await new Promise((done) => setTimeout(done, 50));
  }
})();`;

const watch = (host: MailHost) => {
  const child = host.clientSpawn(["node", "-e", watcher]);
  let text = "";
  child.stdout.on("data", (part: Buffer) => (text += part.toString()));
  const lines = () =>
    text
      .trim()
      .split("\n")
      .map((line) => line.split(" "));
  return {
    lines,
    end: async (): Promise<readonly (readonly string[])[]> => {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.stdin.end();
      await ended;
      return lines();
    },
  };
};

/** apt as an unattended upgrade runs it, from the machine's own archive; the package's own new files take the place of its old ones. */
const upgrade = (host: MailHost) =>
  host.exec(
    "DEBIAN_FRONTEND=noninteractive UCF_FORCE_CONFFNEW=1 apt-get -y -o Dpkg::Options::=--force-confnew -o Dpkg::Options::=--force-unsafe-io " +
      "install dovecot-core dovecot-imapd dovecot-pop3d dovecot-lmtpd dovecot-managesieved postfix 2>&1",
    { timeoutMs: 600_000 },
  );

const until = (host: MailHost, condition: string): Promise<string> =>
  host.must(`for i in $(seq 1200); do if ${condition}; then exit 0; fi; sleep 0.1; done; exit 1`, {
    timeoutMs: 150_000,
  });

/** As a real host has them: Debian's scripts start nothing where there is no init, or no runlevel. */
const withInit = (host: MailHost): Promise<string> =>
  host.must(
    "ln -s /bin/true /sbin/init && printf '#!/bin/sh\\necho N 2\\n' >/sbin/runlevel && chmod 755 /sbin/runlevel",
  );

const setUp = async (host: MailHost): Promise<string> => {
  const { status, stdout, stderr } = await host.mailcert(["setup", name, "--schedule", "none"], { timeoutMs: 120_000 });
  expect(status, stdout + stderr).toBe(0);
  return liveLeaf(host);
};

describe("Debian 12 to 13 under systemd", () => {
  it("the include is in 2.4's words before the package starts Dovecot: apt ends well, and the same certificate is served and proven", async () => {
    await onHost({ suite: "bookworm", systemd: true, upgrade: true }, async (host) => {
      await withInit(host);
      const leaf = await setUp(host);
      const installed = await host.mailcert(["schedule", "install"], { timeoutMs: 120_000 });
      expect(installed.status, installed.stdout + installed.stderr).toBe(0);
      expect(await host.must("systemctl is-active mailcert-dovecot.path")).toBe("active\n");
      await host.must("systemctl stop mailcert.timer");
      await host.write("/etc/apt/sources.list", "deb [trusted=yes] file:/opt/upgrade ./\n");
      await host.must("apt-get update 2>&1");
      const seen = watch(host);
      const { status, stdout } = await upgrade(host);
      expect(status, stdout.slice(-3000)).toBe(0);
      expect(await host.must("dovecot --version")).toMatch(/^2\.4\./);
      // Started by the package, with nobody's help but the include's.
      await until(host, "[ -n \"$(ss -Hltn 'sport = :993')\" ]");
      await until(host, `[ "$(systemctl show --property=ActiveState --value ${service})" = inactive ]`);
      await expectServed(host, all([...usualPorts], leaf));
      const [up, ...rest] = await seen.end();
      expect(up?.[1]).toBe(leaf);
      // Down once, while the package has it stopped, and back with the same certificate: never another one.
      expect(rest.map(([, what]) => what)).toEqual(["down", leaf]);
      expect(await host.read(include)).toContain(`ssl_server_cert_file = ${folder}/live/ecdsa/fullchain.pem\n`);
      const log = await host.must("journalctl --sync && journalctl --no-pager --output=cat --identifier=mailcert");
      expect(log).toMatch(/warning: dovecot is 2\.4\.[\d.]+ now: \S+99-mailcert\.conf was rewritten in its words\n/);
      expect(log).toContain(`${name}: served and proven at every entry point`);
      const verified = await host.mailcert(["verify", "--json"]);
      expect(verified.status, verified.stdout).toBe(0);
      expect((await host.mailcert(["status", "--json"])).stdout).toMatch(/"stage": "verified"/);
      // Taken out again, nothing of ours is left in the new generation's configuration.
      expect((await host.mailcert(["deploy", "--remove", name])).status).toBe(0);
      expect(await host.must("ls /etc/dovecot/conf.d; doveconf -n 2>&1")).not.toMatch(/mailcert|doveconf: /);
    });
  }, 900_000);
});

/** What an upgrade leaves behind: the include in the other generation's words, and a program that was replaced. */
const outgrow = async (host: MailHost): Promise<void> => {
  const words =
    host.suite === "trixie"
      ? "s#^ssl_server_\\(alt_\\)\\?\\(cert\\|key\\)_file = \\(..*\\)#ssl_\\1\\2 = <\\3#; s#^ssl_server_\\(alt_\\)\\?\\(cert\\|key\\)_file =$#ssl_\\1\\2 =#"
      : "s#^ssl_\\(alt_\\)\\?\\(cert\\|key\\) = <#ssl_server_\\1\\2_file = #; s#^ssl_\\(alt_\\)\\?\\(cert\\|key\\) =$#ssl_server_\\1\\2_file =#";
  await host.must(["sed", "-i", words, include]);
  expect((await host.exec("doveconf -n")).stderr).toMatch(/99-mailcert\.conf line \d+.*Unknown setting/);
  await host.must("cp -a /usr/sbin/dovecot /usr/sbin/dovecot.new && mv /usr/sbin/dovecot.new /usr/sbin/dovecot");
};

const renew = (host: MailHost) => host.mailcert(["renew"], { timeoutMs: 120_000 });

describe.each(["bookworm", "trixie"] as const)("the hourly run on %s, without systemd", (suite) => {
  it("rewrites the include, starts Dovecot where it did not come up, and proves it; what somebody stopped or broke stays so", async () => {
    await onHost({ suite }, async (host) => {
      await withInit(host);
      const leaf = await setUp(host);
      // The first run takes note of the programs; with nothing new the next one has nothing to say.
      for (const _ of [1, 2])
        expect((await renew(host)).stdout).toMatch(/^\S+: nothing to do; renewal is due on \S+\n$/);

      // The package restarted it, and it did not come up.
      await outgrow(host);
      await host.must("/etc/init.d/dovecot stop");
      const first = await renew(host);
      expect(first.status, first.stdout + first.stderr).toBe(0);
      expect(first.stdout).toMatch(
        /warning: dovecot is 2\.\d[\d.]* now: \S+99-mailcert\.conf was rewritten in its words; it had not come up, and was started\n/,
      );
      expect(first.stdout).toContain("served and proven at every entry point");
      await expectServed(host, all(usualPorts, leaf));
      expect((await renew(host)).stdout).toContain("nothing to do");
      expect((await host.mailcert(["log"])).stdout).toContain("dovecot: started; it had not come up after an upgrade");

      // Somebody else's settings that this generation refuses: said with the line, and the next run goes on by itself.
      await outgrow(host);
      await host.must("/etc/init.d/dovecot stop");
      await host.must(
        "cp /etc/dovecot/conf.d/10-mail.conf /root/ && echo 'no_such = setting' >>/etc/dovecot/conf.d/10-mail.conf",
      );
      const refused = await host.mailcert(["deploy", "--repair"]);
      expect(refused.status).toBe(1);
      expect(refused.stdout).toMatch(
        /^fault: dovecot 2\.\d[\d.]* does not run and refuses settings that are not mailcert's: .*10-mail\.conf line \d+: .*no_such\n {2}-> mend line \d+ of \S+10-mail\.conf/,
      );
      expect(await leaves(host, [993])).toEqual({ 993: "" });
      await host.must("cp /root/10-mail.conf /etc/dovecot/conf.d/10-mail.conf");
      const mended = await host.mailcert(["deploy", "--repair", "--json"]);
      expect(mended.status, mended.stdout + mended.stderr).toBe(0);
      expect(JSON.parse(mended.stdout)).toMatchObject({
        schema: "mailcert.deploy/1",
        ok: true,
        certificates: [{ outcome: "verified" }],
        repaired: [
          { check: "deploy-repaired", message: expect.stringMatching(/ now: it had not come up, and was started$/) },
        ],
      });
      await expectServed(host, all(usualPorts, leaf));

      // Stopped before the last proof: an administrator's word.
      await host.must("/etc/init.d/dovecot stop");
      expect((await host.mailcert(["deploy"])).stdout).toContain("dovecot");
      await outgrow(host);
      const left = await renew(host);
      expect(left.stdout).toMatch(/was rewritten in its words; it is stopped, and was left so\n/);
      expect(await leaves(host, [993])).toEqual({ 993: "" });
      await host.startDovecot();
      await expectServed(host, all(dovecotPorts, leaf));
    });
  }, 600_000);
});
