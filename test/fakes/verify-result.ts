// A fixed result of verify with everything in it that reports have to tell: faults, warnings, notes, what is not offered, what cannot be reached, two kinds of key, two addresses.
import type { CertificateFacts } from "../../src/domain/certificate.ts";
import { type EntryPoint, roleOf } from "../../src/domain/entry-point.ts";
import type { Finding } from "../../src/domain/finding.ts";
import type { Observation } from "../../src/domain/observation.ts";
import type { VerifiedEntry, VerifyResult } from "../../src/domain/verify-result.ts";

const startedAt = new Date("2026-11-20T12:00:00.000Z");

export const certificateFacts = (digit: string, over: Partial<CertificateFacts> = {}): CertificateFacts => ({
  der: Buffer.alloc(0),
  pem: "",
  sha256: digit.repeat(64),
  spkiSha256: digit.repeat(64),
  subject: "CN=mail.example.org",
  commonName: "mail.example.org",
  issuer: "CN=Test Intermediate,O=Example",
  serial: `0${digit}`,
  dnsNames: ["mail.example.org"],
  ipNames: [],
  notBefore: new Date("2026-10-21T12:00:00Z"),
  notAfter: new Date("2027-01-19T12:00:00Z"),
  key: { type: "ec", curve: "P-256" },
  signatureAlgorithm: "ecdsa-with-SHA256",
  isCa: false,
  selfSigned: false,
  ...over,
});

const intermediate = certificateFacts("b", {
  subject: "CN=Test Intermediate,O=Example",
  commonName: "Test Intermediate",
  issuer: "CN=Test Root",
  dnsNames: [],
  notAfter: new Date("2031-01-01T00:00:00Z"),
  isCa: true,
});
const ecdsa = certificateFacts("1");
const rsa = certificateFacts("2", { key: { type: "rsa", bits: 2048 }, notAfter: new Date("2026-12-08T12:00:00Z") });
const expired = certificateFacts("3", { notAfter: new Date("2026-11-17T12:00:00Z") });

const entryChecks = ["net-reach", "tls-handshake", "cert-name", "cert-trust", "cert-expiry"];
const starttlsChecks = [
  "net-reach",
  "st-adv",
  "st-auth-clear",
  "tls-handshake",
  "cert-name",
  "cert-trust",
  "cert-expiry",
];

interface EntryOptions {
  readonly entry: Partial<EntryPoint>;
  readonly address?: string;
  readonly observation?: Partial<Observation>;
  readonly slot?: "ecdsa" | "rsa";
  readonly chain?: readonly CertificateFacts[];
  readonly findings?: readonly Finding[];
  readonly notOffered?: boolean;
}

export const verifiedEntry = (options: EntryOptions): VerifiedEntry => {
  const {
    entry: part,
    address = "192.0.2.10",
    observation,
    slot,
    chain = [],
    findings = [],
    notOffered = false,
  } = options;
  const entry: EntryPoint = { protocol: "imap", mode: "implicit", host: "mail.example.org", port: 993, ...part };
  return {
    entry: { ...entry, address },
    role: roleOf(entry),
    observation: {
      entry: { ...entry, address },
      address,
      local: false,
      chain: chain.map(({ der }) => der),
      ...(chain.length > 0
        ? { tls: { version: "TLSv1.3", cipher: "TLS_AES_256_GCM_SHA384", group: "X25519MLKEM768" } }
        : {}),
      startedAt,
      durationMs: 41,
      ...observation,
    },
    ...(slot === undefined ? {} : { slot }),
    chain,
    findings,
    checked: entry.mode === "implicit" ? entryChecks : starttlsChecks,
    notOffered,
    ok: findings.every(({ severity }) => severity !== "fault"),
  };
};

export const verifyResult = (entries: readonly VerifiedEntry[], findings: readonly Finding[] = []): VerifyResult => ({
  startedAt,
  durationMs: 1_234,
  entries,
  findings,
  checked: ["cert-same", "net-equal"],
  domains: [],
  deadHosts: [],
  ok: entries.every(({ ok }) => ok) && findings.every(({ severity }) => severity !== "fault"),
});

