// Hosts that differ in what surrounds the servers: NAT, a publicly trusted certificate, TLS off, one server, none running, a mute one, rights, a full disk; keys and rollback.
import { describe, expect, it } from "vitest";
import type { MailHost } from "../lab/mail-host.ts";
import {
  all,
  dovecotPair,
  dovecotPorts,
  expectServed,
  folder,
  leafIn,
  leaves,
  liveLeaf,
  name,
  onHost,
  run,
  setUp,
  settle,
  setup,
  snapshot,
  suites,
  usualPorts,
} from "./deployed-host.ts";

/** SHA-256 of the public key that is served on 993, hex. */
const keyServed = async (host: MailHost): Promise<string> => {
  const line =
    `timeout 10 openssl s_client -connect 127.0.0.1:993 -servername ${name} </dev/null 2>/dev/null | openssl x509 -noout -pubkey | ` +
    "openssl pkey -pubin -outform DER | sha256sum | cut -c1-64";
  return (await host.must(line)).trim();
};

/** A CA in the system's store, and a certificate of it for the host in /etc/ssl/public, which both servers serve. */
const servePublic = async (host: MailHost): Promise<string> => {
  await host.must(`
    mkdir -p /etc/ssl/public && cd /etc/ssl/public
    new() { openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "$@" 2>/dev/null; }
    new -x509 -keyout ca-key.pem -out ca.pem -days 900 -subj '/CN=Public Test CA'
    new -keyout key.pem -out request.pem -subj /CN=${name}
    printf 'subjectAltName=DNS:${name}\\nextendedKeyUsage=serverAuth\\n' > extensions
    openssl x509 -req -in request.pem -CA ca.pem -CAkey ca-key.pem -CAcreateserial -days 90 -extfile extensions -out cert.pem 2>/dev/null
    cat key.pem cert.pem > combined.pem && chmod 600 key.pem combined.pem ca-key.pem
    cp ca.pem /usr/local/share/ca-certificates/public-test.crt && update-ca-certificates 2>&1
    postconf -e smtpd_tls_chain_files=/etc/ssl/public/combined.pem`);
  await host.write("/etc/dovecot/conf.d/11-public.conf", dovecotPair(host, "/etc/ssl/public"));
  await settle(host);
  await host.must("doveadm reload && postfix reload 2>&1");
  const leaf = await leafIn(host, "/etc/ssl/public/cert.pem");
  await expectServed(host, all(usualPorts, leaf));
  return leaf;
};

