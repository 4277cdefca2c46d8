// What verify found: one typed value, of which the text and the JSON document are twins.
import type { DomainFacts } from "../checks/check.ts";
import type { TlsaLookup } from "../dns/dns.ts";
import type { CertificateFacts } from "./certificate.ts";
import type { EntryPoint, Role } from "./entry-point.ts";
import type { Finding } from "./finding.ts";
import type { Slot } from "./keys.ts";
import type { Observation } from "./observation.ts";

export interface VerifiedEntry {
  readonly entry: EntryPoint;
  readonly role: Role;
  readonly observation: Observation;
  /** The kind of key that was asked for, where a certificate has two. */
  readonly slot?: Slot;
  /** As sent, leaf first. */
  readonly chain: readonly CertificateFacts[];
  readonly findings: readonly Finding[];
  /** Ids of the checks that judged it, in their order. What was not observed, they could not judge: see `observation.error`. */
  readonly checked: readonly string[];
  /** A guessed port where nobody listens: no failure. */
  readonly notOffered: boolean;
  /** No finding is a fault. */
  readonly ok: boolean;
}

/** No connection came about, and nobody takes that for a fault: neither well nor ill. */
export const unseen = ({ observation: { error }, ok }: VerifiedEntry): boolean => error?.stage === "connect" && ok;

/** A mail domain that was named (--mx, --srv), as DNS has it. */
export interface VerifiedDomain extends DomainFacts {
  /** Its MX hosts, with the TLSA records for their port; absent: nobody asked. */
  readonly hosts: readonly { readonly host: string; readonly tlsa?: TlsaLookup }[];
}

export interface VerifyResult {
  readonly startedAt: Date;
  readonly durationMs: number;
  readonly entries: readonly VerifiedEntry[];
  readonly domains: readonly VerifiedDomain[];
  /** About the whole: different leaves on different ports, a host where nothing answers. */
  readonly findings: readonly Finding[];
  /** Ids of the checks that judged the whole. */
  readonly checked: readonly string[];
  /** Hosts where nothing could be connected to: `findings` says it once for all their entry points. */
  readonly deadHosts: readonly string[];
  /** Something was seen, and no finding is a fault. */
  readonly ok: boolean;
}

/** Where nothing was looked at and nothing is said, nothing is known to be well either. */
export const sawSomething = ({ entries, findings }: Pick<VerifyResult, "entries" | "findings">): boolean =>
  findings.length > 0 || entries.some(({ notOffered }) => !notOffered);
