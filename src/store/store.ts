// The seam of the state folder: certificates with their generations, keys, state and events, and the lock. design.md §4 is its layout.
import type { RenewalAdvice } from "../domain/ari.ts";
import type { CaFailure } from "../domain/ca-failures.ts";
import type { DaneMemory } from "../domain/dane-memory.ts";
import type { IssuerKind } from "../domain/certificate-config.ts";
import type { Finding } from "../domain/finding.ts";
import type { HookEvent } from "../domain/hook.ts";
import type { KeyAlgorithm, Slot } from "../domain/keys.ts";
import type { Places } from "../domain/places.ts";
import type { UnmetWish } from "../domain/unmet-wish.ts";
import type { PendingRevocation, RevocationReason } from "../domain/revocation.ts";
import type { Entry } from "../domain/setup-command.ts";
import type { Baseline, Verdict } from "../domain/verdict.ts";
import type { Change, SlotPaths } from "../servers/server.ts";

/** The last step that was completed for the target generation. */
export type Stage = "staged" | "switched" | "reloaded" | "verified";

export interface LeafRecord {
  readonly sha256: string;
  readonly spkiSha256: string;
  /** Absent: somebody else keeps it, and sent a request (CSR). */
  readonly key?: string;
  readonly algorithm: KeyAlgorithm;
}

export interface GenerationRecord {
  readonly number: number;
  readonly names: readonly string[];
  readonly issuer: IssuerKind;
  /** The CA's own word for itself: its directory URL, or the private CA's name. */
  readonly authority: string;
  /** URL of the ACME account that it was issued to. */
  readonly account?: string;
  /** The configuration's entry that it was made by, as `setup` would write it; no secret. Absent: an older mailcert made it. */
  readonly entry?: Entry;
  /** Names of the configuration that were left out, because they did not resolve. */
  readonly dropped?: readonly string[];
  /** What the CA was asked for and did not give. */
  readonly unmet?: readonly UnmetWish[];
  /** ISO dates. */
  readonly createdAt: string;
  readonly notBefore: string;
  readonly notAfter: string;
  /** By slot: fingerprints of the leaf, and the key's id in `keys/<slot>/`. */
  readonly leaves: Readonly<Partial<Record<Slot, LeafRecord>>>;
  /** Why it must never be served again. */
  readonly failed?: string;
  /** Its CA has revoked it: never served again either. */
  readonly revoked?: { readonly at: string; readonly reason: RevocationReason };
  /** Its CA was asked to revoke it, and the answer is not here: taken for revoked. */
  readonly revoking?: { readonly at: string; readonly reason: RevocationReason };
}

export interface KeyRecord {
  /** The key of the generation that is live. */
  readonly current?: string;
  /** Made for a certificate that is not live yet. */
  readonly next?: string;
  readonly old: readonly string[];
}

export interface EntryRecord {
  readonly url: string;
  readonly address: string;
  /** Absent: an older mailcert wrote it. */
  readonly slot?: Slot;
  readonly verdict: Verdict;
  /** SHA-256 of the leaf that was served, hex. */
  readonly leaf?: string;
  readonly message?: string;
}

export interface DeploymentRecord {
  readonly server: string;
  readonly generation: number;
  readonly at: string;
  /** To clients that ask for its names only: another certificate is everybody else's there. */
  readonly byName?: true;
  /** To everybody at these entry points only. */
  readonly places?: Places;
  /** Of copies: a fingerprint of the entry of `files:` that they were made by (domain/file-target.ts). */
  readonly target?: string;
  /** Of a server that did not run: ISO date at which it was last seen to serve this certificate. */
  readonly lastServed?: string;
  /** It could not be given its settings, or not be reloaded: the next run does it. */
  readonly unsettled?: true;
  readonly entries: readonly EntryRecord[];
}

/** A hook that is to run, or did not succeed: the next run runs it. */
export interface OwedHook {
  /** What its deployment makes live; absent where nothing was issued. */
  readonly generation?: number;
  /** ISO date. */
  readonly since: string;
  /** How often it was begun. */
  readonly attempts: number;
  /** Why, the last time. */
  readonly message?: string;
  /** Of the document that it reads: what was found then. */
  readonly told?: {
    readonly outcome: string;
    readonly servers: readonly HookServer[];
    readonly findings: readonly Finding[];
    readonly error?: { readonly kind: string; readonly message: string; readonly hints: readonly string[] };
  };
}

