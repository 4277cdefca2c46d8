// The seam for issuers: makes a certificate chain for a key that already exists.
import type { RenewalInfo } from "../domain/ari.ts";
import type { IssuerSettings } from "../domain/certificate-config.ts";
import type { Failure } from "../domain/failure.ts";
import type { KeyAlgorithm } from "../domain/keys.ts";
import type { UnmetWish } from "../domain/unmet-wish.ts";
import type { RevocationReason } from "../domain/revocation.ts";
import type { SubjectKey } from "../domain/subject-key.ts";

interface IssueTerms<Settings extends IssuerSettings> {
  /** Validated names (domain/names.ts), the main one first. */
  readonly names: readonly string[];
  readonly algorithm: KeyAlgorithm;
  readonly settings: Settings;
  readonly now: Date;
  /** Ends every exchange when it fires. */
  readonly signal: AbortSignal;
  /** One line for `--verbose`; never a secret. */
  readonly step: (what: string) => void;
  /** Writes down a change to this host, or to DNS, that outlives the issuance: before it is made. Absent: nobody keeps a log. */
  readonly record?: (change: { readonly what: string; readonly undo: string }) => Promise<void>;
  /** The certificate that this one comes after: PEM of its leaf, the ACME account that it was issued to, and whether the CA asked for its renewal by now (RFC 9773). */
  readonly replaces?: { readonly leaf: string; readonly account: string; readonly inWindow: boolean };
  /** SHA-256 of leaves that are kept here already. Given: the caller keeps the next one, too, and what a killed run was issued is to be found again. */
  readonly staged?: readonly string[];
  /** The last attempt failed for a reason that a CA's test instance would show as well: try it there first, where there is one. */
  readonly rehearse?: boolean;
}

/** Whose key is to be certified, under which names. */
export type IssueRequest<Settings extends IssuerSettings = IssuerSettings> = IssueTerms<Settings> & SubjectKey;

export interface RenewalInfoRequest<Settings extends IssuerSettings = IssuerSettings> {
  /** PEM of the leaf that it is about. */
  readonly leaf: string;
  readonly settings: Settings;
  readonly signal: AbortSignal;
  readonly step: (what: string) => void;
}

export interface InspectRequest<Settings extends IssuerSettings = IssuerSettings> {
  /** What would be ordered. */
  readonly names: readonly string[];
  /** With `thoroughly`: the order would be exempt from rate limits. */
  readonly exempt?: boolean;
  readonly settings: Settings;
  readonly signal: AbortSignal;
  readonly step: (what: string) => void;
  /** Ask the CA about the account, too; else what is on this host says it. */
  readonly thoroughly: boolean;
}

export interface RevokeRequest<Settings extends IssuerSettings = IssuerSettings> {
  /** PEM. */
  readonly leaf: string;
  /** By the account that it was issued to, or by its own key (RFC 8555 §7.6), which CAs then take for compromised. */
  readonly by: "account" | "certificate-key";
  /** PKCS#8 PEM of its own key, where that signs. MUST NOT leave this process. */
  readonly privateKey?: string;
  /** URL of the account that it was issued to; undefined: not known, the one in use is tried. */
  readonly account?: string;
  readonly reason: RevocationReason;
  readonly settings: Settings;
  readonly signal: AbortSignal;
  readonly step: (what: string) => void;
}

/** What an ACME CA says of itself and of our account, before anything is spent. */
export interface CaFacts {
  /** The names that CAA records call it by; empty: it says none. */
  readonly identities: readonly string[];
  /** URL of our account; undefined: one would be registered. */
  readonly account?: string;
  /** The CA's clock minus ours, in milliseconds. */
  readonly clockAheadMs?: number;
  /** Why no certificate can be had with the account, or without one. */
  readonly accountTrouble?: Failure;
  /** The rate limit, for people, that keeps an order from being placed before `retryAt`. */
  readonly exhausted?: { readonly what: string; readonly retryAt: Date };
}

export interface IssuedChain {
  /** PEM of the leaf. Its public key MUST be that of the request. */
  readonly leaf: string;
  /** PEM of each issuing certificate, in order, leaf's issuer first. The private CA includes its root (DANE-TA needs it served). */
  readonly chain: readonly string[];
  /** PEM of the root that clients import, when a private CA signed. */
  readonly root?: string;
  /** URL of the ACME account that it was issued to. */
  readonly account?: string;
  /** What was made on the way that a person should know, one sentence each; never a secret. */
  readonly notes?: readonly string[];
  /** What was asked for and not given. */
  readonly unmet?: readonly UnmetWish[];
}

/** Other certificates of the configuration that the same authority is to certify. */
export interface Company<Settings extends IssuerSettings = IssuerSettings> {
  /** The one that it is to certify first: an authority that is not there yet is made for that. */
  readonly first?: { readonly names: readonly string[]; readonly settings: Settings };
  /** The names of all others, asked for when a refusal has to say what would suit everybody. */
  readonly others?: () => Promise<readonly string[]>;
}

/**
 * - MUST refuse names that it cannot certify before spending anything (Failure `data`, saying which and why).
 * - MUST leave state that a later run can continue from when killed at any instant.
 * - A "later" from the CA is Failure `try-later` with `facts.retryAt` (ISO date), never a long sleep.
 */
export interface Issuer<Settings extends IssuerSettings = IssuerSettings> {
  /** Why a name cannot be certified by this issuer with these settings, or undefined. Pure and quick; needs no network. */
  refuses(name: string, settings: Settings): string | undefined;
  /**
   * Throws what `issue` would throw for these names by what is on this host already; makes nothing, so that a dry run can say it.
   * Returns what `issue` would make on the way for a person to know (a private CA), one sentence each.
   * MUST be quick and need no network. Absent: `refuses` says all.
   */
  check?(names: readonly string[], settings: Settings, company?: Company<Settings>): Promise<readonly string[]>;
  issue(request: IssueRequest<Settings>): Promise<IssuedChain>;
  /**
   * When the CA would like this leaf to be renewed (RFC 9773). MUST NOT fail for anything that the CA or the network does: that is an answer, too.
   * MUST share what it can (directory, connection) between the calls on one issuer, and be quick where the CA does not answer. Absent: it never says.
   */
  renewalInfo?(request: RenewalInfoRequest<Settings>): Promise<RenewalInfo>;
  /** Makes nothing, neither here nor at the CA. @throws Failure where the CA cannot be reached. Absent: there is nothing to know. */
  inspect?(request: InspectRequest<Settings>): Promise<CaFacts>;
  /** `already`: it was revoked before, which is as good. The caller holds the lock. Absent: what it issues cannot be revoked. */
  revoke?(request: RevokeRequest<Settings>): Promise<"revoked" | "already">;
}
