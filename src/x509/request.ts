// Certificate requests (PKCS#10, RFC 2986) for ACME: SAN only, no common name and no EKU, which the CA's profile decides.
import { Pkcs10CertificateRequestGenerator } from "@peculiar/x509";
import { Failure } from "../domain/failure.ts";
import { type KeyAlgorithm, slotOf } from "../domain/keys.ts";
import { importSigningKey } from "./signing-key.ts";
import { subjectAltName } from "./subject-alt-name.ts";

export interface RequestParameters {
  /** PEM. */
  readonly privateKey: string;
  /** What the key is expected to be; a key of another kind is refused. */
  readonly algorithm?: KeyAlgorithm;
  /** Canonical names (domain/names.ts), at least one. */
  readonly names: readonly string[];
}

export interface CertificateRequest {
  readonly der: Buffer;
  readonly pem: string;
}

export const makeRequest = async ({ privateKey, algorithm, names }: RequestParameters): Promise<CertificateRequest> => {
  const key = await importSigningKey(privateKey);
  if (algorithm !== undefined && key.isRsa !== (slotOf(algorithm) === "rsa"))
    throw new Failure("data", `the private key is not of the kind ${algorithm}`);
  const request = await Pkcs10CertificateRequestGenerator.create({
    keys: { privateKey: key.privateKey, publicKey: key.publicKey },
    signingAlgorithm: key.algorithm,
    // Critical in a certificate with an empty subject; in a request it is the CA that decides (as certbot and lego write it).
    extensions: [subjectAltName(names, false)],
  });
  return { der: Buffer.from(request.rawData), pem: `${request.toString("pem")}\n` };
};