/** A server as hooks are told of it. */
export interface HookServer {
  readonly id: string;
  readonly server: string;
  readonly running: boolean;
  readonly reloaded: boolean;
}

export interface CertificateState {
  readonly schema: "mailcert.state/1";
  /** Version of the mailcert that wrote the file. Absent: before that was written down. */
  readonly writtenBy?: string;
  readonly name: string;
  readonly generations: readonly GenerationRecord[];
  readonly keys: Readonly<Partial<Record<Slot, KeyRecord>>>;
  /** Keys that are never certified again, compromised ones: SHA-256 of their SubjectPublicKeyInfo, hex. */
  readonly retired?: readonly string[];
  /** Revocations of other generations that were not done when `revocation` was asked for, the last one first. */
  readonly earlierRevocations?: readonly PendingRevocation[];
  /** A revocation that is not done yet. */
  readonly revocation?: PendingRevocation;
  /** Where secure TLSA records were seen, and which key waits for one. */
  readonly dane?: DaneMemory;
  /** The generation that is to be served; absent before the first issue. */
  readonly target?: number;
  readonly stage?: Stage;
  /** What each entry point did before the switch to `target`, so that a resumed run can tell broken from never worked. */
  readonly baseline?: readonly ({ readonly url: string; readonly address: string; readonly slot: Slot } & Baseline)[];
  /** Taken out of the servers by `deploy --remove`: timer runs renew it and leave the servers alone. */
  readonly parked?: boolean;
  /** Ids of installations that it was taken out of and that have not read that yet. */
  readonly unread?: readonly string[];
  /** By installation id. */
  readonly deployments: Readonly<Record<string, DeploymentRecord>>;
  /** Hooks that are not done. */
  readonly hooks?: Readonly<Partial<Record<HookEvent, OwedHook>>>;
  /** The group that may read the private keys, where a server reads them as its own user; absent: root alone. */
  readonly keyGroup?: string;
  /** Failed attempts in a row at what is due (issue or deploy). */
  readonly attempts: number;
  /** When the CA would like to see it renewed. */
  readonly ari?: RenewalAdvice;
  /** By directory URL, where several CAs are configured: what the last attempt there failed at. */
  readonly caFailures?: Readonly<Record<string, CaFailure>>;
  /** ISO date at which names that had been left out were last looked at. */
  readonly droppedSeen?: string;
  /** ISO date before which no timer run tries again. */
  readonly nextAttempt?: string;
  readonly lastError?: {
    readonly at: string;
    readonly what: "issue" | "deploy";
    /** Names, keys and CA that were asked for. */
    readonly wanted?: string;
    /** Of the whole entry and the files that it names: another wish does not wait for this one's next attempt. */
    readonly fingerprint?: string;
    /** Nothing was due (`renew --force`, a `setup` that would have changed something): no attempt is owed, and none is counted. */
    readonly notDue?: boolean;
    /** What was asked for, where no entry of the configuration says it: a first `setup` that failed. */
    readonly entry?: Entry;
    readonly message: string;
    /** What to do about it, as it was said then. */
    readonly hints?: readonly string[];
    readonly facts?: Readonly<Record<string, unknown>>;
  };
}

/** One line of events.jsonl: a change made to this host. */
export interface HostEvent {
  /** ISO date. */
  readonly at: string;
  readonly run: string;
  readonly command: string;
  readonly certificate?: string;
  /** What was done, one sentence. */
  readonly what: string;
  /** How to take it back, one sentence or command. */
  readonly undo?: string;
  /** A server's setting that was changed, with what stood there before. */
  readonly change?: { readonly server: string; readonly installation: string; readonly change: Change };
  /** Takes back the change of an earlier event. */
  readonly reverts?: boolean;
  /** The change is one of TLS policy: it goes without the certificate's settings. */
  readonly policy?: true;
}

/** What everybody may read of a slot. */
export interface PublicSlot {
  readonly leaf: string;
  readonly chain: readonly string[];
}

/** With its key (PEM), or with the request (PEM) that somebody else's key signed. */
export type StagedSlot = PublicSlot &
  (
    | { readonly privateKey: string; readonly request?: undefined }
    | { readonly privateKey?: undefined; readonly request: string }
  );

export interface Exposed {
  readonly path: string;
  readonly kind: "key" | "folder";
  /** The permission bits. */
  readonly mode: number;
}

