// A certificate's key algorithms change: from ECDSA to RSA, to both, and back. No server is ever left with settings that name files that are gone.
import { afterEach, describe, expect, it } from "vitest";
import { type MailHost, startMailHost } from "../lab/mail-host.ts";

const name = "mail.example.org";
const hosts: MailHost[] = [];

afterEach(async () => {
  await Promise.all(hosts.splice(0).map((host) => host.stop()));
});

/** Key types that IMAPS and SMTP offer to a client that takes only ECDSA, and to one that takes only RSA. */
const offered = async (host: MailHost): Promise<readonly string[]> => {
  const found: string[] = [];
  for (const [kind, algorithms] of [
    ["ecdsa", "ecdsa_secp256r1_sha256"],
    ["rsa", "rsa_pss_rsae_sha256"],
  ] as const) {
    for (const target of ["-connect 192.0.2.10:993", "-connect 192.0.2.10:25 -starttls smtp"]) {
      const { stdout } = await host.clientExec(
        `echo | timeout 10 openssl s_client ${target} -servername ${name} -sigalgs ${algorithms} 2>/dev/null | openssl x509 -noout -text 2>/dev/null | grep 'Public Key Algorithm'`,
      );
      if (stdout.includes(kind === "rsa" ? "rsaEncryption" : "id-ecPublicKey")) found.push(kind);
    }
  }
  return found;
};

/** A restart reads every file that the settings name. */
const restart = async (host: MailHost): Promise<void> => {
  // One that still ends would keep its successor from starting.
  await host.must(
    "doveadm stop; while pgrep -x dovecot >/dev/null; do sleep 0.05; done; dovecot && { postfix stop; postfix start; }",
  );
  await expect
    .poll(async () => (await host.exec("ss -ltn | grep -cE ':(993|25) '")).stdout.trim(), { timeout: 10_000 })
    .toBe("4");
};

describe.each(["bookworm", "trixie"] as const)("on %s", (suite) => {
  it("ecdsa, rsa, both, ecdsa again, and back by hand", { timeout: 300_000 }, async () => {
    const host = await startMailHost({ suite });
    hosts.push(host);
    await Promise.all([host.startDovecot(), host.startPostfix()]);
    const setup = async (...keys: readonly string[]): Promise<void> => {
      const result = await host.mailcert([
        "setup",
        name,
        "--schedule",
        "none",
        ...keys.flatMap((key) => ["--key", key]),
      ]);
      expect({ keys, status: result.status, stderr: result.stderr }, result.stdout).toEqual({
        keys,
        status: 0,
        stderr: "",
      });
      await restart(host);
    };
    await setup("ecdsa");
    expect(await offered(host)).toEqual(["ecdsa", "ecdsa"]);
    await setup("rsa");
    expect(await offered(host)).toEqual(["rsa", "rsa"]);
    await setup("ecdsa", "rsa");
    expect(await offered(host)).toEqual(["ecdsa", "ecdsa", "rsa", "rsa"]);
    await setup("ecdsa");
    expect(await offered(host)).toEqual(["ecdsa", "ecdsa"]);
    const back = await host.mailcert(["rollback", name]);
    expect(back.status, back.stdout + back.stderr).toBe(0);
    await restart(host);
    expect(await offered(host)).toEqual(["ecdsa", "ecdsa", "rsa", "rsa"]);
  });
});
