// What import is asked for, and what came of it.
import type { ImportClient } from "../domain/import-clients.ts";
import type { ForeignSchedule } from "../importers/schedules.ts";
import type { Adoption } from "../issuers/acme/adopt-account.ts";
import type { GenerationRecord, Stage } from "../store/store.ts";
import type { ImportedLeaf } from "./import-generation.ts";

export interface ImportOptions {
  readonly client: ImportClient;
  /** Absolute; undefined: where the client usually keeps its files. */
  readonly folder?: string;
  /** Lineages, or certificates' first names; none: the only one there is. */
  readonly names: readonly string[];
  /** The ACME directory, for clients that do not write it down. */
  readonly directory?: string;
  readonly caFile?: string;
  readonly dryRun: boolean;
}

export interface ImportedAccount {
  readonly path: string;
  readonly directory: string;
  readonly url: string;
  readonly email?: string;
  /** `other`: mailcert has an account of its own at this CA, `ours`; it stays in use. */
  readonly outcome: Adoption["outcome"];
  readonly ours?: string;
}

export interface ImportedCertificate {
  readonly certificate: string;
  readonly names: readonly string[];
  readonly lineages: readonly string[];
  readonly leaves: readonly ImportedLeaf[];
  /** ISO date. */
  readonly notAfter: string;
  /** `present`: nothing was left to do. `kept`: mailcert has another certificate for it, which stays. */
  readonly outcome: "imported" | "present" | "kept";
  /** Absent in a dry run, and where another is kept. */
  readonly generation?: GenerationRecord;
  /** How far it got; absent in a dry run, and where another is kept. */
  readonly stage?: Stage;
  /** Whether it is deployed to the mail servers found on this host, or to none. */
  readonly servers: "auto" | "none" | readonly string[];
  readonly configChanged: boolean;
  /** How to keep the other client from renewing it, where that one goes on with others. */
  readonly withoutIt: readonly string[];
}

export interface ImportResult {
  readonly client: ImportClient;
  readonly folder: string;
  readonly dryRun: boolean;
  readonly config: string;
  readonly accounts: readonly ImportedAccount[];
  readonly certificates: readonly ImportedCertificate[];
  readonly notTranslated: readonly string[];
  /** Lineages that the client keeps, because nobody asked for them or because they cannot come along. */
  readonly left: readonly string[];
  readonly schedules: readonly ForeignSchedule[];
}