export interface Lock {
  /** The run before was killed, or lost power: it did not release the lock, and may have left temporary files. */
  readonly cutShort: boolean;
  release(): void;
}

/**
 * - Every write is atomic; `kill -9` at any instant leaves a working pair behind `live` and loses no key.
 * - MUST NOT write a private key into anything but 0600 files.
 */
export interface Store {
  readonly dir: string;
  /** @throws Failure `try-later` naming the holder (pid and command) when another run holds it. Makes the state folder when missing. */
  lock(command: string): Promise<Lock>;
  /**
   * Removes what runs that are no more left: temporary files, of which one can be the copy of a key, and generations that no state knows.
   * The caller holds the lock.
   */
  clearLeftovers(): Promise<void>;
  /** Removes generations that the state has not come to know, for the run was killed in between. */
  dropUnrecorded(name: string, recorded: readonly number[]): Promise<void>;
  /** Names of all certificates with a folder. */
  list(): string[];
  /** @throws Failure `config` for a newer schema, `data` for a damaged file. */
  read(name: string): CertificateState | undefined;
  write(state: CertificateState): Promise<void>;
  /** Adds a key to the append-only `keys/<slot>/`; returns its id. */
  addKey(name: string, slot: Slot, privateKey: string): Promise<string>;
  readKey(name: string, slot: Slot, id: string): Promise<string>;
  /** Writes a complete generation under the next free number above `above` (a number is never used again) and returns the number. */
  stage(
    name: string,
    slots: Readonly<Partial<Record<Slot, StagedSlot>>>,
    above: number,
    /** Slots of an earlier generation to carry along: the servers' settings may still name their files. */
    carry?: { readonly from: number; readonly slots: readonly Slot[] },
  ): Promise<number>;
  /** Slots that a generation has files for, those carried along included. */
  slotsIn(name: string, number: number): readonly Slot[];
  /** Certificates of a generation's own slots, without the keys, which are root's alone. */
  readCertificates(name: string, number: number): Promise<Partial<Record<Slot, PublicSlot>>>;
  /** PEM texts of a generation's own slots. */
  readGeneration(name: string, number: number): Promise<Partial<Record<Slot, StagedSlot>>>;
  /** What is wrong with a generation's files (missing, or not what was written), or undefined. @throws Failure when one cannot be read. */
  damage(name: string, number: number, slots: readonly Slot[]): Promise<string | undefined>;
  /** The first file of `live` that is missing or empty, in words; by a look at the files alone: each run asks. Undefined: all are there, or may not be looked at. */
  liveLoss(name: string, leaves: GenerationRecord["leaves"]): string | undefined;
  /** Key files of these slots of `live` that everybody may read, and folders on the way to them that everybody may change. Without rights to look: none. */
  exposed(name: string, slots: readonly Slot[]): Promise<readonly Exposed[]>;
  /** Points `live` at a generation by one rename. */
  switchLive(name: string, number: number): Promise<void>;
  /**
   * Lets a group (undefined: nobody but root) read the private keys of every generation; tells whether anything changed.
   * @throws Failure `config` where there is no such group.
   */
  letRead(name: string, group: string | undefined): Promise<boolean>;
  /** What `live` points at. */
  liveNumber(name: string): number | undefined;
  /** Paths below `live`. */
  livePaths(name: string, slots: readonly Slot[]): Readonly<Partial<Record<Slot, SlotPaths>>>;
  /** Removes generation folders other than those, and what killed runs left behind. Keys stay. */
  prune(name: string, keep: readonly number[]): Promise<void>;
  /** What these programs are now, each as a text that changes when the file does. */
  programMarks(paths: readonly string[]): Readonly<Record<string, string>>;
  /** A program is another than the last look saw, or there was no look yet. */
  programsChanged(): boolean;
  sawPrograms(marks: Readonly<Record<string, string>>): Promise<void>;
  /** A change of TLS policy was begun, and the log of changes does not say how it ended. Synchronous: each run asks. */
  policyIsUnfinished(): boolean;
  markPolicy(unfinished: boolean): Promise<void>;
  /** A list of revoked certificates of a private CA is to be made anew by now, or a file that servers judge client certificates by has gone. Synchronous: each run asks. */
  crlIsDue(): boolean;
  record(event: HostEvent): Promise<void>;
  events(): Promise<readonly HostEvent[]>;
}
