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
