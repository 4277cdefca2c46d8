// The root certificate of a private CA: self-signed, name-constrained, without a path length.
import { BasicConstraintsExtension, Extension, KeyUsageFlags, KeyUsagesExtension } from "@peculiar/x509";
import { type NameConstraints, writeNameConstraints } from "../domain/name-constraints.ts";
import { extensions } from "../domain/oids.ts";
import { type Attributes, keyIdOf, nameOf, pemOf, writeCertificate } from "./certificate-writer.ts";
import type { Random } from "./random.ts";
import { importSigningKey } from "./signing-key.ts";

export interface RootParameters {
  /** PEM. */
  readonly privateKey: string;
  /** Given the key's identifier in hex, so that two roots never have one subject. */
  readonly subject: (keyId: string) => Attributes;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** undefined: the CA may certify any name. */
  readonly constraints: NameConstraints | undefined;
  readonly random: Random;
}

/** PEM of the root. */
export const makeRoot = async (parameters: RootParameters): Promise<string> => {
  const signer = await importSigningKey(parameters.privateKey);
  const keyId = keyIdOf(signer.spki);
  const subject = nameOf(parameters.subject(keyId));
  const { constraints } = parameters;
  const root = await writeCertificate({
    ...parameters,
    subject,
    issuer: subject,
    spki: signer.spki,
    authorityKeyId: keyId,
    signer,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      ...(constraints === undefined
        ? []
        : [new Extension(extensions.nameConstraints, true, writeNameConstraints(constraints))]),
    ],
  });
  return pemOf(root);
};
