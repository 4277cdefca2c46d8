// Makes private keys with the system's crypto, off the main thread.
import { generateKeyPair } from "node:crypto";
import { promisify } from "node:util";
import type { KeyAlgorithm } from "../domain/keys.ts";

/** Makes a key and gives it as PKCS#8 PEM. */
export type GenerateKey = (algorithm: KeyAlgorithm) => Promise<string>;

const make = promisify(generateKeyPair);

const shape: Readonly<Record<KeyAlgorithm, { readonly curve: string } | { readonly bits: number }>> = {
  ecdsa: { curve: "P-256" },
  "ecdsa-p384": { curve: "P-384" },
  rsa: { bits: 2048 },
  "rsa-3072": { bits: 3072 },
  "rsa-4096": { bits: 4096 },
};

export const generateKey: GenerateKey = async (algorithm) => {
  const wanted = shape[algorithm];
  const { privateKey } =
    "curve" in wanted
      ? await make("ec", { namedCurve: wanted.curve })
      : await make("rsa", { modulusLength: wanted.bits, publicExponent: 0x10001 });
  return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
};
