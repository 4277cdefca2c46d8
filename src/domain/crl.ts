// Reads a list of revoked certificates (RFC 5280 §5): when it was made, when it ends, its number, what it lists, and whether a key has signed it.
import { type KeyObject, verify } from "node:crypto";
import { type DerElement, DerProblem, childrenOf, expectTag, readElement, readOid, readTime, tags } from "./der.ts";
import { extensions } from "./oids.ts";
import { plainSerial } from "./serial-number.ts";

export interface CrlListing {
  /** Hex. */
  readonly serial: string;
  readonly at: Date;
  /** RFC 5280 §5.3.1; 0 where none is given. */
  readonly reason: number;
}

export interface CrlFacts {
  readonly der: Buffer;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
  /** 0 where it has none. */
  readonly number: bigint;
  /** Serial numbers of what is revoked, hex. */
  readonly serials: readonly string[];
  readonly listings: readonly CrlListing[];
}

const block = /-----BEGIN X509 CRL-----([A-Za-z0-9+/=\s]+?)-----END X509 CRL-----/;

/** The PEM lists of a text, in order; what stands between them is left out. */
export const splitCrls = (text: string): readonly string[] =>
  Array.from(text.matchAll(new RegExp(block, "g")), ([one]) => one);

/** What an extension of a list, or of an entry, has in it. */
const valueOf = (among: DerElement | undefined, id: string): DerElement | undefined => {
  const found = (among ? childrenOf(among) : []).map(childrenOf).find(([one]) => one && readOid(one) === id);
  const value = found?.at(-1);
  return value && readElement(value.content);
};

const listingOf = (entry: DerElement): CrlListing => {
  const [serial, at, more] = childrenOf(entry);
  return {
    serial: plainSerial(expectTag(serial, tags.integer, "a serial number").content.toString("hex")),
    at: readTime(at),
    reason: valueOf(more, extensions.reasonCode)?.content[0] ?? 0,
  };
};

/** What CAs of ours sign with (x509/crl.ts): ECDSA with SHA-256 or SHA-384, RSA with SHA-256. */
const digests: Readonly<Record<string, string>> = {
  "1.2.840.10045.4.3.2": "sha256",
  "1.2.840.10045.4.3.3": "sha384",
  "1.2.840.113549.1.1.11": "sha256",
};

/** Whether this key has signed the list: DER. @throws DerProblem */
export const isSignedBy = (der: Buffer, key: KeyObject): boolean => {
  const [list, algorithm, signature] = childrenOf(readElement(der));
  const [id] = algorithm ? childrenOf(algorithm) : [];
  const digest = id && digests[readOid(id)];
  return list && signature && digest !== undefined
    ? verify(digest, list.raw, key, signature.content.subarray(1))
    : false;
};

/** PEM. @throws DerProblem for what is no list of version 2 with an end. */
export const readCrl = (pem: string): CrlFacts => {
  const base64 = block.exec(pem)?.[1];
  if (base64 === undefined) throw new DerProblem("there is no CRL in it");
  const der = Buffer.from(base64, "base64");
  const list = childrenOf(expectTag(childrenOf(readElement(der))[0], tags.sequence, "the list"));
  // version, signature, issuer, then the times.
  const [, , , from, until, ...rest] = list;
  const entries = rest.find(({ tag }) => tag === tags.sequence);
  const wrapped = rest.find(({ tag }) => tag === 0xa0);
  const inner = wrapped && childrenOf(wrapped)[0];
  const listings = (entries ? childrenOf(entries) : []).map(listingOf);
  const digits = valueOf(inner, extensions.crlNumber)?.content.toString("hex");
  return {
    der,
    thisUpdate: readTime(from),
    nextUpdate: readTime(until),
    number: digits ? BigInt(`0x${digits}`) : 0n,
    serials: listings.map(({ serial }) => serial),
    listings,
  };
};
