// The full look at TLS on hosts as Debian installs them, each answer before OpenSSL's own client; and a server that is made worse, and better, on purpose.
import { afterEach, describe, expect, test } from "vitest";
import type { TlsProfile } from "../../src/domain/tls-profile.ts";
import { type MailHost, startMailHost } from "../lab/mail-host.ts";

const name = "mail.example.org";
const hosts: MailHost[] = [];
afterEach(async () => {
  await Promise.all(hosts.splice(0).map((host) => host.stop()));
});

interface Looked {
  readonly url: string;
  readonly durationMs: number;
  readonly profile?: TlsProfile;
  readonly findings: readonly { readonly check: string; readonly severity: string }[];
}

/** By port, over a connection from the second machine's network or from the host itself, which for TLS is the same. */
const look = async (host: MailHost, ...more: readonly string[]): Promise<ReadonlyMap<number, Looked>> => {
  const { stdout, stderr } = await host.mailcert(["verify", name, "--full", "--json", "--ca-file", snakeoil, ...more]);
  expect(stderr).toBe("");
  const { entries } = JSON.parse(stdout) as { readonly entries: readonly Looked[] };
  return new Map(entries.filter(({ profile }) => profile).map((one) => [Number(one.url.split(":")[2]), one]));
};
const snakeoil = "/etc/ssl/certs/ssl-cert-snakeoil.pem";

/** What the full look alone says: certificates are the business of others. */
const said = (looked: Looked | undefined): readonly string[] =>
  (looked?.findings ?? [])
    .filter(({ check }) => /^(ver|ciph|kex|reneg|comp$|ems$)/.test(check))
    .map(({ severity, check }) => `${severity} ${check}`);

const start = async (suite: "bookworm" | "trixie"): Promise<MailHost> => {
  const host = await startMailHost({ suite });
  hosts.push(host);
  await Promise.all([host.startDovecot(), host.startPostfix()]);
  await host.must(
    `postconf -M submission/inet="submission inet n - y - - smtpd" && postconf -P submission/inet/smtpd_tls_security_level=encrypt && postfix reload`,
  );
  return host;
};

/** Whether OpenSSL's client gets a cipher with these options. */
const agrees = async (host: MailHost, port: number, options: string): Promise<boolean> => {
  const starttls = port === 993 ? "" : `-starttls ${port === 143 ? "imap" : port === 4190 ? "sieve" : "smtp"}`;
  const { stdout } = await host.exec(
    `echo | timeout 20 openssl s_client -connect 192.0.2.10:${port} ${starttls} -servername ${name} ${options} 2>&1`,
  );
  return /^\s*Cipher\s*: (?!0000|\(NONE\))\S+/m.test(stdout) || /^New, TLSv1\.3, Cipher is TLS_/m.test(stdout);
};

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

describe.each(["bookworm", "trixie"] as const)("%s as Debian installs it", (suite) => {
  test("nothing but what its defaults deserve, and OpenSSL's client sees the same", async () => {
    const host = await start(suite);
    const looked = await look(host, "--entry", "imap,imaps,sieve,smtp,submission");
    expect([...looked.keys()].sort((left, right) => left - right)).toEqual([25, 143, 587, 993, 4190]);
    // Dovecot 2.3 has finite-field Diffie-Hellman (with Debian's prime of 4,096 bits); 2.4 on OpenSSL 3.5 has ML-KEM.
    const dovecot = suite === "bookworm" ? ["info ciph-phase", "info kex-pq"] : [];
    for (const port of [143, 993, 4190]) expect(said(looked.get(port)), `port ${port}`).toEqual(dovecot);
    // Postfix takes whatever a sender can do: better than clear text on port 25. Debian leaves it so on 587, where nobody needs it.
    const postfix = ["info ciph-weak", "info ciph-phase", "info kex-pq"];
    expect(said(looked.get(25))).toEqual(["warning ver-legacy", ...postfix]);
    expect(said(looked.get(587))).toEqual([
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
    for (const port of [25, 993]) await judge(host, port, looked.get(port)?.profile);
  });
});

test("the hints mend what they are about", async () => {
  const host = await start("trixie");
  await host.must(
    `postconf 'smtpd_tls_protocols = >=TLSv1.2' 'smtpd_tls_mandatory_protocols = >=TLSv1.2' 'smtpd_tls_exclude_ciphers = kRSA, 3DES' 'smtpd_tls_mandatory_exclude_ciphers = aNULL, kRSA, 3DES' 'tls_eecdh_auto_curves = X25519MLKEM768, X25519, prime256v1, secp384r1' && postfix reload`,
  );
  const looked = await look(host, "--entry", "smtp,submission");
  expect(said(looked.get(25))).toEqual(["info ciph-phase"]);
  expect(said(looked.get(587))).toEqual(["info ciph-phase"]);
  expect(looked.get(25)?.profile?.hybridGroup).toBe("X25519MLKEM768");
});

test("a Dovecot with everything of an old guide", async () => {
  const host = await start("bookworm");
  await host.write(
    "/etc/dovecot/conf.d/99-old.conf",
    "ssl_min_protocol = TLSv1\nssl_cipher_list = ALL:eNULL:@SECLEVEL=0\nssl_curve_list = P-224:P-256\n",
    "644",
  );
  await host.must("doveadm reload");
  const looked = await look(host, "--entry", "imaps");
  expect(said(looked.get(993))).toEqual([
    "fault ver-legacy",
    "fault ciph-broken",
    "warning ciph-weak",
    "info ciph-phase",
    "warning kex-ec",
    "info kex-pq",
  ]);
  expect(looked.get(993)?.profile).toMatchObject({
    versions: { TLSv1: true, "TLSv1.1": true },
    brokenSuite: expect.stringMatching(/_NULL_/) as string,
  });
  await judgeOld(host);
});

const judgeOld = async (host: MailHost): Promise<void> => {
  expect(await agrees(host, 993, "-tls1 -cipher ALL:COMPLEMENTOFALL:@SECLEVEL=0")).toBe(true);
  expect(await agrees(host, 993, "-tls1_2 -cipher eNULL:@SECLEVEL=0")).toBe(true);
};
