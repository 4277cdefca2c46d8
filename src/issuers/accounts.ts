// The seam for accounts at ACME CAs (RFC 8555 §7.3): listed from disk, asked about and changed at the CA. No key leaves the room behind it.
import type { AcmeSettings } from "../domain/certificate-config.ts";

/** An account as it lies on disk. */
export interface KnownAccount {
  readonly folder: string;
  /** Name of its CA's folder; for people where the directory is not known. */
  readonly ca: string;
  /** Absent where the key still waits for its account (a registration that did not get that far), and where there is `trouble`. */
  readonly registered?: {
    readonly url: string;
    readonly directory: string;
    readonly email?: string;
    /** ISO dates. */
    readonly createdAt: string;
    readonly termsOfService?: string;
    readonly tosAgreedAt?: string;
    readonly deactivatedAt?: string;
  };
  /** Orders at its CA are placed with it. */
  readonly inUse: boolean;
  /** A rollover was begun, and its end is not known here. */
  readonly unfinishedRollover: boolean;
  /** It cannot be read: nothing is ordered at this CA. */
  readonly trouble?: { readonly message: string; readonly hints: readonly string[] };
}

/** The account as the CA has it. */
export interface AccountAtCa {
  /** `valid`, `deactivated`, `revoked` (RFC 8555 §7.1.6). */
  readonly status: string;
  /** `mailto:` URLs and the like; empty: none. */
  readonly contact: readonly string[];
  /** The names that CAA records call the CA by; empty: it says none. */
  readonly identities: readonly string[];
}

/** What CA is meant, and how long it may take to answer. */
export interface AccountRequest {
  readonly settings: AcmeSettings;
  /** Ends every exchange when it fires. */
  readonly signal: AbortSignal;
  /** One line for `--verbose`; never a secret. */
  readonly step: (what: string) => void;
}

/** What would be agreed to, before it is. */
export interface Terms {
  readonly termsOfService?: string;
  readonly externalAccountRequired: boolean;
}

/**
 * - Every method but `list`, `ask` and `terms` changes something: the caller holds the lock.
 * - MUST leave state that a later run can continue from when killed at any instant.
 * - `update`, `rollOver` and `deactivate` throw Failure `config` where no account is registered, or it was deactivated.
 */
export interface Accounts {
  list(): Promise<readonly KnownAccount[]>;
  /** POST-as-GET of the account (RFC 8555 §7.3.3). Changes nothing. @throws Failure where the CA does not know it or cannot be reached. */
  ask(folder: string, request: AccountRequest): Promise<AccountAtCa>;
  terms(request: AccountRequest): Promise<Terms>;
  /** `present`: there is one already. `replaced`: URL of one that the CA says was deactivated, and that is marked so now. */
  register(request: AccountRequest): Promise<{
    readonly outcome: "registered" | "present";
    readonly account: KnownAccount;
    readonly replaced?: string;
  }>;
  /** `email` undefined takes the address away. */
  update(email: string | undefined, request: AccountRequest): Promise<KnownAccount>;
  /** RFC 8555 §7.3.5. `finished`: the CA had taken the new key of an earlier run. */
  rollOver(
    request: AccountRequest,
  ): Promise<{ readonly outcome: "rolled-over" | "finished"; readonly account: KnownAccount }>;
  /** RFC 8555 §7.3.6. The record is marked, the key stays. */
  deactivate(request: AccountRequest): Promise<KnownAccount>;
}