const soon: Finding = {
  check: "cert-expiry",
  severity: "warning",
  message: "the certificate ends in 18 days (2026-12-08), under 1/4 of its 48 days",
  hint: "`mailcert renew` on the server",
  reference: "RFC 5280 §4.1.2.5",
};
const over: Finding = {
  check: "cert-expiry",
  severity: "fault",
  message: "the certificate expired 3 days ago (2026-11-17)",
  hint: "`mailcert renew` on the server, `mailcert status` says why it has not happened by itself",
  reference: "RFC 5280 §4.1.2.5",
};

/** Everything at once. */
export const mixed = verifyResult(
  [
    verifiedEntry({ entry: {}, slot: "ecdsa", chain: [ecdsa, intermediate] }),
    verifiedEntry({ entry: {}, slot: "rsa", chain: [rsa, intermediate], findings: [soon] }),
    verifiedEntry({ entry: {}, address: "2001:db8::10", slot: "ecdsa", chain: [ecdsa, intermediate] }),
    verifiedEntry({ entry: {}, address: "2001:db8::10", slot: "rsa", chain: [rsa, intermediate], findings: [soon] }),
    verifiedEntry({
      entry: { mode: "starttls", port: 143 },
      chain: [expired, intermediate],
      findings: [
        over,
        {
          check: "st-auth-clear",
          severity: "fault",
          message: "PLAIN and LOGIN are offered before TLS",
          hint: "Dovecot: `ssl = required`",
          reference: "RFC 8314 §3",
        },
      ],
    }),
    verifiedEntry({
      entry: { protocol: "submission", mode: "starttls", port: 587 },
      observation: {
        error: { stage: "starttls", reason: "declined", message: "454 4.7.0 TLS not available" },
      },
      findings: [{ check: "st-adv", severity: "fault", message: "STARTTLS is refused: 454 4.7.0 TLS not available" }],
    }),
    verifiedEntry({
      entry: { protocol: "smtp", mode: "starttls", port: 25 },
      observation: { error: { stage: "connect", reason: "timeout", message: "no answer in 45 s" }, durationMs: 45_000 },
      findings: [
        { check: "net-reach", severity: "warning", message: "no answer in 45 s", hint: "try from another network" },
      ],
    }),
    verifiedEntry({
      entry: { protocol: "pop3", port: 995 },
      observation: { error: { stage: "connect", reason: "refused", message: "connection refused" }, durationMs: 1 },
      findings: [{ check: "net-reach", severity: "info", message: "not offered" }],
      notOffered: true,
    }),
  ],
  [
    {
      check: "cert-same",
      severity: "fault",
      message: "mail.example.org serves 2 different certificates",
      hint: "`doveadm reload`, `postfix reload`",
      reference: "RFC 9325 §3.9",
    },
    {
      check: "cert-trust",
      severity: "info",
      message: "trusted here because this host's own private CA signed it (Test Root)",
      hint: "`mailcert bundle` writes the files to import",
      reference: "RFC 5280 §6",
    },
  ],
);

/** All is well. */
export const sound = verifyResult([
  verifiedEntry({ entry: {}, chain: [ecdsa, intermediate] }),
  verifiedEntry({ entry: { mode: "starttls", port: 143 }, chain: [ecdsa, intermediate] }),
]);

/** What a server, or whoever wrote its certificate, would like to have in a report. Text like this never comes out of the probe: it is cleaned there. */
export const nasty = `<script>alert("1")</script> ' & ]]> | 'x'=1;2;3 {{host}} {{{host}}} \\ \u0000\u0007\u001b[31m\u202e\ud800\ufffe\r\nmailcert_entry_ok 1\n<!-- "quoted" \`code\` -->`;

export const hostile = verifyResult(
  [
    verifiedEntry({
      entry: { host: nasty },
      address: nasty,
      chain: [
        certificateFacts("4", {
          subject: `CN=${nasty}`,
          commonName: nasty,
          issuer: nasty,
          serial: nasty,
          dnsNames: [nasty],
          signatureAlgorithm: nasty,
        }),
      ],
      observation: { tls: { version: nasty, cipher: nasty } },
      findings: [{ check: "cert-name", severity: "fault", message: nasty, hint: nasty, reference: nasty }],
    }),
    verifiedEntry({
      entry: { host: "second.example.org" },
      observation: { error: { stage: "greeting", reason: "protocol", message: nasty } },
      findings: [{ check: "net-reach", severity: "warning", message: nasty }],
    }),
  ],
  [{ check: "cert-same", severity: "info", message: nasty, hint: nasty }],
);
