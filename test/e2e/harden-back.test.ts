// deploy --harden that breaks a server is taken back; another profile is followed both ways; the policy alone is taken out again.
import { expect, test } from "vitest";
import { onHost, serverSettings, settle } from "./deployed-host.ts";
import { expectVersions, harden, oldFlags, outcomes, setUp, withSubmission } from "./hardened-host.ts";

test("a policy that ends every handshake is taken back, and the ports serve again", { timeout: 300_000 }, async () => {
  await onHost({ suite: "bookworm" }, async (host) => {
    await setUp(host);
    const deployed = await serverSettings(host);
    // A library that says what it is not: its groups would end every handshake, while Dovecot's own test passes.
    await host.must(
      "printf 'OpenSSL 3.5.7 9 Jun 2026' > /opt/libcrypto.so.3; printf '#!/bin/sh\\necho \"libcrypto.so.3 => /opt/libcrypto.so.3 (0x1)\"\\n' > /usr/local/bin/ldd; chmod 755 /usr/local/bin/ldd",
    );
    const { status, policy } = await harden(host, "--harden");
    expect(status).toBe(1);
    expect(outcomes(policy)).toEqual(["dovecot taken-back", "postfix as-it-should-be"]);
    expect(policy.servers[0]?.findings[0]?.message).toMatch(/every entry point is as it was before/);
    expect(await serverSettings(host)).toBe(deployed);
    await expectVersions(host, [993, "", "TLSv1.3"]);
  });
});

test(
  "modern and back: what mailcert set follows the profile in both servers; none leaves what stood there before, and the certificate",
  { timeout: 300_000 },
  async () => {
    await onHost({ suite: "bookworm" }, async (host) => {
      await withSubmission(host);
      await settle(host);
      await setUp(host);
      const deployed = await serverSettings(host);
      expect((await harden(host, "--harden=modern")).status).toBe(0);
      const refused = [587, 993].flatMap((port) => [[port, "-tls1_2", ""] as const, [port, "", "TLSv1.3"] as const]);
      await expectVersions(host, ...refused, [25, "-tls1_2", "TLSv1.2"]);
      const { policy: usual } = await harden(host, "--harden");
      expect(outcomes(usual)).toEqual(["dovecot set", "postfix set"]);
      expect(
        usual.servers.flatMap(({ settings }) => settings.map(({ setting, wanted }) => `${setting} = ${wanted}`)),
      ).toEqual([
        "ssl_min_protocol = TLSv1.2",
        "smtpd_tls_mandatory_protocols = >=TLSv1.2",
        "smtpd_tls_mandatory_protocols = >=TLSv1.2",
      ]);
      expect(usual.servers.flatMap(({ stricter }) => stricter)).toEqual([]);
      await expectVersions(host, [587, "-tls1_2", "TLSv1.2"], [993, "-tls1_2", "TLSv1.2"]);
      expect((await host.mailcert(["log"])).stdout).toContain("undo: mailcert deploy --harden=none");
      const out = await harden(host, "--harden=none");
      expect(out.status, JSON.stringify(out.policy)).toBe(0);
      expect(outcomes(out.policy)).toEqual(["dovecot taken-out", "postfix taken-out"]);
      expect(await serverSettings(host)).toBe(deployed);
      await expectVersions(host, [587, oldFlags, "TLSv1.0"]);
    });
  },
);
