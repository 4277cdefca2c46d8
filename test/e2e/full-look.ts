// Hosts for the full look at TLS: servers as Debian installs them, with both submission services; what the look says, and what OpenSSL's client gets.
import { afterEach, expect } from "vitest";
import type { TlsProfile } from "../../src/domain/tls-profile.ts";
import { type MailHost, type MailHostOptions, startMailHost } from "../lab/mail-host.ts";
import { listening } from "./deployed-host.ts";

export const name = "mail.example.org";
const hosts: MailHost[] = [];
afterEach(async () => {
  await Promise.all(hosts.splice(0).map((host) => host.stop()));
});

export interface Looked {
  readonly url: string;
  readonly durationMs: number;
  readonly profile?: TlsProfile;
  readonly findings: readonly { readonly check: string; readonly severity: string }[];
}

/** By port. */
export const look = async (host: MailHost, ...more: readonly string[]): Promise<ReadonlyMap<number, Looked>> => {
  const { stdout, stderr } = await host.mailcert(["verify", name, "--full", "--json", "--ca-file", snakeoil, ...more]);
  expect(stderr).toBe("");
  const { entries } = JSON.parse(stdout) as { readonly entries: readonly Looked[] };
  return new Map(entries.filter(({ profile }) => profile).map((one) => [Number(one.url.split(":")[2]), one]));
};
export const snakeoil = "/etc/ssl/certs/ssl-cert-snakeoil.pem";

/** What the full look alone says: certificates are the business of others. */
export const said = (looked: Looked | undefined): readonly string[] =>
  (looked?.findings ?? [])
    .filter(({ check }) => /^(ver|ciph|kex|reneg|comp$|ems$)/.test(check))
    .map(({ severity, check }) => `${severity} ${check}`);

export const start = async (
  suite: "bookworm" | "trixie",
  more: Omit<MailHostOptions, "suite"> = {},
): Promise<MailHost> => {
  const host = await startMailHost({ suite, ...more });
  hosts.push(host);
  await Promise.all([host.startDovecot(), host.startPostfix()]);
  await host.must(
    `postconf -M submission/inet="submission inet n - y - - smtpd" submissions/inet="submissions inet n - y - - smtpd" &&
     postconf -P submission/inet/smtpd_tls_security_level=encrypt submissions/inet/smtpd_tls_wrappermode=yes && postfix reload`,
  );
  await listening(host, 465, 587);
  return host;
};

/** Whether OpenSSL's client gets a cipher with these options. */
export const agrees = async (host: MailHost, port: number, options: string): Promise<boolean> => {
  const starttls =
    port === 993 || port === 465 ? "" : `-starttls ${port === 143 ? "imap" : port === 4190 ? "sieve" : "smtp"}`;
  const { stdout } = await host.exec(
    `echo | timeout 20 openssl s_client -connect 192.0.2.10:${port} ${starttls} -servername ${name} ${options} 2>&1`,
  );
  return /^\s*Cipher\s*: (?!0000|\(NONE\))\S+/m.test(stdout) || /^New, TLSv1\.3, Cipher is TLS_/m.test(stdout);
};
