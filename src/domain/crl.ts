// Reads a list of revoked certificates (RFC 5280 §5): when it was made, when it ends, its number, what it lists.
import { DerProblem, childrenOf, expectTag, readElement, readOid, readTime, tags } from "./der.ts";
import { extensions } from "./oids.ts";

export interface CrlFacts {
  readonly der: Buffer;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
  /** 0 where it has none. */
  readonly number: bigint;
  /** Serial numbers of what is revoked, hex. */
  readonly serials: readonly string[];
}

const block = /-----BEGIN X509 CRL-----([A-Za-z0-9+/=\s]+?)-----END X509 CRL-----/;

const hexOf = (content: Buffer): string => content.toString("hex").replace(/^(?:00)+(?=..)/, "");

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
  const number = (inner ? childrenOf(inner) : [])
    .map(childrenOf)
    .find(([id]) => id && readOid(id) === extensions.crlNumber);
  const value = number?.at(-1);
  const digits = value && readElement(value.content).content.toString("hex");
  return {
    der,
    thisUpdate: readTime(from),
    nextUpdate: readTime(until),
    number: digits ? BigInt(`0x${digits}`) : 0n,
    serials: (entries ? childrenOf(entries) : []).flatMap((entry) => {
      const [serial] = childrenOf(entry);
      return serial ? [hexOf(serial.content)] : [];
    }),
  };
};
