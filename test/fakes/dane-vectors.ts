// OpenSSL's DANE cases, read from test/fixtures/dane/openssl-danetest.txt, which says how they are written.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readCertificate } from "../../src/domain/certificate.ts";
import type { TlsaRecord } from "../../src/domain/tlsa.ts";

export interface DaneVector {
  readonly number: number;
  readonly records: readonly TlsaRecord[];
  /** DER, as sent. */
  readonly chain: readonly Buffer[];
  /** OpenSSL's test told it not to look at names where 3 x x fits. */
  readonly noNameChecks: boolean;
  /** X509_V_ERR_*: 0 accepted, 20 no issuer, 62 wrong name, 65 no record fits. */
  readonly openssl: number;
}

const text = readFileSync(join(import.meta.dirname, "../fixtures/dane/openssl-danetest.txt"), "utf8");

const certificates = new Map(
  [...text.matchAll(/^certificate (\S+)\n(-----BEGIN [\s\S]*?-----END CERTIFICATE-----)/gm)].map(
    ([, name = "", pem = ""]) => [name, readCertificate(pem).der],
  ),
);

const vector = (block: string, index: number): DaneVector => {
  const [tlsaCount, certCount, noNameChecks, openssl] = block.split("\n", 1)[0]?.split(" ").map(Number) ?? [];
  const records = [...block.matchAll(/^tlsa (\d) (\d) (\d) ([0-9a-f]+)$/gim)].map(
    ([, usage, selector, matchingType, data = ""]) => ({
      usage: Number(usage),
      selector: Number(selector),
      matchingType: Number(matchingType),
      data: data.toLowerCase(),
    }),
  );
  const names = /^chain (.+)$/m.exec(block)?.[1]?.split(" ") ?? [];
  const chain = names.flatMap((name) => certificates.get(name) ?? []);
  if (records.length !== tlsaCount || chain.length !== certCount || openssl === undefined)
    throw new Error(`case ${index + 1} is not whole`);
  return { number: index + 1, records, chain, noNameChecks: noNameChecks === 1, openssl };
};

export const daneVectors: readonly DaneVector[] = text
  .slice(0, text.indexOf("\ncertificate "))
  .split(/^case /m)
  .slice(1)
  .map(vector);

/** `unpinned`: nothing a sender could use, so that it asks for TLS and looks no further. */
export type VectorVerdict = "accepted" | "refused" | "unpinned";

export interface VectorDifference {
  readonly cases: readonly number[];
  readonly ours: VectorVerdict;
  readonly because: string;
}

export const range = (first: number, last: number): readonly number[] =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);

/** Where we say otherwise than OpenSSL, on purpose. */
export const daneDifferences: readonly VectorDifference[] = [
  {
    cases: range(23, 42),
    ours: "unpinned",
    because: "RFC 7672 §3.1.3: usages 0 and 1 are unusable for mail; OpenSSL judges them for every protocol",
  },
  {
    cases: range(47, 50),
    ours: "refused",
    because:
      "RFC 7672 §3.1.2: the anchor has to be in the served chain; OpenSSL takes one that DNS alone has in full (matching type 0); GnuTLS does not",
  },
  {
    cases: [54],
    ours: "accepted",
    because:
      "RFC 7672 §3.1.1: a name does not count where 3 x x fits; this case asks OpenSSL to look at it all the same",
  },
];
