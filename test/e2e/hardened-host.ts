// What the tests of deploy --harden share: a deployed host, a run's policy, what verify --full says of it, what openssl agrees on.
import { expect } from "vitest";
import { complaints } from "../docs/schemas.ts";
import type { MailHost } from "../lab/mail-host.ts";
import { listening, name } from "./deployed-host.ts";

export interface Policy {
  readonly profile: string;
  readonly servers: readonly {
    readonly id: string;
    readonly library?: string;
    readonly outcome: string;
    readonly settings: readonly {
      readonly scope: string;
      readonly setting: string;
      readonly now: string;
      readonly wanted: string;
    }[];
    readonly stricter: readonly string[];
    readonly changes: readonly string[];
    readonly findings: readonly { readonly check: string; readonly message: string }[];
  }[];
}

export const withSubmission = async (host: MailHost): Promise<void> => {
  await host.must(
    `postconf -M submission/inet="submission inet n - y - - smtpd" submissions/inet="submissions inet n - y - - smtpd" &&
     postconf -P submission/inet/smtpd_tls_security_level=encrypt submissions/inet/smtpd_tls_wrappermode=yes && postfix reload`,
  );
  await listening(host, 465, 587);
};

export const setUp = async (host: MailHost): Promise<void> => {
  const made = await host.mailcert(["setup", name, "--schedule", "none", "--yes"]);
  expect(made.status, made.stdout + made.stderr).toBe(0);
};

export const harden = async (
  host: MailHost,
  ...more: readonly string[]
): Promise<{ status: number | null; policy: Policy }> => {
  const { status, stdout, stderr } = await host.mailcert(["deploy", "--json", "--yes", ...more], {
    timeoutMs: 100_000,
  });
  expect(stderr).toBe("");
  const document = JSON.parse(stdout) as { policy: Policy };
  expect(complaints(document)).toEqual([]);
  return { status, policy: document.policy };
};

export const outcomes = ({ servers }: Policy): readonly string[] =>
  servers.map(({ id, outcome }) => `${id} ${outcome}`);

/** By port, what verify --full says of TLS policy: what is about the certificate is left out. */
export const policyFindings = async (
  host: MailHost,
  entries: string,
): Promise<Readonly<Record<number, readonly string[]>>> => {
  const { stdout } = await host.mailcert(["verify", name, "--full", "--entry", entries, "--json"]);
  const report = JSON.parse(stdout) as {
    entries: { port: number; findings: { severity: string; check: string }[] }[];
  };
  const about = /^(ver|ciph|kex|st|comp|ems|reneg|0rtt)-|^comp$|^ems$/;
  const of = (wanted: number): readonly string[] => [
    ...new Set(
      report.entries
        .filter(({ port }) => port === wanted)
        .flatMap(({ findings }) => findings.filter(({ check }) => about.test(check)))
        .map(({ severity, check }) => `${severity} ${check}`),
    ),
  ];
  return Object.fromEntries(report.entries.map(({ port }) => [port, of(port)]));
};

/** What openssl agrees on with a port, by the first version of the suite: `TLSv1.0` (also for 1.1), `TLSv1.2`; "" where there was no handshake. */
export const version = async (host: MailHost, port: number, flags: string): Promise<string> => {
  const upgrade = port === 25 || port === 587 ? "-starttls smtp" : "";
  const line = `timeout 5 openssl s_client -connect 127.0.0.1:${port} ${upgrade} ${flags} </dev/null 2>&1 | sed -n 's/^New, \\(TLSv[0-9.]*\\), Cipher is [A-Z].*/\\1/p'`;
  return (await host.must(line)).trim();
};

/** Rows: port, flags, what is agreed on. A process of before a reload may answer once more; all in one look, so that a port where nobody listens is no refusal. */
export const expectVersions = async (
  host: MailHost,
  ...rows: readonly (readonly [number, string, string])[]
): Promise<void> => {
  const found = async (): Promise<readonly (readonly [number, string, string])[]> => {
    const all: [number, string, string][] = [];
    for (const [port, flags] of rows) all.push([port, flags, await version(host, port, flags)]);
    return all;
  };
  await expect.poll(found, { timeout: 20_000 }).toEqual(rows);
};

/** What old peers of mail servers still begin with. */
export const oldFlags = "-tls1_1 -cipher ALL:@SECLEVEL=0";
