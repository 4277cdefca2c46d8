// The seam of importers: what another ACME client keeps on this host, read and never changed.
import type { AcmeSettings } from "../domain/certificate-config.ts";
import type { KeyAlgorithm } from "../domain/keys.ts";
import type { ForeignFiles } from "./files.ts";

/** An account at a CA, with the key that it is known by. */
export interface ForeignAccount {
  /** The file that says its URL. */
  readonly path: string;
  readonly directory: string;
  readonly url: string;
  readonly email?: string;
  /** PKCS#8 PEM: RSA, or ECDSA on P-256, P-384 or P-521. */
  readonly key: string;
}

/** What of its settings has a counterpart here; absent ones are left to mailcert's defaults. */
export type ForeignSettings = Partial<
  Pick<AcmeSettings, "challenges" | "webroot" | "httpAddress" | "dns" | "profiles" | "preferredChain">
> & { readonly reuseKey?: boolean };

/** A certificate with its key, whole and valid: the key belongs to the leaf, the chain certifies it. */
export interface Lineage {
  /** The client's own word for it; what `import --name` takes. */
  readonly name: string;
  readonly directory: string;
  /** URL of the account that it is renewed with, where that is known. */
  readonly account?: string;
  /** Canonical, the main one first. */
  readonly names: readonly string[];
  readonly algorithm: KeyAlgorithm;
  /** PKCS#8 PEM. */
  readonly privateKey: string;
  /** PEM. */
  readonly leaf: string;
  /** PEM, without the root. */
  readonly chain: readonly string[];
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly settings: ForeignSettings;
  /** A sentence for each of its settings that has no counterpart. */
  readonly notTranslated: readonly string[];
}

export interface Inventory {
  /** Newest first where a directory has several. */
  readonly accounts: readonly ForeignAccount[];
  readonly lineages: readonly Lineage[];
  /** Its own words for all that it renews: also what cannot come along. */
  readonly renewed: readonly string[];
  /** A sentence for whatever else was found and cannot come along. */
  readonly notTranslated: readonly string[];
}

export interface ReadRequest {
  readonly folder: string;
  readonly files: ForeignFiles;
  readonly now: Date;
  /** The ACME directory, for clients that do not write it down. */
  readonly directory?: string;
}

/**
 * - MUST read through `files` alone (they refuse what others than root could have written), change nothing and run nothing of the client's.
 * - MUST name what is broken, expired or of a kind that mailcert has no place for, and go on with the rest.
 * - MUST NOT put a hook's text, a token or a key into a sentence: it says which setting of which file.
 */
export interface Importer {
  /** Where it keeps its files, in the order in which they are looked for. */
  readonly folders: (places: { readonly home: string; readonly cwd: string | undefined }) => readonly string[];
  /** Entries of such a folder, one of which is there where the client was used. */
  readonly marks: readonly string[];
  /** What runs it: names of systemd timers, and what a line of a crontab that calls it looks like. */
  readonly timers: readonly string[];
  readonly cronLine: RegExp;
  read(request: ReadRequest): Promise<Inventory>;
  /** How to keep it from renewing one lineage while it goes on with others. */
  readonly withoutLineage: (folder: string, lineage: string) => string;
}
