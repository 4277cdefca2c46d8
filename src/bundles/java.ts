// Java's truststore: PKCS#12 without a key. Its password is Java's own, known to everybody: there is nothing secret in the file.
import { createHash } from "node:crypto";
import { type CertificateFacts, titleOf } from "../domain/certificate.ts";
import { oid, sequence, setOf } from "./asn1.ts";
import type { Bundle } from "./bundle.ts";
import { importableOf } from "./importable.ts";
import type { Random } from "./pbe.ts";
import { certificateBag, friendlyName, writeCertificates } from "./pkcs12.ts";

/** Oracle's trustedKeyUsage with anyExtendedKeyUsage: without it Java takes no certificate of the file for a trusted one. */
const trusted = sequence(oid("2.16.840.1.113894.746875.1.1"), setOf(oid("2.5.29.37.0")));

/** Java forgets all but the last certificate of one alias, and knows no difference between large and small letters. */
const aliasOf = (certificate: CertificateFacts, all: readonly CertificateFacts[]): string => {
  const title = titleOf(certificate);
  const alike = all.filter((one) => titleOf(one).toLowerCase() === title.toLowerCase());
  return alike.length === 1 ? title : `${title} ${certificate.sha256.slice(0, 8)}`;
};

/** Salts that belong to the certificates: the same ones give the same file, which need not be written again. A password that everybody knows needs no better. */
const saltsOf = (certificates: readonly CertificateFacts[]): Random => {
  let count = 0;
  return (length) => {
    count += 1;
    const seed = `mailcert truststore ${count} ${certificates.map(({ sha256 }) => sha256).join(" ")}`;
    return createHash("sha256").update(seed).digest().subarray(0, length);
  };
};

export const java: Bundle = (material) => {
  const importable = importableOf(material);
  if (importable === undefined) return [];
  const certificates = [importable.certificate, ...importable.beside];
  const bags = certificates.map((one) => certificateBag(one.der, friendlyName(aliasOf(one, certificates)), trusted));
  const store = writeCertificates(bags, {
    password: "changeit",
    iterations: 2048,
    random: saltsOf(certificates),
  });
  return [
    {
      path: "truststore.p12",
      content: new Uint8Array(store),
      summary: "for Java programs (PKCS#12, password: changeit; it holds no secret)",
    },
  ];
};
