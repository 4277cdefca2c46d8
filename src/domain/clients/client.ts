// The shape of the table of clients: what each one is, what it trusts, what is imported for it, and its rules.
import type { BundleFormat } from "../bundle-formats.ts";
import type { CauseId } from "./causes.ts";

/**
 * `accepts`: without a word, after the import where one is named. `asks`: a person can go on in a dialog.
 * `refuses`: not as it is served now. `never`: whatever is imported.
 */
export type Verdict = "accepts" | "asks" | "refuses" | "never";

export interface Rule {
  readonly cause: CauseId;
  readonly verdict: Exclude<Verdict, "accepts">;
  /** What it says or does, in its own words where they are known. */
  readonly says: string;
  /** A document of its makers, an RFC, a report; `lab`: seen in the test. */
  readonly source: string;
}

export interface Import {
  readonly format: Extract<BundleFormat, "pem" | "der" | "mobileconfig">;
  /** Where to click, or what to run. */
  readonly how: string;
}

export interface Client {
  readonly id: string;
  readonly name: string;
  readonly versions: string;
  /** `program`: for people who edit files. `browser`: for webmail and pages that show the same certificate. */
  readonly kind: "desktop" | "phone" | "cloud" | "program" | "browser";
  /** Whose list of roots it goes by. */
  readonly store: string;
  /** The file that makes it trust a private CA, and how; absent: there is none. */
  readonly imports?: Import;
  /** The same for a self-signed certificate that is no CA; absent: it cannot be imported. */
  readonly importsLeaf?: Import;
  readonly rules: readonly Rule[];
}
