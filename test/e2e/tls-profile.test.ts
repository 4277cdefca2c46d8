// The full look at TLS on hosts as Debian installs them, each answer before OpenSSL's own client.
import { describe, expect, test } from "vitest";
import { checks } from "../../src/checks/index.ts";
import type { TlsProfile } from "../../src/domain/tls-profile.ts";
import type { MailHost } from "../lab/mail-host.ts";
import { agrees, look, said, start } from "./full-look.ts";

/** Each answer once more, by somebody else. */
const judge = async (host: MailHost, port: number, profile: TlsProfile | undefined): Promise<void> => {
  const legacy = "-cipher ALL:COMPLEMENTOFALL:@SECLEVEL=0";
  const [tls10, tls11, tls12, tls13, kRsa, dhe, emptyOrNobody] = await Promise.all(
    [
      `-tls1 ${legacy}`,
      `-tls1_1 ${legacy}`,
      "-tls1_2",
      "-tls1_3",
      "-tls1_2 -cipher kRSA:@SECLEVEL=0",
      "-tls1_2 -cipher DHE:@SECLEVEL=0",
      "-tls1_2 -cipher eNULL:aNULL:@SECLEVEL=0",
    ].map((options) => agrees(host, port, options)),
  );
  expect(profile, `port ${port}`).toMatchObject({
    versions: { TLSv1: tls10, "TLSv1.1": tls11, "TLSv1.2": tls12, "TLSv1.3": tls13 },
    weakSuite: kRsa ? expect.stringMatching(/^TLS_RSA_/) : null,
    // Not asked on port 25.
    brokenSuite: emptyOrNobody && port !== 25 ? expect.stringMatching(/_anon_/) : null,
  });
  expect(profile?.dhBits !== undefined, `port ${port}`).toBe(dhe);
};

const ofTheProfile = checks
  .flatMap((check) =>
    check.scope === "entry" && check.full && /^(?:ver|ciph|kex|reneg-sec|comp|ems|alpn)/.test(check.id)
      ? [check.id]
      : [],
  )
  .join(",");

describe.each(["bookworm", "trixie"] as const)("%s as Debian installs it", (suite) => {
  test("nothing but what its defaults deserve, and OpenSSL's client sees the same", async () => {
    const host = await start(suite);
    // The profile alone: what else --full asks makes connections of its own (verify-full.test.ts).
    const looked = await look(host, "--entry", "imap,imaps,sieve,smtp,submission,submissions", "--check", ofTheProfile);
    expect([...looked.keys()].sort((left, right) => left - right)).toEqual([25, 143, 465, 587, 993, 4190]);
    // Dovecot 2.3 has finite-field Diffie-Hellman (with Debian's prime of 4,096 bits); 2.4 on OpenSSL 3.5 has ML-KEM.
    const dovecot = suite === "bookworm" ? ["info ciph-phase", "info kex-pq"] : [];
    for (const port of [143, 993, 4190]) expect(said(looked.get(port)), `port ${port}`).toEqual(dovecot);
    // Postfix takes whatever a sender can do: better than clear text on port 25. Debian leaves it so on 587, where nobody needs it.
    const postfix = ["info ciph-weak", "info ciph-phase", "info kex-pq"];
    expect(said(looked.get(25))).toEqual(["warning ver-legacy", ...postfix]);
    for (const port of [465, 587])
      expect(said(looked.get(port)), `port ${port}`).toEqual([
        "fault ver-legacy",
        "warning ciph-broken",
        "warning ciph-weak",
        "info ciph-phase",
        "info kex-pq",
      ]);
    for (const [port, { profile }] of looked) {
      expect(profile).toMatchObject({ largeHello: true, weakGroup: null, versions: { SSLv3: false } });
      expect(profile?.tls12).toMatchObject({
        extendedMasterSecret: true,
        secureRenegotiation: true,
        compression: false,
      });
      expect(profile?.stopped).toBeUndefined();
      expect((profile?.connections ?? 0) + 1, `port ${port}`).toBeLessThanOrEqual(10);
    }
    // By Postfix's own count, too: one ordinary look each, and the hellos.
    const told = [25, 465, 587].reduce((sum, port) => sum + (looked.get(port)?.profile?.connections ?? 0) + 1, 0);
    const counted = async (): Promise<number> =>
      (await host.log()).match(/postfix\/\S*smtpd\[\d+\]: connect from/g)?.length ?? 0;
    await expect.poll(counted, { timeout: 20_000 }).toBe(told);
    for (const port of [25, 993]) await judge(host, port, looked.get(port)?.profile);
  });
});
