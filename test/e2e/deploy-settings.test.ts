// Hosts whose settings are not as Debian ships them: what wins over mailcert's setting is told and kept without a yes, edited with one, and put back.
import { describe, expect, it } from "vitest";
import type { MailHost } from "../lab/mail-host.ts";
import {
  all,
  dovecotPair,
  dovecotPorts,
  eventually,
  expectServed,
  leafIn,
  leaves,
  liveLeaf,
  makePair,
  name,
  onHost,
  run,
  serverSettings,
  setUp,
  settle,
  setup,
  snapshot,
  suites,
  usualPorts,
} from "./deployed-host.ts";

interface OverrideCase {
  readonly title: string;
  /** Puts the setting that wins in place. */
  readonly write: (host: MailHost) => Promise<void>;
  readonly path: string;
  /** Of the first line that wins; undefined: it differs from host to host. */
  readonly line?: number;
  readonly scope: string;
  /** Served the other certificate until a yes is given. */
  readonly stale: readonly number[];
  readonly address: string;
}

const own = "/etc/ssl/own";
const block =
  (path: string, header: string) =>
  (host: MailHost): Promise<void> =>
    host.write(path, `${header} {\n${dovecotPair(host, own, "  ")}}\n`);

const cases: readonly OverrideCase[] = [
  {
    title: "local.conf",
    write: (host) => host.write("/etc/dovecot/local.conf", dovecotPair(host, own)),
    path: "/etc/dovecot/local.conf",
    line: 1,
    scope: "everything",
    stale: dovecotPorts,
    address: "127.0.0.1",
  },
  {
    title: "protocol imap {}",
    write: block("/etc/dovecot/conf.d/20-own.conf", "protocol imap"),
    path: "/etc/dovecot/conf.d/20-own.conf",
    line: 2,
    scope: "protocol imap",
    stale: [143, 993],
    address: "127.0.0.1",
  },
  {
    title: "local_name {}",
    write: block("/etc/dovecot/conf.d/20-own.conf", `local_name ${name}`),
    path: "/etc/dovecot/conf.d/20-own.conf",
    line: 2,
    scope: `local_name ${name}`,
    stale: dovecotPorts,
    address: "127.0.0.1",
  },
  {
    title: "local 192.0.2.10 {}",
    write: block("/etc/dovecot/conf.d/20-own.conf", "local 192.0.2.10"),
    path: "/etc/dovecot/conf.d/20-own.conf",
    line: 2,
    scope: "local 192.0.2.10",
    stale: dovecotPorts,
    address: "192.0.2.10",
  },
  {
    title: "a dovecot.conf without includes",
    write: async (host) => {
      const hidden = host.suite === "bookworm" ? "| grep -v '^ssl_key\\|^ssl_cert\\|^ssl_dh'" : "";
      await host.must(`doveconf -n ${hidden} > /root/one.conf`);
      const pair = host.suite === "bookworm" ? dovecotPair(host, own) : "";
      const text = (await host.read("/root/one.conf")).replaceAll(
        /\/etc\/dovecot\/private\/dovecot\.pem/g,
        `${own}/cert.pem`,
      );
      await host.write(
        "/etc/dovecot/dovecot.conf",
        text.replaceAll(/\/etc\/dovecot\/private\/dovecot\.key/g, `${own}/key.pem`) + pair,
      );
      await host.must("rm -r /etc/dovecot/conf.d");
    },
    path: "/etc/dovecot/dovecot.conf",
    scope: "everything",
    stale: dovecotPorts,
    address: "127.0.0.1",
  },
];

/** Without our own include file. */
const theirs = async (host: MailHost): Promise<string> =>
  (await snapshot(host, "/etc/dovecot"))
    .split("\n")
    .filter((line) => !/\/(99-)?mailcert\.conf\b/.test(line))
    .join("\n");

