// What MTA-STS (RFC 8461) and TLS reports (RFC 8460) have one publish: the policy's text, its record, the record for reports.
import { createHash } from "node:crypto";
import { type DnsRecord, textToPublish } from "./dns-record.ts";

export interface StsToPublish {
  readonly record: DnsRecord;
  /** Where the text is to be had, with a publicly trusted certificate. */
  readonly url: string;
  /** Lines end in CRLF (RFC 8461 §3.2). */
  readonly policy: string;
}

/** While it is tried; `enforce` is to come with weeks. */
const firstAge = 86_400;

/** In `testing` nothing is refused: senders report only. The id changes whenever the text does. */
export const stsToPublish = (domain: string, hosts: readonly string[]): StsToPublish => {
  const lines = ["version: STSv1", "mode: testing", ...hosts.map((host) => `mx: ${host}`), `max_age: ${firstAge}`];
  const policy = lines.map((line) => `${line}\r\n`).join("");
  const id = createHash("sha256").update(policy).digest("hex").slice(0, 20);
  return {
    record: textToPublish("mta-sts", `_mta-sts.${domain}`, `v=STSv1; id=${id};`),
    url: `https://mta-sts.${domain}/.well-known/mta-sts.txt`,
    policy,
  };
};

export const reportsOwner = (domain: string): string => `_smtp._tls.${domain}`;

export const reportsToPublish = (domain: string): DnsRecord =>
  textToPublish("tlsrpt", reportsOwner(domain), `v=TLSRPTv1; rua=mailto:tls-reports@${domain}`);

/** Where reports go, by the TXT records at its name; `several`: senders take none of them (RFC 8460 §3). */
export const reportsIn = (
  texts: readonly string[],
): { readonly kind: "none" | "several" | "malformed" } | { readonly kind: "found"; readonly to: readonly string[] } => {
  const [first, ...more] = texts.filter((text) => /^v=TLSRPTv1[ \t]*;/.test(text));
  if (first === undefined) return { kind: "none" };
  if (more.length > 0) return { kind: "several" };
  const to = (/;[ \t]*rua=([^;]*)/.exec(first)?.[1] ?? "").split(",").map((uri) => uri.trim());
  return to.every((uri) => /^(?:mailto:[^@\s]+@[^@\s]+|https:\/\/\S+)$/.test(uri))
    ? { kind: "found", to }
    : { kind: "malformed" };
};
