// testssl.sh beside the full look, at one port of Dovecot and one of Postfix: the same versions and kinds of suites, or who is right and why.
import { expect, test } from "vitest";
import type { TlsProfile } from "../../src/domain/tls-profile.ts";
import type { MailHost } from "../lab/mail-host.ts";
import { look, name, start } from "./full-look.ts";

interface Line {
  readonly id: string;
  readonly finding: string;
}

/** What testssl says is offered, by its ids; only what it has an answer to. */
const testssl = async (host: MailHost, port: number, options: string): Promise<ReadonlyMap<string, boolean>> => {
  const file = `/tmp/testssl-${port}.json`;
  await host.exec(
    `testssl --quiet --color 0 --warnings off --nodns none -p -s ${options} --jsonfile ${file} ${name}:${port}`,
    { timeoutMs: 300_000 },
  );
  const lines = JSON.parse(await host.read(file)) as readonly Line[];
  const answers = lines.filter(({ finding }) => /^(not )?offered/.test(finding));
  return new Map(answers.map(({ id, finding }) => [id, finding.startsWith("offered")]));
};

/** The same in its words. `phaseOut`: what it cannot see is left to the test. */
const ours = ({ versions, brokenSuite, weakSuite }: TlsProfile) => ({
  SSLv3: versions.SSLv3,
  TLS1: versions.TLSv1,
  TLS1_1: versions["TLSv1.1"],
  TLS1_2: versions["TLSv1.2"],
  TLS1_3: versions["TLSv1.3"],
  broken: brokenSuite !== null,
  weak: weakSuite !== null,
});
const theirs = (said: ReadonlyMap<string, boolean>) => {
  const some = (...ids: readonly string[]): boolean | undefined =>
    ids.every((id) => said.has(`cipherlist_${id}`)) ? ids.some((id) => said.get(`cipherlist_${id}`)) : undefined;
  return {
    ...Object.fromEntries(["SSLv3", "TLS1", "TLS1_1", "TLS1_2", "TLS1_3"].map((id) => [id, said.get(id)])),
    broken: some("NULL", "aNULL", "EXPORT", "LOW"),
    // Static RSA with CBC it counts among the obsolete ones; whoever takes that on these hosts takes AES-GCM, too.
    weak: some("3DES_IDEA", "STRONG_NOFS"),
  };
};

test("versions and suites of Dovecot on 143 and Postfix on 465", { timeout: 400_000 }, async () => {
  const host = await start("trixie", { testssl: true });
  const looked = await look(host, "--entry", "imap,submissions");
  const [imap, submissions] = await Promise.all([testssl(host, 143, "-t imap"), testssl(host, 465, "")]);
  const [dovecot, postfix] = [looked.get(143)?.profile, looked.get(465)?.profile];
  if (!dovecot || !postfix) throw new Error("there was no full look");

  expect(ours(dovecot)).toEqual(theirs(imap));
  expect(ours(postfix)).toEqual(theirs(submissions));
  // It finds the good suites that a program of today gets from us.
  for (const said of [imap, submissions]) expect(said.get("cipherlist_STRONG_FS")).toBe(true);
  for (const { tls12 } of [dovecot, postfix]) expect(tls12?.suite).toMatch(/^TLS_ECDHE_.*_GCM_/);

  expect(postfix.phaseOutSuite).toMatch(/^TLS_DHE_/);
  expect(submissions.get("cipherlist_OBSOLETED")).toBe(true);
  // The one difference: Dovecot takes CBC, as testssl says, and agrees to encrypt-then-MAC for it (RFC 7366), which testssl does not
  // look at: with that, nothing is wrong with CBC. OpenSSL's client sees both.
  expect(imap.get("cipherlist_OBSOLETED")).toBe(true);
  expect(dovecot.phaseOutSuite).toBeNull();
  const cbc = await host.must(
    `echo | openssl s_client -connect 192.0.2.10:143 -starttls imap -tls1_2 -cipher ECDHE-RSA-AES256-SHA384 -tlsextdebug 2>&1`,
  );
  expect(cbc).toContain("ECDHE-RSA-AES256-SHA384");
  expect(cbc).toContain('"encrypt-then-mac"');
});
