// A server's certificate, signed by a private CA or by its own key (servers-and-clients: the profile that works everywhere).
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  Name,
  X509Certificate,
} from "@peculiar/x509";
import { keyIdOf, nameOf, pemOf, subjectKeyIdOf, writeCertificate } from "./certificate-writer.ts";
import type { Random } from "./random.ts";
import { distributionPoint } from "./distribution-point.ts";
import { importSigningKey } from "./signing-key.ts";
import { subjectAltName } from "./subject-alt-name.ts";

export interface LeafParameters {
  /** PEM of the key that the certificate is for. */
  readonly privateKey: string;
  /** Canonical names (domain/names.ts), at least one. */
  readonly names: readonly string[];
  /** undefined: an empty subject, and a critical SAN. */
  readonly commonName: string | undefined;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** PEM of root and key; undefined: signed by the certificate's own key. */
  readonly issuer?: { readonly certificate: string; readonly privateKey: string };
  /** Where the CA's list of revoked certificates can be had (http). */
  readonly crlUrl?: string;
  readonly random: Random;
}

/** PEM of the leaf. */
export const makeLeaf = async (parameters: LeafParameters): Promise<string> => {
  const { names, commonName, issuer, crlUrl } = parameters;
  const own = await importSigningKey(parameters.privateKey);
  const subject = nameOf(commonName === undefined ? {} : { commonName });
  const root = issuer === undefined ? undefined : new X509Certificate(issuer.certificate);
  const usage = KeyUsageFlags.digitalSignature | (own.isRsa ? KeyUsageFlags.keyEncipherment : 0);
  const leaf = await writeCertificate({
    ...parameters,
    subject,
    // The issuer's name byte for byte: some clients compare it so.
    issuer: root === undefined ? subject : new Name(root.subjectName.toArrayBuffer()),
    authorityKeyId: root === undefined ? keyIdOf(own.spki) : subjectKeyIdOf(root),
    spki: own.spki,
    signer: issuer === undefined ? own : await importSigningKey(issuer.privateKey),
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(usage, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      subjectAltName(names, commonName === undefined),
      ...(crlUrl === undefined ? [] : [distributionPoint(crlUrl)]),
    ],
  });
  return pemOf(leaf);
};
