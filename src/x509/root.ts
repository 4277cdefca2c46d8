// The certificates of a private CA itself: its root, the same key signed by the root before it (cross certificate), an issuing CA under a root that is kept away.
import {
  BasicConstraintsExtension,
  Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  Name,
  X509Certificate,
} from "@peculiar/x509";
import { type NameConstraints, writeNameConstraints } from "../domain/name-constraints.ts";
import { extensions } from "../domain/oids.ts";
import { type Attributes, keyIdOf, nameOf, pemOf, subjectKeyIdOf, writeCertificate } from "./certificate-writer.ts";
import type { Random } from "./random.ts";
import { importSigningKey } from "./signing-key.ts";

interface CaParameters {
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** undefined: the CA may certify any name. */
  readonly constraints: NameConstraints | undefined;
  readonly random: Random;
}

export interface RootParameters extends CaParameters {
  /** PEM. */
  readonly privateKey: string;
  /** Given the key's identifier in hex, so that two roots never have one subject. */
  readonly subject: (keyId: string) => Attributes;
}

/** A CA's certificate and its key, PEM. */
export interface SigningCa {
  readonly certificate: string;
  readonly privateKey: string;
}

/** `pathLength` undefined: none, so that CAs below CAs stay possible. */
const caExtensions = (constraints: NameConstraints | undefined, pathLength?: number): readonly Extension[] => [
  new BasicConstraintsExtension(true, pathLength, true),
  new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
  ...(constraints === undefined
    ? []
    : [new Extension(extensions.nameConstraints, true, writeNameConstraints(constraints))]),
];

/** PEM of the root. */
export const makeRoot = async (parameters: RootParameters): Promise<string> => {
  const signer = await importSigningKey(parameters.privateKey);
  const keyId = keyIdOf(signer.spki);
  const subject = nameOf(parameters.subject(keyId));
  const root = await writeCertificate({
    ...parameters,
    subject,
    issuer: subject,
    spki: signer.spki,
    authorityKeyId: keyId,
    signer,
    extensions: caExtensions(parameters.constraints),
  });
  return pemOf(root);
};

const signedBy = async (
  parent: SigningCa,
  what: CaParameters & { readonly subject: Name; readonly spki: Buffer; readonly pathLength?: number },
): Promise<string> => {
  const above = new X509Certificate(parent.certificate);
  const certificate = await writeCertificate({
    ...what,
    // Byte for byte: some clients compare it so.
    issuer: new Name(above.subjectName.toArrayBuffer()),
    authorityKeyId: subjectKeyIdOf(above),
    signer: await importSigningKey(parent.privateKey),
    extensions: caExtensions(what.constraints, what.pathLength),
  });
  return pemOf(certificate);
};

/** PEM of `root`'s name and key as the root before it vouches for them: whoever knows only that one follows it to the new one's leaves. */
export const makeCross = async ({
  root,
  by,
  ...parameters
}: CaParameters & { readonly root: string; readonly by: SigningCa }): Promise<string> => {
  const own = new X509Certificate(root);
  return signedBy(by, {
    ...parameters,
    subject: new Name(own.subjectName.toArrayBuffer()),
    spki: Buffer.from(own.publicKey.rawData),
  });
};

/** PEM of a CA that signs leaves and nothing else (path length 0), while its root's key is elsewhere. */
export const makeIssuing = async ({
  by,
  privateKey,
  subject,
  ...parameters
}: RootParameters & { readonly by: SigningCa }): Promise<string> => {
  const { spki } = await importSigningKey(privateKey);
  return signedBy(by, { ...parameters, subject: nameOf(subject(keyIdOf(spki))), spki, pathLength: 0 });
};
