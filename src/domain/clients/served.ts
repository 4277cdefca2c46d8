// What a client is shown and what was imported for it: the facts that the table of clients judges by.
import type { CertificateFacts } from "../certificate.ts";
import { issuedBy, sortChain } from "../chain.ts";

/** Who has to be trusted: nobody new, a private CA, or the certificate itself. */
export type Trust = "public" | "private-ca" | "self-signed";

export interface Served {
  /** As sent, leaf first; at least the leaf. */
  readonly chain: readonly CertificateFacts[];
  /** The root above it, whether or not it is sent; undefined: not known here. */
  readonly root?: CertificateFacts;
  readonly trust: Trust;
  /** What clients are configured with: host names, IP addresses. */
  readonly names: readonly string[];
  readonly now: Date;
}

/** The same, looked at once for all rules. */
export interface Path extends Served {
  readonly leaf: CertificateFacts;
  /** From the leaf to the root, in order; without the root where it is not known. */
  readonly path: readonly CertificateFacts[];
  /** The way from the leaf to the root has a gap: somebody's issuer is not sent. */
  readonly gap: boolean;
}

/** @throws Error for an empty chain, which is no chain. */
export const pathOf = (served: Served): Path => {
  const [leaf] = served.chain;
  if (leaf === undefined) throw new Error("a chain has a leaf");
  const { root } = served;
  const sorted = sortChain(root === undefined ? served.chain : [...served.chain, root], leaf);
  const last = sorted.at(-1) ?? leaf;
  // Without the root nobody can say whether what is sent reaches it; one that is no CA has signed all the same.
  const reaches = (top: CertificateFacts): boolean =>
    last.sha256 === top.sha256 || (top.isCa ? issuedBy(last, top) : last.issuer === top.subject);
  const gap = root !== undefined && !reaches(root);
  return { ...served, leaf, path: sorted, gap };
};
