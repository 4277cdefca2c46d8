// Key algorithms and slots: which keys a certificate may have and where each one lives.

/** One of a certificate's key algorithms; both slots live and switch together. */
export type Slot = "ecdsa" | "rsa";

/** What `--key` and the config's `key:` accept. `ecdsa` is P-256, `rsa` is 2048 bits. */
export type KeyAlgorithm = "ecdsa" | "ecdsa-p384" | "rsa" | "rsa-3072" | "rsa-4096";

export const keyAlgorithms: readonly KeyAlgorithm[] = ["ecdsa", "ecdsa-p384", "rsa", "rsa-3072", "rsa-4096"];

export const slotOf = (algorithm: KeyAlgorithm): Slot => (algorithm.startsWith("rsa") ? "rsa" : "ecdsa");

export const isKeyAlgorithm = (text: string): text is KeyAlgorithm =>
  (keyAlgorithms as readonly string[]).includes(text);
