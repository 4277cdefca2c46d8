// Key algorithms and slots: which keys a certificate may have and where each one lives.
import type { KeyObject } from "node:crypto";
import { readPrivateKey } from "./private-key.ts";

/** One of a certificate's key algorithms; both slots live and switch together. */
export type Slot = "ecdsa" | "rsa";

/** What `--key` and the config's `key:` accept. `ecdsa` is P-256, `rsa` is 2048 bits. */
export type KeyAlgorithm = "ecdsa" | "ecdsa-p384" | "rsa" | "rsa-3072" | "rsa-4096";

export const keyAlgorithms: readonly KeyAlgorithm[] = ["ecdsa", "ecdsa-p384", "rsa", "rsa-3072", "rsa-4096"];

export const slotOf = (algorithm: KeyAlgorithm): Slot => (algorithm.startsWith("rsa") ? "rsa" : "ecdsa");

export const isKeyAlgorithm = (text: string): text is KeyAlgorithm =>
  (keyAlgorithms as readonly string[]).includes(text);

/** The algorithm of a private key in PEM; undefined for one that no slot takes. */
export const algorithmOf = (privateKeyPem: string): KeyAlgorithm | undefined =>
  algorithmOfPublicKey(readPrivateKey(privateKeyPem));

/** Of either half of a pair. */
export const algorithmOfPublicKey = ({
  asymmetricKeyType: type,
  asymmetricKeyDetails: details,
}: Pick<KeyObject, "asymmetricKeyType" | "asymmetricKeyDetails">): KeyAlgorithm | undefined => {
  if (type === "ec") {
    return details?.namedCurve === "prime256v1"
      ? "ecdsa"
      : details?.namedCurve === "secp384r1"
        ? "ecdsa-p384"
        : undefined;
  }
  const bits = type === "rsa" ? details?.modulusLength : undefined;
  return bits === 2048 ? "rsa" : bits === 3072 ? "rsa-3072" : bits === 4096 ? "rsa-4096" : undefined;
};
