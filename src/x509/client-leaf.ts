// A person's certificate, signed by a private CA: it logs in to servers, and certifies no server and no mail.
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  Name,
  SubjectAlternativeNameExtension,
  X509Certificate,
} from "@peculiar/x509";
import { nameOf, pemOf, subjectKeyIdOf, writeCertificate } from "./certificate-writer.ts";
import type { Random } from "./random.ts";
import { importSigningKey } from "./signing-key.ts";

export interface ClientLeafParameters {
  /** PEM of the key that the certificate is for. */
  readonly privateKey: string;
  /** ASCII, its domain as A-labels (RFC 5280 §7.5). */
  readonly address: string;
  /** Subject CN, at most 64 characters: what servers take the user name from. */
  readonly commonName: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** PEM of the CA and its key. */
  readonly issuer: { readonly certificate: string; readonly privateKey: string };
  readonly random: Random;
}

/** PEM. */
export const makeClientLeaf = async (parameters: ClientLeafParameters): Promise<string> => {
  const { address, commonName, issuer } = parameters;
  const own = await importSigningKey(parameters.privateKey);
  const ca = new X509Certificate(issuer.certificate);
  const leaf = await writeCertificate({
    ...parameters,
    subject: nameOf({ commonName }),
    issuer: new Name(ca.subjectName.toArrayBuffer()),
    authorityKeyId: subjectKeyIdOf(ca),
    spki: own.spki,
    signer: await importSigningKey(issuer.privateKey),
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      // A client signs the handshake, with RSA too: nothing is ever encrypted to its key.
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth]),
      new SubjectAlternativeNameExtension([{ type: "email", value: address }], false),
    ],
  });
  return pemOf(leaf);
};
