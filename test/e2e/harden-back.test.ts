// deploy --harden that breaks a server is taken back; the strict profile, and the way back to the usual one.
import { expect, test } from "vitest";
import { onHost, serverSettings } from "./deployed-host.ts";
import { harden, outcomes, setUp, version } from "./hardened-host.ts";

test("a policy that ends every handshake is taken back, and the ports serve again", async () => {
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
    expect(await version(host, 993, "")).toBe("TLSv1.3");
    await host.must("rm /usr/local/bin/ldd");
    expect((await harden(host, "--harden=modern")).status).toBe(0);
    expect(await version(host, 993, "-tls1_2")).toBe("");
    expect(await version(host, 25, "-tls1_2")).toBe("TLSv1.2");
    expect(outcomes((await harden(host, "--harden")).policy)[0]).toBe("dovecot set");
    expect(await version(host, 993, "-tls1_2")).toBe("TLSv1.2");
  });
});
