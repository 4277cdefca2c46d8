// What does not go with a request that was made elsewhere (csr): mailcert has no key to serve, to renew or to choose.
import type { CertificateConfig } from "./certificate-config.ts";

export interface CsrConflict {
  /** One sentence's end: "csr goes with ...". */
  readonly message: string;
  readonly hint: string;
}

/** undefined where all goes together, or there is no csr. */
export const csrConflict = ({
  csr,
  issuer,
  keys,
  reuseKey,
  onDeadName,
  servers,
  files,
}: Pick<CertificateConfig, "csr" | "issuer" | "keys" | "reuseKey" | "onDeadName" | "servers" | "files">):
  CsrConflict | undefined => {
  if (csr === undefined) return undefined;
  if (issuer.kind !== "acme")
    return { message: "csr goes with an ACME issuer only", hint: "name one: issuer: letsencrypt" };
  if (servers === "auto" || servers.length > 0)
    return {
      message: "csr goes with servers: none only: mailcert does not have the key that a mail server would need",
      hint: "write servers: none, and let what has the key read live/<ecdsa|rsa>/fullchain.pem; a key on this host is taken with mailcert setup NAME --adopt-key FILE instead",
    };
  if (files !== undefined)
    return {
      message: "csr and files do not go together: mailcert does not have the key",
      hint: "let what has the key read live/<ecdsa|rsa>/fullchain.pem",
    };
  if (keys.length !== 1) return { message: "csr has one key", hint: "write the one that it has: key: ecdsa" };
  if (!reuseKey)
    return {
      message: "csr and reuse_key: false do not go together",
      hint: "a new key takes a new request: replace the file",
    };
  if (onDeadName === "drop")
    return {
      message: "csr and on_dead_name: drop do not go together",
      hint: "a request's names cannot be changed here: write on_dead_name: fail",
    };
  return undefined;
};
