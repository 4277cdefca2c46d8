// What a certificate is made for: a private key of ours, or a request (CSR) whose key somebody else keeps.
import { Failure } from "./failure.ts";
import { publicKeyOf } from "./key-match.ts";
import type { KeyAlgorithm } from "./keys.ts";

/** A certificate signing request (PKCS#10, RFC 2986) that was made elsewhere. */
export interface ForeignRequest {
  readonly der: Buffer;
  /** SubjectPublicKeyInfo in DER. */
  readonly spki: Buffer;
}

export interface ReadRequest extends ForeignRequest {
  readonly pem: string;
  /** undefined: a kind of key that no slot takes. */
  readonly algorithm: KeyAlgorithm | undefined;
  /** As they stand in its subject alternative name, DNS names and IP addresses; a common name is none. */
  readonly names: readonly string[];
  /** Other kinds of names in it, such as `email`. */
  readonly otherNames: readonly string[];
}

/** Exactly one of them. `privateKey`: PKCS#8 PEM; it MUST NOT leave this process. */
export type SubjectKey =
  | { readonly privateKey: string; readonly request?: undefined }
  | { readonly privateKey?: undefined; readonly request: ForeignRequest };

/** SubjectPublicKeyInfo in DER. @throws Failure `data` for a private key that cannot be read. */
export const spkiOf = ({ privateKey, request }: SubjectKey): Buffer =>
  request === undefined ? publicKeyOf(privateKey) : request.spki;

/** For issuers that sign by themselves. @throws Failure `config` for a request. */
export const ownKeyOf = ({ privateKey }: SubjectKey, issuer: string): string => {
  if (privateKey !== undefined) return privateKey;
  throw new Failure("config", `${issuer} does not certify a request that was made elsewhere (csr)`, {
    hints: ["csr goes with an ACME issuer"],
  });
};
