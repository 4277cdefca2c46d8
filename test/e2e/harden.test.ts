// deploy --harden on Debian's servers: the difference is shown, findings of verify --full go, what is stricter stays, and --remove gives every byte back.
import { expect, test } from "vitest";
import { onHost, serverSettings, settle, suites } from "./deployed-host.ts";
import { expectVersions, harden, oldFlags, outcomes, policyFindings, setUp, withSubmission } from "./hardened-host.ts";

test.each(suites)("%s: as Debian ships it, before and after, and back again", async (suite) => {
  await onHost({ suite }, async (host) => {
    await withSubmission(host);
    await settle(host);
    const shipped = await serverSettings(host);
    await setUp(host);
    // What verify --full says of servers as they are shipped: healthy.test.ts.
    await expectVersions(host, [587, oldFlags, "TLSv1.0"]);
    const { status, policy } = await harden(host, "--harden");
    expect(status).toBe(0);
    expect(outcomes(policy)).toEqual(["dovecot set", "postfix set"]);
    expect(policy.servers.map(({ library }) => library?.slice(0, 11))).toEqual(
      suite === "bookworm" ? ["OpenSSL 3.0", "OpenSSL 3.0"] : ["OpenSSL 3.5", "OpenSSL 3.5"],
    );
    // OpenSSL 3.0 knows no ML-KEM, which is no matter of settings; old peers keep TLS on port 25.
    const after = await policyFindings(host, "imaps,submission,submissions");
    for (const port of [465, 587, 993])
      expect(
        after[port]?.filter((said) => suite === "trixie" || said !== "info kex-pq"),
        `port ${port}`,
      ).toEqual([]);
    await expectVersions(
      host,
      [25, "-tls1 -cipher ALL:@SECLEVEL=0", "TLSv1.0"],
      [587, oldFlags, ""],
      [587, "", "TLSv1.3"],
    );
    expect((await host.clientExec("echo x LOGOUT | nc -w 3 192.0.2.10 143")).stdout).toContain("LOGINDISABLED");

    const removed = await host.mailcert(["deploy", "--remove"]);
    expect(removed.status, removed.stderr).toBe(0);
    expect(await serverSettings(host)).toBe(shipped);
  });
});

test("what is weaker is raised, in its place; what is stricter stays; --remove gives every byte back", async () => {
  await onHost({ suite: "trixie" }, async (host) => {
    await withSubmission(host);
    await host.must(
      "sed -i 's/^submission inet.*/submission inet n - y - - smtpd\\n  -o smtpd_tls_security_level=may -o smtpd_tls_auth_only=no\\n  -o syslog_name=postfix\\/handed-in/' /etc/postfix/master.cf" +
        " && postconf smtpd_tls_mandatory_protocols='>=TLSv1.3' smtpd_tls_mandatory_exclude_ciphers='aNULL, 3DES'",
    );
    await host.write(
      "/etc/dovecot/local.conf",
      "# mine\nssl_cipher_list = ALL\nprotocol pop3 {\n  ssl_min_protocol = TLSv1 # old scanner\n}\nremote 10.0.0.0/8 {\n  auth_allow_cleartext = yes\n}\nssl_curve_list = X25519\n",
      "644",
    );
    await host.must("doveadm reload && postfix reload");
    await settle(host);
    const shipped = await serverSettings(host);
    await setUp(host);
    const deployed = await serverSettings(host);
    const asked = await host.mailcert(["deploy", "--harden"]);
    expect(asked).toMatchObject({ status: 64, stderr: expect.stringContaining("--yes") as string });
    expect(await serverSettings(host)).toBe(deployed);
    const { status, policy } = await harden(host, "--harden=intermediate");
    expect(status, JSON.stringify(policy)).toBe(0);
    const [dovecot, postfix] = policy.servers;
    expect(dovecot?.settings.map(({ scope, setting }) => `${scope}: ${setting}`)).toEqual([
      "everybody: ssl",
      "everybody: ssl_cipher_list",
      "protocol pop3: ssl_min_protocol",
    ]);
    expect(dovecot?.stricter).toEqual(["ssl_curve_list = X25519"]);
    expect(dovecot?.findings.map(({ check }) => check)).toEqual(["harden-exception"]);
    expect(postfix?.stricter).toEqual([
      "submission/inet: smtpd_tls_mandatory_protocols = >=TLSv1.3",
      "submissions/inet: smtpd_tls_mandatory_protocols = >=TLSv1.3",
    ]);
    expect(
      await host.must("postconf -h -P submission/inet/smtpd_tls_auth_only submission/inet/smtpd_tls_security_level"),
    ).toBe("yes\nencrypt\n");
    expect(await host.must("doveconf -f protocol=pop3 ssl_min_protocol; doveconf ssl_cipher_list")).toMatch(
      /TLSv1\.2\nssl_cipher_list = ECDHE-ECDSA/,
    );
    const removed = await host.mailcert(["deploy", "--remove"]);
    expect(removed.status, removed.stderr).toBe(0);
    expect(await serverSettings(host)).toBe(shipped);
  });
});