// Five hosts at once: what takes half a minute with two cores of its own takes a busy machine two.
describe.concurrent.each(suites)("%s", { timeout: 300_000 }, (suite) => {
  it.each(cases)("$title wins over mailcert's setting", async ({ write, path, line, scope, stale, address }) => {
    await onHost({ suite, start: ["dovecot"] }, async (host) => {
      const other = await makePair(host, own);
      await write(host);
      await host.must("doveadm reload");
      await expectServed(host, all(stale, other), address);
      const before = await snapshot(host, "/etc/dovecot");

      const refused = await setup(host, "--server", "dovecot");
      expect(refused.status, refused.stdout).toBe(1);
      expect(refused.deployed.outcome).toBe("unproven");
      expect(refused.faults).toEqual(["deploy-override", "deploy-stale"]);
      const finding = refused.deployed.findings.find(({ check }) => check === "deploy-override");
      expect(finding?.message).toContain(`for ${scope}, ${path} line ${line ?? ""}`);
      expect(finding?.message).toMatch(/sets ".*cert.*\/etc\/ssl\/own\/cert\.pem" and wins over mailcert's setting/);
      expect(finding?.hint).toContain("mailcert deploy --yes");
      expect(await theirs(host)).toBe(before);
      const elsewhere = dovecotPorts.filter((port) => !stale.includes(port));
      const ours = await liveLeaf(host);
      await expectServed(host, { ...all(stale, other), ...all(elsewhere, ours) }, address);
      if (address !== "127.0.0.1") await expectServed(host, all(dovecotPorts, ours));

      const accepted = await run(host, ["deploy", "--yes"]);
      expect(accepted.status, accepted.stdout).toBe(0);
      expect(accepted.deployed.outcome).toBe("verified");
      await expectServed(host, all(dovecotPorts, ours), address);
      expect(await theirs(host)).not.toBe(before);
      expect((await run(host, ["deploy"])).deployed.servers).toMatchObject([{ reloaded: false, changes: [] }]);

      const removed = await host.mailcert(["deploy", "--remove"]);
      expect(removed.status, removed.stdout).toBe(0);
      expect(await snapshot(host, "/etc/dovecot")).toBe(before);
      await expectServed(host, all(stale, other), address);
    });
  });

  it("a Postfix service with its own certificate keeps it, at renewal too; submission gets ours", async () => {
    await onHost({ suite, start: ["postfix"] }, async (host) => {
      const other = await makePair(host, own);
      await host.must(
        `cat >> /etc/postfix/master.cf <<'END'
submission inet n       -       y       -       -       smtpd
  -o smtpd_tls_security_level=encrypt
submissions inet n       -       y       -       -       smtpd
  -o smtpd_tls_wrappermode=yes
  -o smtpd_tls_cert_file=${own}/cert.pem
  -o smtpd_tls_key_file=${own}/key.pem
2525      inet  n       -       y       -       -       smtpd
END
postfix reload 2>&1`,
      );
      await settle(host);
      await expectServed(host, { 465: other });
      const before = await snapshot(host, "/etc/postfix");
      const result = await setup(host, "--server", "postfix");
      expect(result.status, result.stdout).toBe(0);
      expect(result.verdicts).toEqual({ 25: ["proven"], 465: ["own-certificate"], 587: ["proven"], 2525: ["proven"] });
      expect(result.deployed.findings.filter(({ check }) => check === "submission-off")).toEqual([]);
      expect(result.deployed.findings.find(({ check }) => check === "own-certificate")).toMatchObject({
        severity: "info",
        message: expect.stringContaining(`-o smtpd_tls_cert_file=${own}/cert.pem`) as string,
      });
      await expectServed(host, { ...all([25, 587, 2525], await liveLeaf(host)), 465: other });
      const renewed = await run(host, ["renew", "--force"]);
      expect(renewed.status, renewed.stdout).toBe(0);
      await expectServed(host, { ...all([25, 587, 2525], await liveLeaf(host)), 465: other });
      await host.must(["mailcert", "deploy", "--remove"]);
      expect(await snapshot(host, "/etc/postfix")).toBe(before);
    });
  });

  it("a symlinked main.cf with mode 0640 stays a symlink, its target keeps mode and owner", async () => {
    await onHost({ suite, start: ["postfix"] }, async (host) => {
      await host.must(
        "mkdir /srv/config && mv /etc/postfix/main.cf /srv/config/ && chown daemon:postfix /srv/config/main.cf && chmod 640 /srv/config/main.cf && ln -s /srv/config/main.cf /etc/postfix/main.cf",
      );
      const place = "readlink /etc/postfix/main.cf; stat -c '%a %U %G' /srv/config/main.cf; ls -A /srv/config";
      const expected = "/srv/config/main.cf\n640 daemon postfix\nmain.cf\n";
      const before = await snapshot(host, "/etc/postfix", "/srv/config");
      const ours = await setUp(host, "--server", "postfix");
      expect(await host.must(place)).toBe(expected);
      expect(await host.read("/srv/config/main.cf")).toContain("smtpd_tls_chain_files = /var/lib/mailcert/");
      await expectServed(host, { 25: ours });
      await host.must(["mailcert", "deploy", "--remove"]);
      expect(await host.must(place)).toBe(expected);
      expect(await snapshot(host, "/etc/postfix", "/srv/config")).toBe(before);
    });
  });

  it("a second Postfix instance is pointed at the certificate, reloaded and given back like the first", async () => {
    await onHost({ suite, start: ["postfix"] }, async (host) => {
      await host.must(
        `postmulti -e init && postmulti -I postfix-out -e create &&
         postconf -c /etc/postfix-out -e master_service_disable= myhostname=out.example.org inet_interfaces=all &&
         sed -i 's/^smtp  *inet /2525 inet /' /etc/postfix-out/master.cf && postmulti -i postfix-out -e enable 2>&1`,
      );
      await settle(host);
      await host.must("postmulti -i postfix-out -p start 2>&1");
      await eventually(async () => (await host.exec("ss -Hltn 'sport = :2525'")).stdout !== "");
      const before = await snapshot(host, "/etc/postfix", "/etc/postfix-out");
      const result = await setup(host, "--server", "postfix");
      expect(result.status, result.stdout).toBe(0);
      expect(result.verdicts).toEqual({ 25: ["proven"], 2525: ["proven"] });
      expect(result.deployed.servers.map(({ id, reloaded }) => `${id} ${reloaded}`)).toEqual([
        "postfix true",
        "postfix-out true",
      ]);
      await expectServed(host, all([25, 2525], await liveLeaf(host)));
      const renewed = await run(host, ["renew", "--force"]);
      expect(renewed.status, renewed.stdout).toBe(0);
      await expectServed(host, all([25, 2525], await liveLeaf(host)));
      const removed = await host.mailcert(["deploy", "--remove"]);
      expect(removed.status, removed.stdout).toBe(0);
      expect(removed.stdout).toMatch(
        /postfix reloaded[\s\S]*postfix-out reloaded|postfix-out reloaded[\s\S]*postfix reloaded/,
      );
      expect(await snapshot(host, "/etc/postfix", "/etc/postfix-out")).toBe(before);
    });
  });

  it("deploy --remove after a renewal gives both servers their settings back byte for byte, and a timer run leaves it at that", async () => {
    await onHost({ suite }, async (host) => {
      const before = await serverSettings(host);
      const served = await leaves(host);
      const mainCf = await host.read("/etc/postfix/main.cf");
      await setUp(host);
      expect((await run(host, ["renew", "--force"])).status).toBe(0);
      const fresh = await liveLeaf(host);
      // What somebody adds meanwhile is theirs, and stays.
      await host.must("echo 'smtpd_banner = hello' >> /etc/postfix/main.cf");
      await settle(host);
      const planned = await host.mailcert(["deploy", "--remove", "--dry-run"]);
      expect(planned.stdout).toContain("postfix: main.cf: would remove smtpd_tls_chain_files");
      const removed = await host.mailcert(["deploy", "--remove"]);
      expect(removed.status, removed.stdout).toBe(0);
      expect(await host.read("/etc/postfix/main.cf")).toBe(`${mainCf}smtpd_banner = hello\n`);
      await host.must("sed -i '$d' /etc/postfix/main.cf");
      await settle(host);
      expect(await serverSettings(host)).toBe(before);
      expect(await host.must("{ doveconf -n && postconf -n; } 2>&1 >/dev/null")).toBe("");
      await expectServed(host, served);

      expect((await host.mailcert(["renew"])).status).toBe(0);
      const forced = await host.mailcert(["renew", "--force"]);
      expect(forced.status, forced.stdout).toBe(0);
      expect(await serverSettings(host)).toBe(before);
      expect((await host.mailcert(["deploy", "--remove"])).stdout).toContain(
        "no server's settings were changed for it",
      );

      const back = await run(host, ["deploy"]);
      expect(back.status, back.stdout).toBe(0);
      expect(back.deployed).toMatchObject({ outcome: "verified", generation: { number: 3 } });
      const newest = await liveLeaf(host);
      expect(newest).not.toBe(fresh);
      await expectServed(host, all(usualPorts, newest));
      expect((await host.mailcert(["log"])).stdout).toContain("postfix: main.cf: removed smtpd_tls_chain_files");
    });
  });

  it("deploy --remove where one server is broken: the other gets its settings back and is reloaded, exit 1", async () => {
    await onHost({ suite }, async (host) => {
      const served = await leaves(host);
      const before = await snapshot(host, "/etc/postfix");
      const ours = await setUp(host);
      await host.write("/etc/dovecot/conf.d/50-broken.conf", "no_such_setting = yes\n");
      const removed = await host.mailcert(["deploy", "--remove"]);
      expect(removed.status, removed.stdout).toBe(1);
      expect(removed.stdout).toMatch(/fault: dovecot was not reloaded: .*50-broken\.conf line 1/);
      expect(removed.stdout).toContain("postfix reloaded");
      expect(await snapshot(host, "/etc/postfix")).toBe(before);
      await expectServed(host, { 25: served[25] ?? "", 993: ours });
      expect(await host.exec("ls /etc/dovecot/conf.d/99-mailcert.conf")).not.toMatchObject({ status: 0 });
      await host.must("rm /etc/dovecot/conf.d/50-broken.conf && doveadm reload");
      await expectServed(host, { 993: served[993] ?? "" });
      expect(await leafIn(host, "/var/lib/mailcert/certificates/mail.example.org/live/ecdsa/cert.pem")).toBe(ours);
    });
  });

  it("deploy --remove where what would be put back is gone: said, nothing is changed; after --yes the port without TLS is a fault", async () => {
    await onHost({ suite }, async (host) => {
      const other = await makePair(host, own);
      await host.must(
        `postconf -e smtpd_tls_cert_file=${own}/cert.pem smtpd_tls_key_file=${own}/key.pem && cp -a ${own} /root/own`,
      );
      await settle(host);
      await host.write("/etc/dovecot/conf.d/20-own.conf", dovecotPair(host, own));
      await host.must("postfix reload 2>&1 && doveadm reload");
      await expectServed(host, { 25: other, 993: other });
      const before = await serverSettings(host);
      const ours = await setUp(host, "--replace");
      const set = await serverSettings(host);
      await host.must(`rm -r ${own}`);

      const planned = await host.mailcert(["deploy", "--remove", "--dry-run"]);
      expect(planned.status, planned.stdout).toBe(1);
      const lost = `put back would be smtpd_tls_cert_file = ${own}/cert.pem in /etc/postfix/main.cf, which is not there`;
      expect(planned.stdout).toContain(`fault: postfix would be left without a certificate: ${lost}`);
      expect(planned.stdout).toContain("fault: dovecot would be left without a certificate");
      const refused = await host.mailcert(["deploy", "--remove"]);
      expect(refused.status, refused.stdout + refused.stderr).toBe(78);
      expect(refused.stderr).toContain("nothing was changed: ");
      expect(refused.stderr).toContain("mailcert deploy --remove --yes");
      expect(await serverSettings(host)).toBe(set);
      expect((await host.mailcert(["status"])).stdout).not.toContain("taken out");
      await expectServed(host, { 25: ours, 993: ours });

      const forced = await host.mailcert(["deploy", "--remove", "--yes"]);
      expect(forced.status, forced.stdout + forced.stderr).toBe(1);
      expect(forced.stdout).toContain("fault: postfix gives no TLS handshake any more on port 25");
      expect(forced.stdout).toContain("fault: dovecot was not reloaded");
      expect(await serverSettings(host)).toBe(before);

      await host.must(`cp -a /root/own ${own} && postfix reload 2>&1`);
      const again = await host.mailcert(["deploy"]);
      expect(again.status, again.stdout + again.stderr).toBe(0);
      const removed = await host.mailcert(["deploy", "--remove"]);
      expect(removed.status, removed.stdout + removed.stderr).toBe(0);
      await expectServed(host, { 25: other, 993: other });
    });
  });
});
