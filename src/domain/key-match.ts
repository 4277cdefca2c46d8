// Does a private key belong to a certificate? Compared by SubjectPublicKeyInfo.
import { type KeyObject, X509Certificate, createPrivateKey, createPublicKey } from "node:crypto";
import { Failure } from "./failure.ts";

const spki = (key: KeyObject): Buffer => key.export({ type: "spki", format: "der" });

/** The SubjectPublicKeyInfo (DER) of a private key in PEM. @throws Failure `data`; its message holds nothing of the key. */
export const publicKeyOf = (privateKeyPem: string): Buffer => {
  let key: KeyObject;
  try {
    key = createPrivateKey(privateKeyPem);
  } catch {
    // The cause is dropped on purpose: nothing that saw the key's text travels on.
    throw new Failure("data", "the private key cannot be read: it is not an unencrypted PEM key of a known kind");
  }
  return spki(createPublicKey(key));
};

/** True when `privateKeyPem` is the key of `certificatePem` (the first certificate in it). @throws Failure `data` when either cannot be read. */
export const keyMatches = (privateKeyPem: string, certificatePem: string | Buffer): boolean => {
  const mine = publicKeyOf(privateKeyPem);
  let theirs: Buffer;
  try {
    theirs = spki(new X509Certificate(certificatePem).publicKey);
  } catch (error) {
    throw new Failure(
      "data",
      "the certificate cannot be read: it is not an X.509 certificate with a known kind of key",
      {
        cause: error,
      },
    );
  }
  return mine.equals(theirs);
};
