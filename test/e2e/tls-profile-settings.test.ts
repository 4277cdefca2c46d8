// The full look at servers that somebody made worse, or better: what it says follows, and docs/verify-full.md does what it promises.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { MailHost } from "../lab/mail-host.ts";
import { agrees, look, said, start } from "./full-look.ts";

/** Until a port answers as it is told to from now on: a process of before a reload may still take a connection or two. */
const settled = (host: MailHost, port: number, options: string, taken: boolean): Promise<void> =>
  expect.poll(() => agrees(host, port, options), { timeout: 20_000, message: options }).toBe(taken);

test("the hints mend what they are about", async () => {
  const host = await start("trixie");
  const before = said((await look(host, "--entry", "smtp")).get(25));
  // As the page says: the ports for people are mended, port 25 is left alone.
  const page = readFileSync(join(import.meta.dirname, "../../docs/verify-full.md"), "utf8");
  const command = /^postconf '.*'$/m.exec(page)?.[0] ?? "the page has no command";
  await host.must(`${command} && postfix reload`);
  for (const port of [465, 587]) await settled(host, port, "-tls1_1 -cipher ALL:@SECLEVEL=0", false);
  const mended = await look(host, "--entry", "smtp,submission,submissions");
  for (const port of [465, 587])
    expect(said(mended.get(port)), `port ${port}`).toEqual(["info ciph-phase", "info kex-pq"]);
  expect(said(mended.get(25))).toEqual(before);
  await host.must(
    `postconf 'smtpd_tls_protocols = >=TLSv1.2' 'smtpd_tls_mandatory_protocols = >=TLSv1.2' 'smtpd_tls_exclude_ciphers = kRSA, 3DES' 'smtpd_tls_mandatory_exclude_ciphers = aNULL, kRSA, 3DES' 'tls_eecdh_auto_curves = X25519MLKEM768, X25519, prime256v1, secp384r1' && postfix reload`,
  );
  for (const port of [25, 587]) await settled(host, port, "-tls1_3 -groups X25519MLKEM768", true);
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
  await settled(host, 993, "-tls1 -cipher ALL:COMPLEMENTOFALL:@SECLEVEL=0", true);
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
  expect(await agrees(host, 993, "-tls1 -cipher ALL:COMPLEMENTOFALL:@SECLEVEL=0")).toBe(true);
  expect(await agrees(host, 993, "-tls1_2 -cipher eNULL:@SECLEVEL=0")).toBe(true);
});
