// TLSA records (RFC 6698, RFC 7671): what they pin, and whether a chain satisfies them as a sender of mail judges it (RFC 7672).
import { createHash } from "node:crypto";
import { readFields } from "./certificate-fields.ts";
import type { CertificateFacts } from "./certificate.ts";
import { pathToAnchor } from "./dane-path.ts";

export interface TlsaRecord {
  /** 2: a certificate of the chain (DANE-TA), 3: the leaf (DANE-EE). 0 and 1 are not for SMTP (RFC 7672 §3.1.3). */
  readonly usage: number;
  /** 0: the whole certificate, 1: its public key (SPKI). */
  readonly selector: number;
  /** 0: the data itself, 1: SHA-256, 2: SHA-512. */
  readonly matchingType: number;
  /** Lower-case hex. */
  readonly data: string;
}

/** What is to be served, as far as it is known. */
export interface TlsaOffer {
  /** DER of the leaf's SPKI; undefined: the key is yet to be made, and no record can name it. */
  readonly spki: Uint8Array | undefined;
  /** DER as it would be served, leaf first; undefined: not issued yet. */
  readonly chain?: readonly Uint8Array[];
}

/** `unusable`: no record that a mail sender could use, so that it asks for TLS and nothing more (RFC 7672 §2.2). */
export type TlsaMatch = "match" | "mismatch" | "undecided" | "unusable";

const digestLength: Readonly<Record<number, number>> = { 1: 64, 2: 128 };

/** Can a mail sender use it (RFC 7672 §3.1)? */
export const usable = ({ usage, selector, matchingType, data }: TlsaRecord): boolean =>
  (usage === 2 || usage === 3) &&
  (selector === 0 || selector === 1) &&
  (matchingType === 0 ? data.startsWith("30") : data.length === digestLength[matchingType]);

const strongestDigest = (records: readonly TlsaRecord[]): number =>
  Math.max(0, ...records.map(({ matchingType }) => matchingType));

/** Of each usage and selector a sender reads only the strongest digest, and full data (digest agility, RFC 7671 §9). */
const considered = (records: readonly TlsaRecord[]): readonly TlsaRecord[] => {
  const sound = records.filter(usable);
  return sound.filter((record) => {
    const alike = sound.filter(({ usage, selector }) => usage === record.usage && selector === record.selector);
    return record.matchingType === 0 || record.matchingType === strongestDigest(alike);
  });
};

const associationData = (matchingType: number, content: Uint8Array): string =>
  matchingType === 0
    ? Buffer.from(content).toString("hex")
    : createHash(matchingType === 1 ? "sha256" : "sha512")
        .update(content)
        .digest("hex");

const pins = (record: TlsaRecord, certificate: Uint8Array): boolean => {
  const content = record.selector === 0 ? certificate : readFields(Buffer.from(certificate)).spki;
  return associationData(record.matchingType, content) === record.data;
};

const anchored = (record: TlsaRecord, chain: readonly Uint8Array[]): readonly CertificateFacts[] | undefined =>
  pathToAnchor(chain, (certificate) => pins(record, certificate));

const matchOne = (record: TlsaRecord, { spki, chain }: TlsaOffer): TlsaMatch => {
  const leaf = chain?.[0];
  const found = (yes: boolean): TlsaMatch => (yes ? "match" : "mismatch");
  // A trust anchor has to be in the chain that is served (RFC 7672 §3.1.2), and to have signed what leads to the leaf; the leaf is none.
  if (record.usage === 2) return chain ? found(anchored(record, chain) !== undefined) : "undecided";
  if (leaf) return found(pins(record, leaf));
  // A certificate that does not exist yet is in no record: only its key can be.
  return found(
    record.selector === 1 && spki !== undefined && associationData(record.matchingType, spki) === record.data,
  );
};

/** Whether one chain satisfies an RRset. One record that matches is enough (RFC 6698 §2.1), among those that a sender reads. */
export const matchTlsa = (records: readonly TlsaRecord[], offer: TlsaOffer): TlsaMatch => {
  const results = considered(records).map((record) => matchOne(record, offer));
  if (results.length === 0) return "unusable";
  return (["match", "undecided"] as const).find((one) => results.includes(one)) ?? "mismatch";
};

/** The records that a chain satisfies, among those that a sender reads. */
export const matchedBy = (records: readonly TlsaRecord[], offer: TlsaOffer): readonly TlsaRecord[] =>
  considered(records).filter((record) => matchOne(record, offer) === "match");

/** From the leaf to what a 2 x x record pins, for each such record that a sender reads and the chain satisfies: names and dates count on it. */
export const anchoredPaths = (
  records: readonly TlsaRecord[],
  chain: readonly Uint8Array[],
): readonly (readonly CertificateFacts[])[] =>
  considered(records).flatMap((record) => {
    const path = record.usage === 2 ? anchored(record, chain) : undefined;
    return path ? [path] : [];
  });

/** The record to publish beside `present` before this key is served: `3 1 1`, or with the digest that the present ones make senders read. */
export const tlsaFor = (spki: Uint8Array, present: readonly TlsaRecord[] = []): TlsaRecord => {
  const keys = present.filter((record) => usable(record) && record.usage === 3 && record.selector === 1);
  const matchingType = strongestDigest(keys) || 1;
  return { usage: 3, selector: 1, matchingType, data: associationData(matchingType, spki) };
};

/** `3 1 1` of a key (RFC 7671 §5.1), by its SHA-256 in hex. */
export const keyRecord = (spkiSha256: string): TlsaRecord => ({
  usage: 3,
  selector: 1,
  matchingType: 1,
  data: spkiSha256,
});

export const tlsaText = ({ usage, selector, matchingType, data }: TlsaRecord): string =>
  `${usage} ${selector} ${matchingType} ${data}`;

/** The name that TLSA records of a TCP service stand at (RFC 6698 §3). */
export const tlsaOwner = (host: string, port: number): string => `_${port}._tcp.${host}`;

/** A line of a zone file. */
export const tlsaLine = (owner: string, record: TlsaRecord): string => `${owner}. IN TLSA ${tlsaText(record)}`;
