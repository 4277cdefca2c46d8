// The seam for client-import files: pure, the same material gives the same files.
import type { AccountEntry, MailAccount } from "../domain/mail-account.ts";

export interface BundleMaterial {
  /** PEM of the root (private CA) that verifies what is served, or of the self-signed leaf; undefined for a publicly trusted certificate. */
  readonly root: string | undefined;
  /** PEM of the CA's present root, where what is served is still by the one before (`root`): from a rotation to the next renewal. */
  readonly newerRoot?: string;
  /** PEM of roots of the same CA from before `root`, newest first: after a rotation, until they end. */
  readonly olderRoots: readonly string[];
  /** PEM of what is served behind the leaf, in that order; whether the root is among it differs. */
  readonly chain: readonly string[];
  /** PEM of the leaf that is served. */
  readonly leaf: string;
  readonly names: readonly string[];
  /** The mail host's main name. */
  readonly host: string;
  /** Entry points of accounts that were proven the last time, the preferred ones first: TLS at once before STARTTLS, IMAP before POP3. */
  readonly entries: readonly AccountEntry[];
  /** The same as one account; absent: no host name to connect to, or no domain for its addresses. */
  readonly account?: MailAccount;
  /** Files that the formats before this one in the registry made in this run, or that lie in the folder just as they would make them. */
  readonly files: readonly Pick<BundleFile, "path">[];
  /** Where the folder is published: an https URL that ends in a slash or in a file's name; absent: nobody said. */
  readonly url?: string;
  /** 32 random bytes handed in; the same bytes give the same files. */
  readonly random: Uint8Array;
  readonly now: Date;
}

export interface BundleFile {
  readonly path: string;
  readonly content: string | Uint8Array;
  readonly summary: string;
  /** An Apple profile: the use case puts a CMS signature around it where `sign_profile` says so. Formats never see a key. */
  readonly profile?: true;
}

/** MUST NOT emit a private key. Empty when the format makes no sense for the material (no root to import). */
export type Bundle = (
  material: BundleMaterial,
  render: (template: string, view: object) => string,
) => readonly BundleFile[];
