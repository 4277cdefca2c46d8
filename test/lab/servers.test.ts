// The server adapters on Debian's real Dovecot and Postfix, both generations: the contract, and the hosts that are not as Debian ships them.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Change, Installation } from "../../src/servers/server.ts";
import { type ServerUnderTest, serverContract } from "../contract/server.ts";
import { type MailHost, startMailHost } from "./mail-host.ts";
import type { Suite } from "./parts.ts";
import { installDriver, remoteServer } from "./remote-server.ts";
import {
  bySni,
  certificate,
  folder,
  leafOf,
  leafOfCertificate,
  makeBySni,
  makeCertificate,
  makePair,
  openPorts,
  served,
  snapshot,
} from "./server-judge.ts";

interface Lab {
  readonly host: MailHost;
  readonly dovecot: ReturnType<typeof remoteServer>;
  readonly postfix: ReturnType<typeof remoteServer>;
  /** Puts /etc/dovecot and /etc/postfix back, and makes both servers use them. */
  readonly reset: () => Promise<void>;
}

const openLab = async (suite: Suite): Promise<Lab> => {
  const host = await startMailHost({ suite });
  await installDriver(host);
  await makeCertificate(host);
  await makeBySni(host);
  await host.must("mkdir /root/etc && cp -a /etc/dovecot /etc/postfix /root/etc/");
  await host.startDovecot();
  await host.startPostfix();
  const reset = async (): Promise<void> => {
    await host.must(
      "rm -rf /etc/dovecot /etc/postfix && cp -a /root/etc/dovecot /root/etc/postfix /etc/ && doveadm reload && postfix reload 2>&1",
    );
  };
  return { host, dovecot: remoteServer(host, "dovecot"), postfix: remoteServer(host, "postfix"), reset };
};

const dovecotUnderTest = ({ host, dovecot, reset }: Lab): ServerUnderTest => ({
  server: dovecot,
  certificate,
  reset,
  version: host.suite === "bookworm" ? /^2\.3\./ : /^2\.4\./,
  snapshot: () => snapshot(host, "/etc/dovecot"),
  openPorts: () => openPorts(host, "dovecot"),
  served: (listener, slot, name) => served(host, listener, slot, name),
  leaf: (slot, of = certificate) => leafOfCertificate(host, of, slot),
  bySni,
  breakConfiguration: async () => {
    await host.write("/etc/dovecot/conf.d/50-broken.conf", "no_such_setting = yes\n");
    return "50-broken.conf line 1";
  },
  overwriteOurs: async () => {
    await host.must("echo '# mine now' >> /etc/dovecot/conf.d/99-mailcert.conf");
  },
  hardens: true,
  isCertificateSetting: (change) =>
    change.kind === "file" &&
    change.path === "/etc/dovecot/conf.d/99-mailcert.conf" &&
    change.mode === 0o644 &&
    (change.content ?? "")
      .split("\n")
      // What keeps sessions through a reload comes with the certificate (decision 0043).
      .every((line) =>
        /^(|#.*|shutdown_clients = no| *ssl_(server_)?(alt_)?(cert|key)(_file)? =.*|local_name [a-z.*]+ \{|\})$/.test(
          line,
        ),
      ),
});

const postfixUnderTest = ({ host, postfix, reset }: Lab): ServerUnderTest => ({
  server: postfix,
  certificate,
  reset,
  version: host.suite === "bookworm" ? /^3\.7\./ : /^3\.10\./,
  snapshot: () => snapshot(host, "/etc/postfix"),
  openPorts: () => openPorts(host, "master"),
  served: (listener, slot, name) => served(host, listener, slot, name),
  leaf: (slot, of = certificate) => leafOfCertificate(host, of, slot),
  bySni,
  breakConfiguration: async () => {
    await host.must("echo 'submission inet n' >> /etc/postfix/master.cf");
    return "bad field count";
  },
  overwriteOurs: async () => {
    await host.must("postconf -e smtpd_tls_chain_files=/etc/ssl/mine.pem");
  },
  // Without a service for people there is nothing to do but to add a group, where there is one to add.
  hardens: host.suite === "trixie",
  isCertificateSetting: (change) =>
    (change.kind === "file" && change.path === "/etc/postfix/mailcert-sni" && change.mode === 0o600) ||
    (change.kind === "parameter" &&
      /^(tls_server_sni_maps|smtpd_tls_(chain_files|d?cert_file|d?key_file|eccert_file|eckey_file))$/.test(
        change.parameter,
      )),
});

