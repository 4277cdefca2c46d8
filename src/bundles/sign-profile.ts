// Signs an Apple profile: CMS around it, with the chain, by the key that the use case hands in.
import { readCertificate } from "../domain/certificate.ts";
import { readPrivateKey } from "../domain/private-key.ts";
import { signCms } from "./cms.ts";

export interface ProfileSigning {
  readonly content: string | Uint8Array;
  /** PKCS#8 PEM, EC or RSA. */
  readonly privateKey: string;
  /** PEM, the key's own first. */
  readonly certificates: readonly string[];
  readonly now: Date;
}

/** @throws Failure `data` for a key or certificate that cannot be read. */
export const signProfile = ({ content, privateKey, certificates, now }: ProfileSigning): Uint8Array =>
  new Uint8Array(
    signCms({
      content: Buffer.from(content),
      key: readPrivateKey(privateKey),
      certificates: certificates.map((pem) => readCertificate(pem).der),
      now,
    }),
  );
