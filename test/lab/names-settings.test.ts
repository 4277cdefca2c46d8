// Certificates by name on hosts whose admin has names of their own: Dovecot's local_name blocks, Postfix's SNI maps, services with their own certificate.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Change, Installation } from "../../src/servers/server.ts";
import { type MailHost, startMailHost } from "./mail-host.ts";
import { installDriver, remoteServer } from "./remote-server.ts";
import {
  bySni,
  certificate,
  leafOfCertificate,
  makeBySni,
  makeCertificate,
  makePair,
  served,
  snapshot,
} from "./server-judge.ts";

const imaps = { protocol: "imap", mode: "implicit", port: 993 } as const;
const smtp = { protocol: "smtp", mode: "starttls", port: 25 } as const;
const [two, wild] = bySni;

for (const suite of ["bookworm", "trixie"] as const) {
  describe(suite, () => {
    let host: MailHost;
    let dovecot: ReturnType<typeof remoteServer>;
    let postfix: ReturnType<typeof remoteServer>;
    let installation: Installation;
    beforeAll(async () => {
      host = await startMailHost({ suite });
      await installDriver(host);
      await makeCertificate(host);
      await makeBySni(host);
      await makePair(host, "/root/own", "ecdsa", "own");
      await host.must("mkdir /root/etc && cp -a /etc/dovecot /etc/postfix /root/etc/");
      [dovecot, postfix] = [remoteServer(host, "dovecot"), remoteServer(host, "postfix")];
      await Promise.all([host.startDovecot(), host.startPostfix()]);
    });
    afterAll(() => host?.stop());
    beforeEach(() =>
      host.must(
        "rm -rf /etc/dovecot /etc/postfix && cp -a /root/etc/dovecot /root/etc/postfix /etc/ && doveadm reload",
      ),
    );

    const settle = async (server: ReturnType<typeof remoteServer>): Promise<readonly Change[]> => {
      const { changes } = await server.plan(installation, certificate, bySni);
      for (const change of changes) await server.apply(installation, change);
      return changes;
    };
    const pair = (path: string): string =>
      suite === "bookworm"
        ? `  ssl_cert = <${path}/fullchain.pem\n  ssl_key = <${path}/privkey.pem\n`
        : `  ssl_server_cert_file = ${path}/fullchain.pem\n  ssl_server_key_file = ${path}/privkey.pem\n`;
    const firstOf = async (server: ReturnType<typeof remoteServer>): Promise<Installation> => {
      const [found] = await server.detect();
      if (!found) throw new Error("not detected");
      return found;
    };

    test.each([
      // The same name: both generations would take the later value.
      { name: "two.example.net", whose: "two.example.net" },
      // Below a wildcard of ours: 2.4 would take ours.
      { name: "own.example.net", whose: "wild" },
    ])("a local_name block for $name is respected, shown, and gives way after a yes", async ({ name, whose }) => {
      installation = await firstOf(dovecot);
      const path = "/etc/dovecot/conf.d/20-own.conf";
      await host.write(path, `local_name ${name} {\n${pair("/root/own")}}\n`);
      const before = await snapshot(host, "/etc/dovecot");
      const changes = [...(await settle(dovecot))];
      await dovecot.check(installation);
      await dovecot.reload(installation);
      const own = await leafOfCertificate(
        host,
        { ...certificate, slots: { ecdsa: { ...(two?.slots.ecdsa ?? none), cert: "/root/own/cert.pem" } } },
        "ecdsa",
      );
      await expect.poll(() => served(host, imaps, "ecdsa", name), { timeout: 10_000 }).toBe(own);
      const overrides = await dovecot.readBack(installation, certificate, bySni);
      // 2.3 takes the name before the wildcard: there, nothing stands in the way of one below it.
      if (suite === "bookworm" && name === "own.example.net") {
        expect(overrides).toEqual([]);
        return;
      }
      expect(overrides[0]).toMatchObject({ scope: `local_name ${name}`, certificate: whose, path, line: 2 });
      // On 2.4 a wildcard of ours above it is held back, too.
      expect(overrides.slice(1).map((one) => [one.certificate, one.edit])).toEqual(
        overrides.slice(1).map(() => ["wild", overrides[0]?.edit]),
      );
      for (const change of overrides.flatMap(({ edit }) => edit)) {
        await dovecot.apply(installation, change);
        changes.push(change);
      }
      changes.push(...(await settle(dovecot)));
      if (overrides.length > 1) {
        // 2.4 goes by the place of the first block for a name, an empty one too: the wildcard stands behind it and wins, and that is told.
        expect(await dovecot.readBack(installation, certificate, bySni)).toMatchObject([
          { scope: "local_name *.example.net", certificate: "two.example.net" },
        ]);
        await host.must(`sed -i '/^local_name/d; /^}/d' ${path}`);
      }
      expect(await dovecot.readBack(installation, certificate, bySni)).toEqual([]);
      await dovecot.reload(installation);
      const ours = await leafOfCertificate(host, (whose === "wild" ? wild : two) ?? certificate, "ecdsa");
      await expect.poll(() => served(host, imaps, "ecdsa", name), { timeout: 10_000 }).toBe(ours);
      for (const change of changes.toReversed()) await dovecot.revert(installation, change);
      await host.must(
        `grep -q local_name ${path} || { sed -i '1i local_name ${name} {' ${path}; echo '}' >> ${path}; }`,
      );
      expect(await snapshot(host, "/etc/dovecot")).toBe(before);
    });

    test("an indexed map of the admin's with our files is made anew and made root's alone; another one is not touched", async () => {
      installation = await firstOf(postfix);
      const live = `${two?.slots.ecdsa?.combined ?? ""}, ${two?.slots.rsa?.combined ?? ""}`;
      await host.must(
        `printf '%s\\n' 'two.example.net ${live}' > /etc/postfix/sni && echo 'x.example.com /root/own/combined.pem' > /etc/postfix/other && cd /etc/postfix && postmap -F hash:sni && postmap -F hash:other && chmod 644 sni sni.db other other.db && postconf -e 'tls_server_sni_maps = hash:/etc/postfix/sni, hash:/etc/postfix/other' && touch -d '1 hour ago' main.cf`,
      );
      const before = await snapshot(host, "/etc/postfix");
      const changes = await settle(postfix);
      // Their entry leads to our file.
      expect(await postfix.readBack(installation, certificate, bySni)).toEqual([]);
      expect(await host.must("postconf -h tls_server_sni_maps")).toBe(
        "hash:/etc/postfix/sni, hash:/etc/postfix/other, texthash:/etc/postfix/mailcert-sni\n",
      );
      const done = (await postfix.refresh?.(installation, [certificate, ...bySni])) ?? [];
      expect(done.map((line) => line.split(":")[0])).toEqual([
        "/etc/postfix/sni",
        "/etc/postfix/sni.db",
        "postmap -F hash",
      ]);
      expect(await host.must("cd /etc/postfix && stat -c '%n %a' sni sni.db other other.db")).toBe(
        "sni 600\nsni.db 600\nother 644\nother.db 644\n",
      );
      // A renewal: the copy in the database goes stale until it is made anew.
      await makePair(
        host,
        "/var/lib/mailcert/certificates/two.example.net/generations/0001/ecdsa",
        "ecdsa",
        "two.example.net",
      );
      await postfix.refresh?.(installation, [certificate, ...bySni]);
      await postfix.reload(installation);
      const leaf = await leafOfCertificate(host, two ?? certificate, "ecdsa");
      await expect.poll(() => served(host, smtp, "ecdsa", "two.example.net"), { timeout: 10_000 }).toBe(leaf);
      for (const change of changes.toReversed()) await postfix.revert(installation, change);
      await host.must("cd /etc/postfix && chmod 644 sni sni.db");
      const names = (text: string): string => text.replaceAll(/^.*sni\.db$/gm, "");
      expect(names(await snapshot(host, "/etc/postfix"))).toBe(names(before));
    });

    test("a map of the admin's that came before ours stays in the list at removal, and who says a name gets TLS", async () => {
      installation = await firstOf(postfix);
      const changes = (await settle(postfix)).filter(
        (change) =>
          change.kind === "file" || (change.kind === "parameter" && change.parameter === "tls_server_sni_maps"),
      );
      const own = "texthash:/etc/postfix/sni";
      await host.must(
        `echo 'own.example.com /root/own/combined.pem' > /etc/postfix/sni && sed -i 's|^tls_server_sni_maps = |&${own}, |' /etc/postfix/main.cf && touch -d '1 hour ago' /etc/postfix/main.cf`,
      );
      for (const change of changes.toReversed()) expect(await postfix.revert(installation, change)).toBe("reverted");
      expect(await host.must("postconf -h tls_server_sni_maps; ls /etc/postfix | grep mailcert || true")).toBe(
        `${own}\n`,
      );
      await postfix.reload(installation);
      await expect
        .poll(() => served(host, smtp, "ecdsa", "two.example.net"), { timeout: 10_000 })
        .toBe(await leafOfCertificate(host, certificate, "ecdsa"));
    });

    test("an entry of the admin's map holds and is told; a service with its own certificate keeps it for every name", async () => {
      installation = await firstOf(postfix);
      await host.must(
        "echo 'two.example.net /root/own/combined.pem' > /etc/postfix/sni && postconf -e tls_server_sni_maps=texthash:/etc/postfix/sni && " +
          "postconf -M 2525/inet='2525 inet n - y - - smtpd -o smtpd_tls_chain_files=/root/own/combined.pem' && touch -d '1 hour ago' /etc/postfix/*.cf",
      );
      const changes = await settle(postfix);
      expect(await postfix.readBack(installation, certificate, bySni)).toMatchObject([
        {
          scope: "clients that ask for two.example.net",
          certificate: "two.example.net",
          path: "/etc/postfix/sni",
          edit: [],
        },
      ]);
      await postfix.reload(installation);
      const own = await leafOfCertificate(
        host,
        { ...certificate, slots: { ecdsa: { ...(two?.slots.ecdsa ?? none), cert: "/root/own/cert.pem" } } },
        "ecdsa",
      );
      await expect.poll(() => served(host, smtp, "ecdsa", "two.example.net"), { timeout: 10_000 }).toBe(own);
      await expect
        .poll(() => served(host, smtp, "ecdsa", "a.example.net"), { timeout: 10_000 })
        .toBe(await leafOfCertificate(host, wild ?? certificate, "ecdsa"));
      await expect
        .poll(() => served(host, { ...smtp, port: 2525 }, "ecdsa", "a.example.net"), { timeout: 10_000 })
        .toBe(own);
      for (const change of changes.toReversed()) expect(await postfix.revert(installation, change)).toBe("reverted");
      expect(
        await host.must(
          "postconf -h tls_server_sni_maps; postconf -P 2525/inet/tls_server_sni_maps 2>&1; ls /etc/postfix/mailcert-sni 2>&1 || true",
        ),
      ).not.toContain("texthash:/etc/postfix/mailcert-sni");
    });
  });
}

const none = { privkey: "", cert: "", chain: "", fullchain: "", combined: "" };
