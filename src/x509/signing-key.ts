// A private key in PEM, brought into Web Crypto for signing; with the hash that goes with it.
import { type KeyObject, createPublicKey, webcrypto } from "node:crypto";
import { Failure } from "../domain/failure.ts";
import { readPrivateKey } from "../domain/private-key.ts";

export interface SigningKey {
  readonly privateKey: webcrypto.CryptoKey;
  readonly publicKey: webcrypto.CryptoKey;
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Buffer;
  readonly isRsa: boolean;
  /** What a signature by this key uses: ECDSA with SHA-256 (SHA-384 for P-384), or RSA PKCS#1 v1.5 with SHA-256. */
  readonly algorithm: { readonly name: string; readonly hash: string };
}

type ImportParameters = { readonly name: string; readonly hash?: string; readonly namedCurve?: string };

const curves: Readonly<Record<string, { readonly namedCurve: string; readonly hash: string }>> = {
  prime256v1: { namedCurve: "P-256", hash: "SHA-256" },
  secp384r1: { namedCurve: "P-384", hash: "SHA-384" },
};

const rsa = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };

const parametersOf = (
  key: KeyObject,
): { readonly import: ImportParameters; readonly sign: SigningKey["algorithm"] } => {
  if (key.asymmetricKeyType === "rsa") return { import: rsa, sign: rsa };
  const curve = curves[key.asymmetricKeyDetails?.namedCurve ?? ""];
  if (key.asymmetricKeyType !== "ec" || curve === undefined) {
    throw new Failure(
      "data",
      `a key of the kind ${key.asymmetricKeyType ?? "secret"} cannot be used: ECDSA P-256 and P-384 and RSA can`,
    );
  }
  return { import: { name: "ECDSA", namedCurve: curve.namedCurve }, sign: { name: "ECDSA", hash: curve.hash } };
};

/** @throws Failure `data` for a key that cannot be read or used; its message holds nothing of the key. */
export const importSigningKey = async (pem: string): Promise<SigningKey> => {
  const key = readPrivateKey(pem);
  const parameters = parametersOf(key);
  const spki = createPublicKey(key).export({ type: "spki", format: "der" });
  const pkcs8 = key.export({ type: "pkcs8", format: "der" });
  const { subtle } = webcrypto;
  try {
    const privateKey = await subtle.importKey("pkcs8", pkcs8, parameters.import, false, ["sign"]);
    const publicKey = await subtle.importKey("spki", spki, parameters.import, true, ["verify"]);
    return { privateKey, publicKey, spki, isRsa: key.asymmetricKeyType === "rsa", algorithm: parameters.sign };
  } finally {
    pkcs8.fill(0);
  }
};