// Five hosts at once: what takes half a minute with two cores of its own takes a busy machine two.
describe.concurrent.each(suites)("%s", { timeout: 300_000 }, (suite) => {
  it("behind NAT: the name leads elsewhere, the proof does not", async () => {
    await onHost({ suite, hosts: { [name]: "203.0.113.5" } }, async (host) => {
      const result = await setup(host);
      expect(result.status, result.stdout).toBe(0);
      expect(result.deployed.outcome).toBe("verified");
      const addresses = new Set(result.deployed.entries.map(({ address }) => address));
      expect(addresses).toContain("192.0.2.10");
      expect(addresses).not.toContain("203.0.113.5");
      await expectServed(host, all(usualPorts, await liveLeaf(host)), "192.0.2.10");
    });
  });

  it("a publicly trusted certificate is served: nothing at all is changed without --replace", async () => {
    await onHost({ suite }, async (host) => {
      const leaf = await servePublic(host);
      const before = await snapshot(host, "/etc", "/var/lib/mailcert");
      for (const more of [[], ["--yes"], ["--dry-run"]]) {
        const refused = await host.mailcert(["setup", name, ...more]);
        expect(refused.status, refused.stdout + refused.stderr).toBe(78);
        expect(refused.stdout).toBe("");
        expect(refused.stderr).toContain("already serves a publicly trusted certificate for mail.example.org");
        expect(refused.stderr).toContain("Public Test CA");
        expect(refused.stderr).toMatch(/hint: .*--issuer letsencrypt/);
        expect(refused.stderr).toMatch(/hint: .*--replace/);
      }
      // The files of the lock and of the version are all that a refused run leaves.
      await host.must(
        "rm -f /var/lib/mailcert/lock /var/lib/mailcert/version.json && rmdir /var/lib/mailcert 2>/dev/null || true",
      );
      expect(await snapshot(host, "/etc", "/var/lib/mailcert")).toBe(before);
      expect(await leaves(host)).toEqual(all(usualPorts, leaf));

      // Another certificate, the same key: what pins it stays true, at renewals too. The file stays where it is.
      const key = await keyServed(host);
      const replaced = await setup(host, "--replace", "--adopt-key", "/etc/ssl/public/key.pem");
      expect(replaced.status, replaced.stdout).toBe(0);
      await expectServed(host, all(usualPorts, await liveLeaf(host)));
      expect(await keyServed(host)).toBe(key);
      expect((await run(host, ["renew", "--force"])).status).toBe(0);
      expect(await keyServed(host)).toBe(key);
      expect((await host.must("ls /etc/ssl/public")).split("\n")).toContain("key.pem");
    });
  });

  it("mailcert's own root in the system's store makes no certificate a public one", async () => {
    await onHost({ suite }, async (host) => {
      await setUp(host);
      await host.must(
        "cp /var/lib/mailcert/ca/default/root.pem /usr/local/share/ca-certificates/own.crt && update-ca-certificates 2>&1",
      );
      const again = await setup(host);
      expect(again.status, again.stdout + again.stderr).toBe(0);
      expect(again.deployed.servers.every(({ reloaded, changes }) => !reloaded && changes.length === 0)).toBe(true);
      const renewed = await run(host, ["renew", "--force"]);
      expect(renewed.status, renewed.stdout).toBe(0);
      const fresh = await setup(host, "--new-key");
      expect(fresh.status, fresh.stdout + fresh.stderr).toBe(0);
      await expectServed(host, all(usualPorts, await liveLeaf(host)));
    });
  });

  it("TLS is off by somebody's word: a fault with the line to change; after a yes it is switched on, proven, and put back in the end", async () => {
    await onHost({ suite, start: [] }, async (host) => {
      await host.must(
        "sed -i 's/^ssl = yes/ssl = no/' /etc/dovecot/conf.d/10-ssl.conf && postconf -X smtpd_tls_security_level",
      );
      await settle(host);
      await host.startDovecot([110, 143]);
      await host.startPostfix();
      const before = await snapshot(host, "/etc/dovecot", "/etc/postfix");
      const planned = await host.mailcert(["setup", name, "--schedule", "none", "--dry-run"]);
      expect(planned.stdout).toMatch(
        /after a yes: \/etc\/dovecot\/conf\.d\/10-ssl\.conf line \d+: ssl = no -> # mailcert: ssl = no/,
      );
      const refused = await setup(host);
      expect(refused.status, refused.stdout).toBe(1);
      expect(refused.verdicts).toMatchObject({ 25: ["proven"], 143: expect.arrayContaining(["failing"]) as string[] });
      expect(refused.stdout).toMatch(/ssl = no, \/etc\/dovecot\/conf\.d\/10-ssl\.conf line \d+/);
      expect(await host.must("doveconf -h ssl; grep -c '^ssl = ' /etc/dovecot/conf.d/99-mailcert.conf || true")).toBe(
        "no\n0\n",
      );
      const result = await run(host, ["deploy", "--yes"]);
      expect(result.status, result.stdout).toBe(0);
      expect(result.deployed.servers.flatMap(({ changes }) => changes).join()).toContain(
        "ssl = no -> # mailcert: ssl = no",
      );
      expect(result.verdicts).toMatchObject({
        25: ["proven"],
        110: ["proven"],
        143: ["proven"],
        993: ["proven"],
        995: ["proven"],
      });
      await expectServed(host, all([25, 110, 143, 993], await liveLeaf(host)));
      expect(await host.must(["mailcert", "deploy", "--remove"])).toMatch(
        /dovecot: no TLS any more on port [\d, ]*993[^]*: its own settings have none there/,
      );
      expect(await snapshot(host, "/etc/dovecot", "/etc/postfix")).toBe(before);
    });
  });

  it("Dovecot is installed and not running: its settings wait for it, and Postfix is proven", async () => {
    await onHost({ suite, start: ["postfix"] }, async (host) => {
      const result = await setup(host);
      expect(result.status, result.stdout).toBe(0);
      expect(result.verdicts).toMatchObject({ 25: ["proven"], 993: ["unobservable"] });
      expect(result.deployed.servers.map(({ id, running, reloaded }) => `${id} ${running} ${reloaded}`)).toEqual([
        "dovecot false false",
        "postfix true true",
      ]);
      expect(result.deployed.findings.find(({ check }) => check === "deploy-unobservable")).toMatchObject({
        severity: "warning",
        message: "dovecot is not running: its settings are in place and take effect when it starts",
      });
      expect(result.deployed.outcome).toBe("in-place");
      await host.startDovecot();
      await expectServed(host, all(usualPorts, await liveLeaf(host)));
      const proven = await run(host, ["renew"]);
      expect(proven.status, proven.stdout).toBe(0);
      expect(proven.deployed.outcome).toBe("verified");
      expect(proven.verdicts).toMatchObject({ 25: ["proven"], 993: ["proven"] });
    });
  });

  it.each([
    { only: "dovecot", gone: "postfix", ports: dovecotPorts },
    { only: "postfix", gone: "dovecot-core", ports: [25] },
  ] as const)("$only alone", async ({ only, gone, ports }) => {
    await onHost({ suite, start: [] }, async (host) => {
      await host.must(`dpkg --purge --force-all ${gone} 2>&1`);
      await (only === "dovecot" ? host.startDovecot() : host.startPostfix());
      const result = await setup(host);
      expect(result.status, result.stdout).toBe(0);
      expect(result.deployed.servers.map(({ id }) => id)).toEqual([only]);
      expect(
        Object.keys(result.verdicts)
          .map(Number)
          .filter((port) => port !== 2000),
      ).toEqual([...ports]);
      await expectServed(host, all(ports, await liveLeaf(host)));
      const absent = only === "dovecot" ? "postfix" : "dovecot";
      const asked = await host.mailcert(["setup", name, "--server", absent, "--schedule", "none"]);
      expect(asked.status).toBe(78);
      expect(asked.stderr).toMatch(
        new RegExp(`${absent}, which is not installed here[\\s\\S]*hint: install ${absent}`),
      );
    });
  });

  it("a service that accepts and says nothing: named, in bounded time, the others proven", async () => {
    await onHost({ suite }, async (host) => {
      await host.write("/usr/local/bin/mute", "#!/bin/sh\nexec sleep 1000\n", "755");
      await host.write(
        "/etc/dovecot/conf.d/50-mute.conf",
        "service pop3-login {\n  executable = /usr/local/bin/mute\n}\n",
      );
      await host.must("doveadm reload");
      const started = Date.now();
      const result = await setup(host);
      expect(Date.now() - started).toBeLessThan(90_000);
      expect(result.status, result.stdout).toBe(1);
      expect(result.deployed.outcome).toBe("unproven");
      expect(result.faults).toEqual(["deploy-failing"]);
      expect(result.deployed.findings.find(({ check }) => check === "deploy-failing")?.message).toMatch(
        /pop3s?:\/\/mail\.example\.org:(110|995) .* gives no TLS handshake: \S/,
      );
      expect(result.verdicts).toMatchObject({
        25: ["proven"],
        143: ["proven"],
        993: ["proven"],
        110: ["failing"],
        995: ["failing"],
      });
      await host.must("rm /etc/dovecot/conf.d/50-mute.conf && doveadm reload");
      const finished = await run(host, ["renew"]);
      expect(finished.status, finished.stdout).toBe(0);
      await expectServed(host, all(usualPorts, await liveLeaf(host)));
    });
  });

  it("a renewal keeps the key, --new-key changes it, rollback serves the one before with its key", async () => {
    await onHost({ suite }, async (host) => {
      const early = await host.mailcert(["rollback", name]);
      expect(early.status).not.toBe(0);
      await setUp(host);
      const nothing = await host.mailcert(["rollback", name]);
      expect(nothing.status).toBe(65);
      expect(nothing.stderr).toContain("is the first: there is nothing to go back to");
      const key = await keyServed(host);
      expect((await run(host, ["renew", "--force"])).status).toBe(0);
      const second = await liveLeaf(host);
      expect(await keyServed(host)).toBe(key);
      expect((await run(host, ["renew", "--force", "--new-key"])).status).toBe(0);
      expect(await keyServed(host)).not.toBe(key);

      expect((await host.mailcert(["rollback", name, "--dry-run"])).stdout).toContain("would go back to generation 2");
      const rolled = await run(host, ["rollback", name]);
      expect(rolled.status, rolled.stdout).toBe(0);
      expect(rolled.deployed).toMatchObject({ outcome: "verified", generation: { number: 2 } });
      await expectServed(host, all(usualPorts, second));
      expect(await keyServed(host)).toBe(key);
      // What was rolled back by hand does not come back by itself; a renewal goes on with the key that is served.
      expect((await run(host, ["renew"])).status).toBe(0);
      expect(await liveLeaf(host)).toBe(second);
      expect((await run(host, ["renew", "--force"])).deployed).toMatchObject({
        outcome: "verified",
        generation: { number: 4 },
      });
      expect(await keyServed(host)).toBe(key);
      expect((await host.must(`ls ${folder}/keys/ecdsa`)).trim().split("\n")).toHaveLength(2);
    });
  });

  it("without the rights: 77 and one plain sentence", async () => {
    await onHost({ suite, start: ["dovecot"] }, async (host) => {
      await setUp(host, "--server", "dovecot");
      await host.must("chmod 700 /var/lib/mailcert");
      const before = await snapshot(host, "/etc/dovecot", "/var/lib/mailcert");
      for (const args of [
        ["status"],
        ["log"],
        ["renew"],
        ["deploy"],
        ["deploy", "--remove"],
        ["setup", name],
        ["rollback", name],
      ]) {
        const result = await host.mailcert(args, { user: "alice" });
        expect({ args, status: result.status, stdout: result.stdout }).toEqual({ args, status: 77, stdout: "" });
        expect(result.stderr).toMatch(
          /^mailcert: error: cannot [^\n]+: permission denied\nmailcert: hint: run mailcert as root[^\n]*\n$/,
        );
      }
      expect(await snapshot(host, "/etc/dovecot", "/var/lib/mailcert")).toBe(before);
    });
  });

  it("a read-only state folder and a full disk: said, the old certificate stays served, the next run completes", async () => {
    await onHost({ suite, start: ["dovecot"] }, async (host) => {
      await host.must("mkdir -p /var/lib/mailcert && mount -t tmpfs -o size=256k,mode=755 tmpfs /var/lib/mailcert");
      let old = await setUp(host, "--server", "dovecot");

      await host.must("mount -o remount,ro /var/lib/mailcert");
      const readOnly = await host.mailcert(["renew", "--force"]);
      expect(readOnly.status).toBe(73);
      expect(readOnly.stderr).toMatch(
        /^mailcert: error: cannot open \S+: the file system is read-only\n(?:mailcert: hint: in the hourly run: .*\n)?mailcert: hint: (?:else )?remount/,
      );
      expect((await host.mailcert(["status"])).status).toBe(0);
      await host.must("mount -o remount,rw /var/lib/mailcert");

      // From no room at all to nearly enough: it fails at another step each time.
      let failed = 0;
      for (const free of [0, 12, 20]) {
        await host.must(
          `cd /var/lib/mailcert && ! dd if=/dev/zero of=fill bs=1k count=400 2>/dev/null && truncate -s -${free}k fill`,
        );
        const full = await host.mailcert(["renew", "--force"]);
        if (full.status !== 0) {
          failed += 1;
          expect(full.status).toBe(1);
          expect(full.stdout).toMatch(/FAILED: cannot write \S.*: no space left on the device\n +-> free some space/);
          expect(full.stdout + full.stderr).not.toContain("    at ");
          expect(await leaves(host, [143, 993])).toEqual(all([143, 993], old));
        }
        await host.must("rm /var/lib/mailcert/fill");
        const next = await run(host, ["renew", "--force"]);
        expect(next.status, next.stdout).toBe(0);
        old = await liveLeaf(host);
        await expectServed(host, all([143, 993], old));
      }
      expect(failed).toBeGreaterThanOrEqual(2);
      expect(await host.must(`find ${folder} -name '.mailcert-*'`)).toBe("");
      expect((await host.must(`ls ${folder}/generations`)).trim().split("\n")).toHaveLength(3);
    });
  });

  it("a main.cf that cannot be written: Dovecot is proven, Postfix is named, and the next run finishes", async () => {
    await onHost({ suite }, async (host) => {
      const old = (await leaves(host, [25]))[25] ?? "";
      await host.must("mount --bind /etc/postfix /etc/postfix && mount -o remount,bind,ro /etc/postfix");
      const result = await setup(host);
      expect(result.status, result.stdout + result.stderr).toBe(1);
      expect(result.faults).toEqual(["deploy-config", "deploy-stale"]);
      expect(result.deployed.findings.find(({ check }) => check === "deploy-config")?.message).toMatch(
        /^postfix .*cannot write \/etc\/postfix\/main\.cf: the file system is read-only/,
      );
      await expectServed(host, { ...all(dovecotPorts, await liveLeaf(host)), 25: old });
      await host.must("umount /etc/postfix");
      const finished = await run(host, ["renew"]);
      expect(finished.status, finished.stdout).toBe(0);
      await expectServed(host, all(usualPorts, await liveLeaf(host)));
    });
  });
});
