// Does a private key belong to a certificate? Compared by SubjectPublicKeyInfo.
import { type KeyObject, X509Certificate, createPublicKey } from "node:crypto";
import { Failure } from "./failure.ts";
import { readPrivateKey } from "./private-key.ts";

const spki = (key: KeyObject): Buffer => key.export({ type: "spki", format: "der" });

/** The SubjectPublicKeyInfo (DER) of a private key in PEM. @throws Failure `data`; its message holds nothing of the key. */
export const publicKeyOf = (privateKeyPem: string): Buffer => spki(createPublicKey(readPrivateKey(privateKeyPem)));

/** The SubjectPublicKeyInfo (DER) of a certificate, the first one in it. @throws Failure `data` for what is none. */
export const certifiedKeyOf = (certificatePem: string | Buffer): Buffer => {
  try {
    return spki(new X509Certificate(certificatePem).publicKey);
  } catch (error) {
    throw new Failure(
      "data",
      "the certificate cannot be read: it is not an X.509 certificate with a known kind of key",
      { cause: error },
    );
  }
};

/** True when `privateKeyPem` is the key of `certificatePem` (the first certificate in it). @throws Failure `data` when either cannot be read. */
export const keyMatches = (privateKeyPem: string, certificatePem: string | Buffer): boolean =>
  publicKeyOf(privateKeyPem).equals(certifiedKeyOf(certificatePem));
