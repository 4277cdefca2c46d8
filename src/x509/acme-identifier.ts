// The certificate that answers tls-alpn-01 (RFC 8737 §3): self-signed, for one identifier, with the digest of the key authorization in it.
import { generateKeyPairSync } from "node:crypto";
import { Extension } from "@peculiar/x509";
import { keyIdOf, nameOf, pemOf, writeCertificate } from "./certificate-writer.ts";
import type { Random } from "./random.ts";
import { importSigningKey } from "./signing-key.ts";
import { subjectAltName } from "./subject-alt-name.ts";

/** id-pe-acmeIdentifier (RFC 8737 §6.1) */
export const acmeIdentifier = "1.3.6.1.5.5.7.1.31";

const hour = 3_600_000;

export interface AcmeIdentifierParameters {
  /** Host name or IP address, canonical. */
  readonly identifier: string;
  /** SHA-256 of the key authorization, 32 octets. */
  readonly digest: Uint8Array;
  readonly now: Date;
  readonly random: Random;
}

/** PEM of a certificate and its key, which live for one validation and touch no disk. */
export const makeAcmeIdentifier = async ({
  identifier,
  digest,
  now,
  random,
}: AcmeIdentifierParameters): Promise<{ readonly certificate: string; readonly privateKey: string }> => {
  const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const privateKey = pair.privateKey.export({ type: "pkcs8", format: "pem" }) as string;
  const own = await importSigningKey(privateKey);
  const subject = nameOf({ commonName: "ACME challenge" });
  const certificate = await writeCertificate({
    subject,
    issuer: subject,
    authorityKeyId: keyIdOf(own.spki),
    spki: own.spki,
    signer: own,
    notBefore: new Date(now.getTime() - hour),
    notAfter: new Date(now.getTime() + 24 * hour),
    random,
    extensions: [
      // Exactly one name (RFC 8737 §3).
      subjectAltName([identifier], false),
      // Its value is the DER of an OCTET STRING of 32 octets; critical, so that nobody takes it for a server's certificate.
      new Extension(acmeIdentifier, true, Uint8Array.from([0x04, digest.length, ...digest])),
    ],
  });
  return { certificate: pemOf(certificate), privateKey };
};
