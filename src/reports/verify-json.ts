// The document of `verify --json` (docs/schema/verify.json, mailcert.verify/1).
import type { CertificateFacts } from "../domain/certificate.ts";
import { clientLabel, entryUrl } from "../domain/entry-point.ts";
import type { VerifiedEntry, VerifyResult } from "../domain/verify-result.ts";
import { domainDocument } from "./verify-domains.ts";

const day = 86_400_000;

/** Whole days until the end; negative when it is over. */
export const daysLeft = (certificate: CertificateFacts, now: Date): number =>
  Math.floor((certificate.notAfter.getTime() - now.getTime()) / day);

const leafDocument = (leaf: CertificateFacts, now: Date): object => ({
  sha256: leaf.sha256,
  spkiSha256: leaf.spkiSha256,
  subject: leaf.subject,
  issuer: leaf.issuer,
  serial: leaf.serial,
  names: [...leaf.dnsNames, ...leaf.ipNames],
  notBefore: leaf.notBefore.toISOString(),
  notAfter: leaf.notAfter.toISOString(),
  daysLeft: daysLeft(leaf, now),
  key: leaf.key,
});

/** An entry point as it stands in `entries`. */
export const entryDocument = ({ entry, role, observation, slot, chain, findings, ok }: VerifiedEntry): object => {
  const { address, tls, profile, error, transcript, durationMs, startedAt } = observation;
  const leaf = chain[0];
  return {
    url: entryUrl(entry),
    protocol: entry.protocol,
    mode: entry.mode,
    role,
    label: clientLabel(entry.mode),
    host: entry.host,
    ...(address === undefined ? {} : { address }),
    port: entry.port,
    ...(slot === undefined ? {} : { slot }),
    ok,
    durationMs,
    ...(tls
      ? { tls: { version: tls.version, cipher: tls.cipher, ...(tls.group === undefined ? {} : { group: tls.group }) } }
      : {}),
    ...(profile ? { profile } : {}),
    ...(leaf ? { leaf: leafDocument(leaf, startedAt) } : {}),
    ...(leaf
      ? {
          chain: chain.map(({ sha256, subject, issuer, notAfter }) => ({
            sha256,
            subject,
            issuer,
            notAfter: notAfter.toISOString(),
          })),
        }
      : {}),
    ...(transcript ? { transcript } : {}),
    ...(error ? { error: { stage: error.stage, message: error.message } } : {}),
    findings,
  };
};

export const verifyDocument = (result: VerifyResult): object => ({
  schema: "mailcert.verify/1",
  ok: result.ok,
  startedAt: result.startedAt.toISOString(),
  durationMs: result.durationMs,
  entries: result.entries.map(entryDocument),
  findings: result.findings,
  ...(result.domains.length > 0 ? { domains: result.domains.map(domainDocument) } : {}),
});
