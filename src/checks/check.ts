// The seam for checks: pure judges of observations.
import type { CaaLookup, MxLookup, ServiceLookup, StsLookup, TlsaLookup } from "../dns/dns.ts";
import type { CertificateFacts } from "../domain/certificate.ts";
import type { Role } from "../domain/entry-point.ts";
import type { Finding, Severity } from "../domain/finding.ts";
import type { MailService } from "../domain/srv-records.ts";
import type { Meant } from "../domain/meant-target.ts";
import type { Observation } from "../domain/observation.ts";
import type { TrustPath } from "../domain/trust-path.ts";

/** Leaves that may be served. `live`: the live generation on this host; `given`: --expect. */
export interface ExpectedLeaves {
  readonly kind: "live" | "given";
  /** SHA-256, lower-case hex. */
  readonly leaves: readonly string[];
  /** In words: `generation 7 of mail.example.org`, a file name, a fingerprint. */
  readonly source: string;
}

/** What a server shows under another name than its own. */
export interface ServedTo {
  readonly leaf?: CertificateFacts;
  /** Why there was no handshake. */
  readonly error?: string;
}

/** A mail domain as its DNS and its policy host show it. What was not asked for is not there. */
export interface DomainFacts {
  readonly domain: string;
  /** --mx */
  readonly mx?: MxLookup;
  /** --mx */
  readonly sts?: StsLookup;
  /** --srv: every service that there is a label for. */
  readonly services?: readonly { readonly service: MailService; readonly lookup: ServiceLookup }[];
}

/** One entry point as a check sees it. */
export interface EntryFacts {
  readonly observation: Observation;
  readonly role: Role;
  /** The chain as sent, parsed, leaf first, up to the first certificate that cannot be read. Empty when there was no handshake, or the leaf cannot be read. */
  readonly chain: readonly CertificateFacts[];
  /** The way to the anchors, whatever the dates say; absent: OpenSSL accepted the chain, or there is none. */
  readonly path?: TrustPath;
  /** Ids of the checks of this run: what one of them says, another need not say; absent: all. */
  readonly chosen?: ReadonlySet<string>;
  /** SHA-256 (hex) of every leaf that may be served (live generation or --expect), with where it came from; undefined: no expectation. */
  readonly expected?: ExpectedLeaves;
  /** Named by URL, --entry or config, so that a refusal is a fault; a guessed usual port may be absent. */
  readonly demanded: boolean;
  /** The port was named and is the usual one of this instead: the scheme may be mistyped. */
  readonly meant?: Meant;
  /** This host's server says in its own configuration that there is no TLS there: with what setting, and what takes it back. */
  readonly tlsOff?: { readonly setting: string; readonly mend: string };
  /** TLSA records of this host and port; absent: nobody asked. */
  readonly tlsa?: TlsaLookup;
  /** CAA records of this host; absent: nobody asked. */
  readonly caa?: CaaLookup;
  /** Domains whose MX records name this host. */
  readonly mxOf?: readonly DomainFacts[];
  /** Domains whose SRV records name this host and port: mail programs know nothing else. */
  readonly serviceOf?: readonly string[];
  /** SHA-256 of roots that are trusted only because this host made them. */
  readonly ownRoots?: readonly string[];
  readonly now: Date;
  /** It was asked for the other kind of key too, and has none; absent: nobody asked (--full asks), or it has. */
  readonly onlyKind?: true;
  /** Without SNI, and with a name that no server knows; absent: nobody asked (--full asks). */
  readonly otherNames?: { readonly none?: ServedTo; readonly unknown?: ServedTo };
  /** The limits of --warn-days and --critical-days; undefined: shares of the lifetime. */
  readonly expiryDays?: { readonly warning: number; readonly fault: number };
}

interface CheckBase {
  /** Stable id, lower case (docs/checks.md). */
  readonly id: string;
  /** One line for docs and `explain`. */
  readonly summary: string;
  /** What people see in their programs when it fails; for `explain`. */
  readonly clients: string;
  /** What to set in the servers' own words; for `explain`. */
  readonly servers: string;
  /** RFC section or other source. */
  readonly reference: string;
  /** The worst severity by role, for docs/checks.md. */
  readonly severity: Readonly<Record<Role, Severity | "-">>;
}

/** Judges one entry point. */
export interface EntryCheck extends CheckBase {
  readonly scope: "entry";
  /** What it judges by is asked for with --full alone; elsewhere it is seen by chance at most. */
  readonly full?: true;
  /** It says why an entry point could not be looked at to the end: said whatever checks were chosen, for none of them could judge. */
  readonly obstacle?: true;
  /** There is something to judge by; default: always, also where nobody was reached. A report must not call passed what was not asked. */
  readonly applies?: (facts: EntryFacts) => boolean;
  /** No finding: nothing to say. MUST be pure. */
  judge(facts: EntryFacts): readonly Finding[];
  /** What is to be said once about all entry points of a run, under the same id. MUST be pure. */
  judgeAll?(all: readonly EntryFacts[]): readonly Finding[];
}

/** Judges all entry points of a run together. */
export interface RunCheck extends CheckBase {
  readonly scope: "run";
  judge(all: readonly EntryFacts[]): readonly Finding[];
}

/** Judges one mail domain. */
export interface DomainCheck extends CheckBase {
  readonly scope: "domain";
  /** It was asked what this is about. */
  applies(facts: DomainFacts): boolean;
  judge(facts: DomainFacts): readonly Finding[];
}

export type Check = EntryCheck | RunCheck | DomainCheck;
