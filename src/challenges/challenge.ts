// The seam for ACME challenges: publish one token, take it away again.
import type { Authoritative } from "../dns/authoritative.ts";
import type { DnsUpdater } from "../dns/updaters/updater.ts";
import type { AcmeSettings } from "../domain/certificate-config.ts";
import type { ChallengeJournal } from "./journal.ts";

export interface ChallengeToken {
  /** DNS name or IP address being validated (A-label). */
  readonly identifier: string;
  /** RFC 8555 §8.3 token. */
  readonly token: string;
  /** RFC 8555 §8.1 key authorization. */
  readonly keyAuthorization: string;
  /** dns-persist-01, which has no token: the names by which the CA is known in DNS, and the account as the record must name it. */
  readonly issuerDomainNames?: readonly string[];
  readonly accountUri?: string;
}

/**
 * - `present` MUST return once the CA may look, or reject; it MUST serve nothing but its own tokens.
 * - `cleanUp` is called once for each `present`, also when that failed half-way, and MUST be safe to repeat.
 */
export interface Challenge {
  /** ACME challenge type, e.g. `http-01`. */
  readonly type: string;
  /** The folder of the web server that answers the CA, where we do not ourselves. */
  readonly webroot?: string;
  present(token: ChallengeToken, signal: AbortSignal): Promise<void>;
  cleanUp(token: ChallengeToken): Promise<void>;
}

/** An updater as `secrets/NAME.yaml` sets it up. */
export interface ConfiguredUpdater extends DnsUpdater {
  /** Milliseconds in which every authoritative server must show a change. */
  readonly propagationMs: number;
}

/** What the program hands to every challenge of a run. */
export interface ChallengeWorld {
  /** Fresh random octets. */
  readonly random: (size: number) => Uint8Array;
  readonly authoritative: () => Promise<Authoritative>;
  /** By its settings in `secrets/NAME.yaml`. @throws Failure `config` where they are missing or wrong. */
  readonly updater: (name: string) => Promise<ConfiguredUpdater>;
  readonly journal: ChallengeJournal;
}

/** A record that stays in DNS when the issuance has ended, in the words of a zone file, and the zone. */
export interface StandingRecord {
  readonly record: string;
  readonly zone: string;
  /** Whose settings published it. */
  readonly updater: string;
}

/** What a challenge may need. */
export interface ChallengeDeps extends ChallengeWorld {
  /** MUST be called before such a record is published: people are told of it, and how to take it back. */
  readonly standing: (record: StandingRecord) => Promise<void>;
  readonly now: () => Date;
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** Milliseconds of a clock that never goes back. */
  readonly elapsed: () => number;
  readonly step: (what: string) => void;
  /** One sentence for people, shown with what was issued. */
  readonly note: (sentence: string) => void;
  /** The ACME account's URL (RFC 8555 §7.1.2). */
  readonly accountUrl: string;
  /** Names by which CAA records call the CA (`caaIdentities` of its directory); empty: it says none. */
  readonly caaIdentities: readonly string[];
  /** All that is ordered, wildcards with `*.`. */
  readonly names: readonly string[];
}

/** Makes the challenge for one issuance; MUST NOT touch the host before `present`. */
export type ChallengeFactory = (settings: AcmeSettings, deps: ChallengeDeps) => Challenge;

/** One line of the registry in `index.ts`. */
export interface ChallengeEntry {
  /** One line for help and docs. */
  readonly summary: string;
  /** Why this kind of proof cannot be given for a name, or undefined. Pure. */
  refuses(name: string): string | undefined;
  load(): Promise<ChallengeFactory>;
}
