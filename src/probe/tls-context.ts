// SecureContexts: one for each set of anchors and kind of key asked for, made once a run (0.6 ms each with a private CA, far more with 140 roots).
import { type SecureContext, createSecureContext } from "node:tls";
import type { Slot } from "../domain/keys.ts";

// Strict lists: a server with both kinds of certificate answers with the one that can sign with these.
const signatures: Readonly<Record<Slot, string>> = {
  ecdsa: "ecdsa_secp256r1_sha256:ecdsa_secp384r1_sha384:ecdsa_secp521r1_sha512",
  rsa: "rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512:RSA+SHA256:RSA+SHA384:RSA+SHA512",
};

/** Groups whose key shares fit into one packet, for servers that choke on a ClientHello of 1.5 kB. */
const smallGroups = "X25519:P-256:P-384";

interface ContextChoice {
  readonly slot: Slot | undefined;
  readonly smallHello: boolean;
  /** Offer nothing newer. */
  readonly upTo?: "TLSv1.2" | undefined;
}

export type TlsContexts = (anchors: readonly string[], choice: ContextChoice) => SecureContext;

export const createTlsContexts = (): TlsContexts => {
  const cache = new WeakMap<readonly string[], Map<string, SecureContext>>();
  return (anchors, { slot, smallHello, upTo }) => {
    const known = cache.get(anchors) ?? new Map<string, SecureContext>();
    cache.set(anchors, known);
    const key = `${slot ?? "any"} ${smallHello} ${upTo ?? "any"}`;
    const context =
      known.get(key) ??
      createSecureContext({
        ca: [...anchors],
        ...(slot === undefined ? {} : { sigalgs: signatures[slot] }),
        ...(smallHello ? { ecdhCurve: smallGroups } : {}),
        ...(upTo === undefined ? {} : { maxVersion: upTo }),
      });
    known.set(key, context);
    return context;
  };
};

/** Whether this Node's usual ClientHello carries an ML-KEM key share (OpenSSL 3.5 and later) and may be too large for some servers. */
export const sendsLargeHello = (): boolean => {
  try {
    createSecureContext({ ecdhCurve: "X25519MLKEM768" });
    return true;
  } catch {
    return false;
  }
};