for (const suite of ["bookworm", "trixie"] as const) {
  describe(suite, () => {
    let lab: Lab;
    beforeAll(async () => {
      lab = await openLab(suite);
    });
    afterAll(() => lab?.host.stop());

    serverContract(`dovecot on ${suite}`, async () => dovecotUnderTest(lab), { byName: true, byPlace: true });
    serverContract(`postfix on ${suite}`, async () => postfixUnderTest(lab), { byName: true, byPlace: true });

    const [cert, key] =
      suite === "bookworm" ? ["ssl_cert = <", "ssl_key = <"] : ["ssl_server_cert_file = ", "ssl_server_key_file = "];
    const old = { pem: "/etc/ssl/certs/ssl-cert-snakeoil.pem", key: "/etc/ssl/private/ssl-cert-snakeoil.key" };
    const oldPair = (indent = ""): string => `${indent}${cert}${old.pem}\n${indent}${key}${old.key}\n`;

    describe("a Dovecot that is not as Debian ships it", () => {
      let installation: Installation;
      const ready = async (): Promise<void> => {
        const [found] = await lab.dovecot.detect();
        if (!found) throw new Error("no Dovecot");
        installation = found;
        for (const change of (await lab.dovecot.plan(found, certificate)).changes)
          await lab.dovecot.apply(found, change);
      };
      beforeEach(() => lab.reset());

      const accept = async (edits: readonly Change[]): Promise<void> => {
        for (const change of edits) await lab.dovecot.apply(installation, change);
      };

      test.each([
        { what: "local.conf", path: "/etc/dovecot/local.conf", block: "", scope: "everything", line: 2 },
        {
          what: "protocol imap {}",
          path: "/etc/dovecot/conf.d/20-own.conf",
          block: "protocol imap {",
          scope: "protocol imap",
          line: 3,
        },
        {
          what: "local_name {}",
          path: "/etc/dovecot/conf.d/20-own.conf",
          block: "local_name mail.example.org {",
          scope: "local_name mail.example.org",
          line: 3,
        },
        {
          what: "local IP {}",
          path: "/etc/dovecot/conf.d/20-own.conf",
          block: "local 127.0.0.1 {",
          scope: "local 127.0.0.1",
          line: 3,
        },
      ])(
        "$what sets another certificate: its place is shown, the edit makes ours win, and can be taken back",
        async (one) => {
          const inner = oldPair(one.block === "" ? "" : "  ");
          await lab.host.write(one.path, one.block === "" ? `# mine\n${inner}` : `# mine\n${one.block}\n${inner}}\n`);
          const before = await snapshot(lab.host, "/etc/dovecot");
          await ready();
          const overrides = await lab.dovecot.readBack(installation, certificate);
          expect(overrides).toHaveLength(1);
          const [override] = overrides;
          expect(override).toMatchObject({
            scope: one.scope,
            path: one.path,
            line: one.line,
            setting: `${cert}${old.pem}`,
          });
          const imaps = { protocol: "imap", mode: "implicit", port: 993 } as const;
          await lab.dovecot.reload(installation);
          // The case before had it served: until the reload is done it still is.
          // The old pair is RSA: nobody has an ECDSA certificate of a port that answers.
          const kinds = async () => [await served(lab.host, imaps, "ecdsa"), await served(lab.host, imaps, "rsa")];
          await expect.poll(kinds, { timeout: 10_000 }).toEqual(["", expect.stringMatching(/./)]);
          await accept(override?.edit ?? []);
          expect(await lab.dovecot.readBack(installation, certificate)).toEqual([]);
          await lab.dovecot.check(installation);
          await lab.dovecot.reload(installation);
          await expect
            .poll(() => served(lab.host, imaps, "ecdsa"), { timeout: 10_000 })
            .toBe(await leafOf(lab.host, `${folder}/live/ecdsa`));
          for (const change of (override?.edit ?? []).toReversed())
            expect(await lab.dovecot.revert(installation, change)).toBe("reverted");
          await lab.host.must("rm /etc/dovecot/conf.d/99-mailcert.conf");
          expect(await snapshot(lab.host, "/etc/dovecot")).toBe(before);
        },
      );

      test("another name's local_name block is somebody else's business", async () => {
        await lab.host.write("/etc/dovecot/conf.d/20-own.conf", `local_name other.example.net {\n${oldPair("  ")}}\n`);
        await ready();
        expect(await lab.dovecot.readBack(installation, certificate)).toEqual([]);
      });

      test("a monolithic dovecot.conf: the edit appends one include line, and a second plan settles", async () => {
        await lab.host.must("doveconf -n 2>/dev/null | grep -v '^ssl_key\\|^ssl_dh\\|^#' > /root/mono.conf");
        const text = await lab.host.read("/root/mono.conf");
        await lab.host.write("/etc/dovecot/dovecot.conf", suite === "bookworm" ? `${text}${key}${old.key}\n` : text);
        await lab.host.must("rm -r /etc/dovecot/conf.d");
        const before = await lab.host.read("/etc/dovecot/dovecot.conf");
        await ready();
        const [override] = await lab.dovecot.readBack(installation, certificate);
        expect(override).toMatchObject({
          scope: "everything",
          path: "/etc/dovecot/dovecot.conf",
          edit: [{ kind: "line", path: "/etc/dovecot/dovecot.conf", after: "!include_try /etc/dovecot/mailcert.conf" }],
        });
        await accept(override?.edit ?? []);
        expect(await lab.dovecot.readBack(installation, certificate)).toEqual([]);
        expect((await lab.dovecot.plan(installation, certificate)).changes).toEqual([]);
        await lab.dovecot.check(installation);
        for (const change of override?.edit ?? [])
          expect(await lab.dovecot.revert(installation, change)).toBe("reverted");
        expect(await lab.host.read("/etc/dovecot/dovecot.conf")).toBe(before);
      });

      test("ssl = no is somebody's decision: shown with file and line, overruled after a yes only, and put back", async () => {
        const place = "/etc/dovecot/conf.d/10-ssl.conf";
        await lab.host.must(`sed -i 's/^ssl = yes/ssl = no/' ${place}; echo 'ssl = no' > /etc/dovecot/conf.d/zz.conf`);
        const before = await snapshot(lab.host, "/etc/dovecot");
        const [found] = await lab.dovecot.detect();
        installation = found as Installation;
        const off = await lab.dovecot.listeners(installation);
        const said = new Set(off.map(({ tlsOff }) => tlsOff?.setting));
        expect([...said]).toEqual([
          expect.stringMatching(/^Dovecot: ssl = no, .*10-ssl\.conf line \d+, .*zz\.conf line 1$/),
        ]);
        const plan = await lab.dovecot.plan(installation, certificate);
        await accept(plan.changes);
        expect(await lab.host.read("/etc/dovecot/conf.d/99-mailcert.conf")).not.toMatch(/^ssl = /m);
        expect(await lab.host.must("doveconf -h ssl")).toBe("no\n");
        const edit = plan.off?.flatMap((one) => one.edit) ?? [];
        expect(edit).toMatchObject([{ path: place }, { path: "/etc/dovecot/conf.d/zz.conf", line: 1 }]);
        await accept(edit);
        expect(await lab.host.must("doveconf -h ssl")).toBe("yes\n");
        expect(await lab.dovecot.plan(installation, certificate)).toMatchObject({ changes: [], off: [] });
        expect((await lab.dovecot.listeners(installation)).some((listener) => listener.tlsOff)).toBe(false);
        for (const change of [...plan.changes, ...edit].toReversed())
          expect(await lab.dovecot.revert(installation, change)).toBe("reverted");
        expect(await snapshot(lab.host, "/etc/dovecot")).toBe(before);
      });

      test("our file at 0600, which breaks local delivery, is planned anew", async () => {
        await ready();
        await lab.host.must("chmod 600 /etc/dovecot/conf.d/99-mailcert.conf");
        expect((await lab.dovecot.plan(installation, certificate)).changes).toHaveLength(1);
        await ready();
        expect(await lab.host.must("stat -c %a:%U /etc/dovecot/conf.d/99-mailcert.conf")).toBe("644:root\n");
      });

      test("a missing file that 10-ssl.conf names is found before any reload, with the line to mend", async () => {
        await lab.host.must(
          `sed -i 's#^${cert}.*#${cert}/etc/dovecot/private/gone.pem#' /etc/dovecot/conf.d/10-ssl.conf`,
        );
        await ready();
        await expect(lab.dovecot.check(installation)).rejects.toMatchObject({
          kind: "config",
          message: expect.stringContaining("/etc/dovecot/private/gone.pem") as string,
          hints: [
            expect.stringMatching(
              /put \/etc\/dovecot\/private\/gone\.pem back, or comment out line \d+ of \S+10-ssl\.conf/,
            ) as string,
          ],
        });
      });

      test("a PROXY-protocol listener is unobservable, a closed one is not listed, an address is kept", async () => {
        const bound = suite === "bookworm" ? "address = 127.0.0.1" : "listen = 127.0.0.1";
        await lab.host.write(
          "/etc/dovecot/conf.d/50-own.conf",
          `service imap-login {\n  inet_listener imap {\n    port = 0\n  }\n  inet_listener proxied {\n    port = 10993\n    ssl = yes\n    haproxy = yes\n    ${bound}\n  }\n}\n`,
        );
        const [found] = await lab.dovecot.detect();
        const imap = (await lab.dovecot.listeners(found as Installation)).filter(
          (listener) => listener.protocol === "imap",
        );
        expect(imap.some((listener) => listener.port === 143)).toBe(false);
        expect(imap.filter((listener) => listener.port === 10993)).toEqual([
          {
            protocol: "imap",
            mode: "implicit",
            port: 10993,
            address: "127.0.0.1",
            service: "imap-login/proxied",
            unobservable: expect.stringContaining("haproxy") as string,
          },
        ]);
      });
    });

    describe("a Postfix that is not as Debian ships it", () => {
      let installation: Installation;
      beforeEach(async () => {
        await lab.reset();
        const [found] = await lab.postfix.detect();
        if (!found) throw new Error("no Postfix");
        installation = found;
      });
      const applyAll = async (): Promise<readonly Change[]> => {
        const { changes } = await lab.postfix.plan(installation, certificate);
        for (const change of changes) await lab.postfix.apply(installation, change);
        return changes;
      };
      const revertAll = async (changes: readonly Change[]): Promise<void> => {
        for (const change of changes.toReversed())
          expect(await lab.postfix.revert(installation, change)).toBe("reverted");
      };

      test("a service with -o smtpd_tls_cert_file keeps serving it, and so does one with -o smtpd_tls_chain_files", async () => {
        await makePair(lab.host, "/etc/ssl/own", "rsa", "own.example.org");
        await lab.host.must(
          `cat >> /etc/postfix/master.cf <<'END'
submission inet n       -       y       -       -       smtpd
  -o syslog_name=postfix/submission
# a comment inside the entry
  -o smtpd_tls_cert_file=/etc/ssl/own/cert.pem
  -o smtpd_tls_key_file=/etc/ssl/own/privkey.pem

submissions inet n       -       y       -       -       smtpd
  -o smtpd_tls_wrappermode=yes -o smtpd_tls_chain_files=/etc/ssl/own/combined.pem
2525      inet  n       -       y       -       -       smtpd
END
postfix reload 2>&1`,
        );
        const before = await snapshot(lab.host, "/etc/postfix");
        const changes = await applyAll();
        await lab.postfix.check(installation);
        await lab.postfix.reload(installation);
        const own = await leafOf(lab.host, "/etc/ssl/own");
        const ours = await leafOf(lab.host, `${folder}/live/rsa`);
        const listeners = await lab.postfix.listeners(installation);
        for (const [port, mode, leaf] of [
          [25, "starttls", ours],
          [2525, "starttls", ours],
          [587, "starttls", own],
          [465, "implicit", own],
        ] as const) {
          const listener = listeners.find((one) => one.port === port);
          expect(listener).toMatchObject({ mode });
          expect(listener?.ownCertificate === undefined).toBe(leaf === ours);
          await expect
            .poll(() => served(lab.host, { protocol: "smtp", mode, port }, "rsa"), { timeout: 10_000 })
            .toBe(leaf);
        }
        const again = await lab.postfix.plan(installation, certificate);
        expect(again.changes).toEqual([]);
        expect(again.notes.filter((note) => note.check === "own-certificate")).toHaveLength(2);
        await revertAll(changes);
        expect(await snapshot(lab.host, "/etc/postfix")).toBe(before);
      });

      test("a symlinked main.cf with mode 0640 stays one", async () => {
        await lab.host.must(
          "cd /etc/postfix && mv main.cf main.real && chmod 640 main.real && chown root:postfix main.real && ln -s main.real main.cf",
        );
        const before = await snapshot(lab.host, "/etc/postfix");
        const changes = await applyAll();
        expect(
          await lab.host.must(
            "cd /etc/postfix && readlink main.cf && stat -c %a:%U:%G main.real && postconf -h smtpd_tls_chain_files",
          ),
        ).toBe(`main.real\n640:root:postfix\n${folder}/live/ecdsa/combined.pem, ${folder}/live/rsa/combined.pem\n`);
        await revertAll(changes);
        expect(await snapshot(lab.host, "/etc/postfix")).toBe(before);
      });

      test("a second instance is found, and untouched by the first one's plan", async () => {
        await lab.host.must(
          "postmulti -e init && postmulti -I postfix-out -e create && postconf -c /etc/postfix-out -e master_service_disable= myhostname=out.example.org",
        );
        try {
          const instances = await lab.postfix.detect();
          expect(instances.map(({ id, configDir, running }) => ({ id, configDir, running }))).toEqual([
            { id: "postfix", configDir: "/etc/postfix", running: true },
            { id: "postfix-out", configDir: "/etc/postfix-out", running: false },
          ]);
          const second = await snapshot(lab.host, "/etc/postfix-out");
          const changes = await applyAll();
          await lab.postfix.reload(installation);
          expect(await snapshot(lab.host, "/etc/postfix-out")).toBe(second);
          const out = instances[1] as Installation;
          const first = await snapshot(lab.host, "/etc/postfix");
          for (const change of (await lab.postfix.plan(out, certificate)).changes) await lab.postfix.apply(out, change);
          expect(await lab.host.must("postconf -c /etc/postfix-out -h smtpd_tls_chain_files")).toContain(folder);
          expect(await snapshot(lab.host, "/etc/postfix")).toBe(first);
          await revertAll(changes);
        } finally {
          await lab.host.must("rm -rf /etc/postfix-out");
        }
      });

      test("no TLS setting at all: security level may; an explicit none is left, and told", async () => {
        await lab.host.must("postconf -X smtpd_tls_security_level");
        expect((await lab.postfix.plan(installation, certificate)).changes).toContainEqual({
          kind: "parameter",
          parameter: "smtpd_tls_security_level",
          after: "may",
        });
        await lab.host.must("postconf -e smtpd_tls_security_level=none");
        const plan = await lab.postfix.plan(installation, certificate);
        expect(
          plan.changes.some((change) => change.kind === "parameter" && change.parameter === "smtpd_tls_security_level"),
        ).toBe(false);
        expect(plan.off).toMatchObject([
          {
            setting: "smtpd_tls_security_level = none",
            edit: [{ parameter: "smtpd_tls_security_level", after: "may" }],
          },
        ]);
        for (const { address, tlsOff, unobservable } of await lab.postfix.listeners(installation)) {
          const off = "smtpd_tls_security_level = none in main.cf";
          if (/^127\.|^::1$/.test(address)) expect(unobservable).toContain(off);
          else
            expect(tlsOff).toMatchObject({
              setting: `Postfix: ${off}`,
              mend: expect.stringContaining("=may") as string,
            });
        }
      });

      test("the client side keeps its certificate: a legacy setting that smtp refers to stays", async () => {
        await lab.host.must(
          "postconf -e 'smtp_tls_cert_file = $smtpd_tls_cert_file' 'smtp_tls_key_file = ${smtpd_tls_key_file}'",
        );
        await applyAll();
        expect(await lab.host.must("postconf -hx smtp_tls_cert_file smtp_tls_key_file")).toBe(
          `${old.pem}\n${old.key}\n`,
        );
        const plan = await lab.postfix.plan(installation, certificate);
        expect(plan.changes).toEqual([]);
        expect(plan.notes.filter((note) => note.check === "legacy-setting-kept")).toHaveLength(2);
      });

      test("main.cf over several lines, without a last line end, and an older chain setting: back to the same bytes", async () => {
        await lab.host.must(
          "printf 'smtpd_tls_chain_files =\\n  /etc/ssl/a.pem,\\n# between\\n  /etc/ssl/b.pem\\nsmtpd_tls_eccert_file=/etc/ssl/e.pem' >> /etc/postfix/main.cf",
        );
        const before = await snapshot(lab.host, "/etc/postfix");
        const changes = await applyAll();
        expect((await lab.postfix.plan(installation, certificate)).changes).toEqual([]);
        expect(await lab.host.must("postconf -n smtpd_tls_eccert_file 2>&1")).toBe("");
        await revertAll(changes);
        expect(await snapshot(lab.host, "/etc/postfix")).toBe(before);
      });

      test("an SNI map and postscreen's own chain win over main.cf, and are told without a key", async () => {
        await lab.host.must(
          "echo 'mail.example.org /etc/ssl/other.pem' > /etc/postfix/sni && postconf -e tls_server_sni_maps=texthash:/etc/postfix/sni tlsproxy_tls_chain_files=/etc/ssl/other.pem && " +
            "postconf -M tlsproxy/unix='tlsproxy unix - - y - 0 tlsproxy'",
        );
        await applyAll();
        const overrides = await lab.postfix.readBack(installation, certificate);
        expect(overrides).toMatchObject([
          { scope: "postscreen on port 25", edit: [{ parameter: "tlsproxy_tls_chain_files" }] },
          { scope: "clients that ask for mail.example.org", path: "/etc/postfix/sni", edit: [] },
        ]);
      });

      test("missing submission services are told with the way to them, which works, and are never switched on", async () => {
        const told = async () =>
          (await lab.postfix.plan(installation, certificate)).notes.filter(({ check }) => check === "submission-off");
        const [note, ...more] = await told();
        expect(more).toEqual([]);
        expect(note?.hint).toMatch(
          /take the # off "submissions inet" and its -o lines in \/etc\/postfix\/master\.cf \(for 587: "submission"\), then: postfix reload$/,
        );
        await expect.poll(() => openPorts(lab.host, "master"), { timeout: 10_000 }).toEqual([25]);
        // As the hint says, first one, then the other.
        const takeOff = async (service: string): Promise<void> => {
          const program = `$1 == "#${service}" && $2 == "inet" { on = 1 } !/^#/ || /^#[^ ]/ && $1 != "#${service}" { on = 0 } on && ($1 == "#${service}" || $2 == "-o") { sub(/^#/, "") } { print }`;
          await lab.host.must(
            `awk '${program}' /etc/postfix/master.cf > /root/master.cf && cat /root/master.cf > /etc/postfix/master.cf && postfix reload 2>&1`,
          );
        };
        await takeOff("submission");
        await expect.poll(() => openPorts(lab.host, "master"), { timeout: 10_000 }).toEqual([25, 587]);
        expect(await told()).toMatchObject([{ message: expect.stringContaining("and not 465") as string }]);
        await takeOff("submissions");
        expect(await told()).toEqual([]);
        await expect.poll(() => openPorts(lab.host, "master"), { timeout: 10_000 }).toEqual([25, 465, 587]);
        const listeners = (await lab.postfix.listeners(installation)).filter(
          (listener) => listener.address === "0.0.0.0",
        );
        expect(listeners.map(({ protocol, mode, port }) => `${protocol} ${mode} ${port}`).toSorted()).toEqual([
          "smtp starttls 25",
          "submission implicit 465",
          "submission starttls 587",
        ]);
      });

      test("addresses and the PROXY protocol", async () => {
        await lab.host.must(
          "postconf -e inet_interfaces=127.0.0.1 && postconf -M 192.0.2.10:465/inet='192.0.2.10:465 inet n - y - - smtpd -o smtpd_tls_wrappermode=yes' 10025/inet='10025 inet n - y - - smtpd -o smtpd_upstream_proxy_protocol=haproxy' && " +
            "postconf -M 127.0.0.1:10026/inet='127.0.0.1:10026 inet n - y - - smtpd -o smtpd_tls_security_level=none'",
        );
        const listeners = await lab.postfix.listeners(installation);
        expect(listeners.map(({ address, port, unobservable }) => [address, port, unobservable === undefined])).toEqual(
          [
            ["127.0.0.1", 25, true],
            ["192.0.2.10", 465, true],
            ["127.0.0.1", 10025, false],
            ["127.0.0.1", 10026, false],
          ],
        );
      });
    });
  });
}
