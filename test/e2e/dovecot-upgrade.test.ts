// A deployed host whose Dovecot becomes another generation: Debian 12 to 13 with its own apt and systemd.
import { describe, expect, it } from "vitest";
import type { MailHost } from "../lab/mail-host.ts";
import { all, expectServed, folder, name, onHost, usualPorts } from "./deployed-host.ts";
import { hardenOpenHost, include, policy, setUp, withInit } from "./upgraded-host.ts";

const service = "mailcert-dovecot.service";

/** Looks at port 993 every 50 ms from another machine, and tells each change: milliseconds, then the leaf or "down". It outlives the upgrade of all it stands on. */
const watcher = `
const tls = require("node:tls");
const look = () => new Promise((done) => {
  const socket = tls.connect({ host: "192.0.2.10", port: 993, servername: "${name}", rejectUnauthorized: false });
  const end = (what) => { socket.destroy(); done(what); };
  socket.setTimeout(15_000, () => end("down"));
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
      const ended = new Promise((resolve) => child.once("close", resolve));
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

describe("Debian 12 to 13 under systemd", () => {
  it("the include is in 2.4's words before the package starts Dovecot: apt ends well, and the same certificate is served and proven", async () => {
    await onHost({ suite: "bookworm", systemd: true, upgrade: true }, async (host) => {
      await withInit(host);
      const leaf = await setUp(host);
      await hardenOpenHost(host);
      const installed = await host.mailcert(["schedule", "install"], { timeoutMs: 120_000 });
      expect(installed.status, installed.stdout + installed.stderr).toBe(0);
      expect(await host.must("systemctl is-active mailcert-dovecot.path")).toBe("active\n");
      await host.must("systemctl stop mailcert.timer");
      await host.write("/etc/apt/sources.list", "deb [trusted=yes] file:/opt/upgrade ./\n");
      await host.must("apt-get update 2>&1");
      const { stdout: foreseen } = await host.mailcert(["doctor"], { timeoutMs: 120_000 });
      expect(foreseen).toMatch(
        /brings Dovecot 2\.4\.[^(]*\(doctor-dovecot-upgrade\)\n +-> mailcert's own settings follow by themselves/,
      );
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
      // Down while the package has it stopped (once more, on a busy machine, where it starts it anew), and back with the same certificate: never another one.
      const [first, second, ...again] = rest.map(([, what]) => what);
      expect([first, second]).toEqual(["down", leaf]);
      expect([[], ["down", leaf]]).toContainEqual(again);
      expect(await host.read(include)).toContain(`ssl_server_cert_file = ${folder}/live/ecdsa/fullchain.pem\n`);
      expect(await host.read(policy)).toMatch(/^auth_allow_cleartext = no$/m);
      const log = await host.must("journalctl --sync && journalctl --no-pager --output=cat --identifier=mailcert");
      expect(log).toMatch(
        /warning: dovecot is 2\.4\.[\d.]+ now: \S+99-mailcert\.conf and \S+99-mailcert\.policy\.conf were rewritten in its words\n/,
      );
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
