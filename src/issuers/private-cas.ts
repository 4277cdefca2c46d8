// The private CAs of this host as `mailcert ca` works with them: shown, made, given a new root, backed up; what they revoked.
import type { Failure } from "../domain/failure.ts";
import type { NameConstraints } from "../domain/name-constraints.ts";
import type { RevocationReason } from "../domain/revocation.ts";

export interface ShownCertificate {
  /** Its common name, or the whole subject. */
  readonly title: string;
  readonly subject: string;
  readonly serial: string;
  readonly sha256: string;
  /** Of its key: the data of a TLSA record `2 1 1`. */
  readonly spkiSha256: string;
  /** ISO dates. */
  readonly notBefore: string;
  readonly notAfter: string;
  readonly file: string;
  /** `here`: on this host; `sealed`: here, under a passphrase; `away`: not on this host. */
  readonly key: "here" | "sealed" | "away";
}

export interface ShownRoot extends ShownCertificate {
  /** undefined: it may certify any name. */
  readonly limits?: NameConstraints;
  /** The root before it vouches for it. */
  readonly crossSigned: boolean;
}

export interface ShownCrl {
  readonly file: string;
  /** Of whose certificates. */
  readonly of: string;
  /** Decimal. */
  readonly number: string;
  /** ISO dates. */
  readonly thisUpdate: string;
  readonly nextUpdate: string;
  /** From then on a run of the timer makes the next one. */
  readonly due: string;
  /** How many it lists. */
  readonly revoked: number;
  /** How many certificates it speaks for: neither ended nor revoked. */
  readonly valid: number;
  /** Its signer has ended, and all that it signed: no other list follows. */
  readonly ended?: true;
  /** No other list can be made: the file of its signer's key, which is not there. */
  readonly missingKey?: string;
}

/** A person's certificate. */
export interface ShownClient {
  readonly address: string;
  /** Its subject CN: what servers take the user name from. */
  readonly login: string;
  readonly serial: string;
  readonly sha256: string;
  /** ISO dates. */
  readonly notBefore: string;
  readonly notAfter: string;
}

export interface ClientRequest {
  /** The CA's name. */
  readonly name: string;
  /** ASCII, its domain as A-labels. */
  readonly address: string;
  /** undefined: the address. */
  readonly login?: string;
  readonly days: number;
  readonly now: Date;
}

export interface IssuedClient extends ShownClient {
  /** PEM, what leads from it to the root in `chain`. */
  readonly leaf: string;
  readonly chain: readonly string[];
}

/** What mail servers judge client certificates by. */
export interface ClientTrust {
  /** PEM: the CA, earlier roots, and a list of revoked certificates for each. 0644. */
  readonly file: string;
  /** SHA-256 of each certificate that is good now, as Postfix's relay_clientcerts wants it. 0644. */
  readonly map: string;
  /** They say something that servers have not been made to read (`trustIsRead`). */
  readonly unread: boolean;
}

export interface ShownCa {
  readonly name: string;
  readonly folder: string;
  readonly root: ShownRoot;
  readonly issuing?: ShownCertificate;
  /** Earlier roots, newest first, ended ones too. */
  readonly older: readonly ShownRoot[];
  /** `valid`: of those that were issued, neither ended nor revoked. */
  readonly certificates: { readonly issued: number; readonly valid: number; readonly revoked: number };
  /** Those of people that are neither over nor revoked, oldest first; absent: none. */
  readonly clients?: readonly ShownClient[];
  readonly crls: readonly ShownCrl[];
  /** Copies of the lists that are kept up to date. */
  readonly published: readonly string[];
  /** Those of `published` that say something else than the lists, or cannot be read; absent: none. */
  readonly behind?: readonly string[];
  /** ISO date: a new root by then is known everywhere before this one ends. */
  readonly rotateBy: string;
  /** A rotation was cut short; the next run finishes it, and the new root is the CA's already. */
  readonly unfinished?: true;
  /** A restoration was cut short before this CA left its place; the next run clears away what it left. */
  readonly halfRestored?: true;
}

export interface InitRequest {
  readonly name: string;
  /** As `ca_domains` of the configuration; undefined: from `names`. */
  readonly caDomains?: readonly string[];
  /** What it is to certify first. */
  readonly names: readonly string[];
  /** Lifetime of the root in days. */
  readonly days?: number;
  /** An issuing CA signs; the root's key lies under this passphrase, here or in a folder that is carried away. */
  readonly issuing?: { readonly passphrase: () => Promise<string>; readonly offline?: string };
  readonly now: Date;
}

export interface RotateRequest {
  readonly name: string;
  /** undefined: as before. */
  readonly caDomains?: readonly string[];
  readonly days?: number;
  /** What opens the present root's key, and seals the new one's. */
  readonly passphrase: () => Promise<string>;
  /** Where the present root's key was carried away: its file, brought back for a moment. */
  readonly rootKey?: string;
  /** Where the new root's key goes. */
  readonly offline?: string;
  /** Of `planRotate`: what would come of it, also without the key that it needs. */
  readonly plansOnly?: true;
  readonly now: Date;
}

/** What a killed run had begun and this one has brought to its end; `cleared`: what it left of a restoration that had changed nothing. */
export type Finished = "rotation" | "restoration" | "cleared";

export interface RefreshedCrls {
  readonly finished?: Finished;
  /** How many lists. */
  readonly made: number;
  /** Copies that could not be written. */
  readonly unpublished: readonly Failure[];
  /** Paths of copies that somebody has taken away: they are not made again. */
  readonly forgotten: readonly string[];
}

export interface RevokedCertificate {
  readonly ca: string;
  readonly serial: string;
  /** `already`: it was revoked before. */
  readonly outcome: "revoked" | "already";
  /** Copies of the list that could not be written: whoever reads those accepts it still. */
  readonly unpublished: readonly Failure[];
}

/** A certificate that one of the CAs signed. */
export interface FoundCertificate {
  readonly ca: string;
  readonly serial: string;
  readonly sha256: string;
  readonly names: readonly string[];
  readonly notAfter: string;
  readonly revoked?: { readonly at: string; readonly reason: RevocationReason };
}

export interface BackedUp {
  readonly ca: string;
  readonly file: string;
  /** Names of what is in it, and octets of the file. */
  readonly contains: readonly string[];
  readonly bytes: number;
}

/** The caller holds the lock for everything that changes something. Nothing here asks, prints or logs. */
export interface PrivateCas {
  list(): Promise<readonly string[]>;
  folderOf(name: string): string;
  /** undefined: there is none of that name. @throws Failure naming what is damaged. */
  show(name: string, now: Date): Promise<ShownCa | undefined>;
  /** PEM: what clients import now, newest first, ended ones left out. Empty: there is no such CA. */
  roots(name: string, now: Date): Promise<readonly string[]>;
  /** What `init` would do, refusals included; nothing is made. */
  planInit(request: InitRequest): Promise<{ readonly limits?: NameConstraints }>;
  init(request: InitRequest): Promise<void>;
  /** Refusals of `rotate` that need no passphrase, and the limits of the new root; nothing is made. */
  planRotate(request: RotateRequest): Promise<{ readonly limits?: NameConstraints }>;
  /** Returns copies of the lists that could not be written. */
  rotate(request: RotateRequest): Promise<readonly Failure[]>;
  /** Refusals of `issueClient`; nothing is made. @throws Failure `data` for an address or a login that it cannot certify. */
  planClient(request: ClientRequest): Promise<void>;
  /** Written down before it is returned. The key (PKCS#8 PEM) is not kept. */
  issueClient(request: ClientRequest & { readonly privateKey: string }): Promise<IssuedClient>;
  /** Where they lie, or would. */
  trustFile(name: string): string;
  trustMap(name: string): string;
  /** Makes the files, with the lists that they need, and keeps them there and up to date from then on. undefined: there is no such CA. */
  keepTrust(name: string, now: Date): Promise<ClientTrust | undefined>;
  /** Whether somebody asked for them: `there`, one of them at least; `gone`: they were made, and taken away since. undefined: nobody. */
  trustIsAsked(name: string): Promise<"there" | "gone" | undefined>;
  /** Which of them had gone when they were last made anew: paths, each given once. */
  takeRestored(name: string): Promise<readonly string[]>;
  /** They say something else than they should, one has gone, or servers have not read them. Changes nothing. undefined: there is no such CA. */
  trustIsBehind(name: string, now: Date): Promise<boolean | undefined>;
  /** They were taken away, and nobody wants them back. */
  forgetTrust(name: string, now: Date): Promise<void>;
  /** A text that is another one whenever the files came to say something else; undefined: servers have read what they say. */
  trustMark(name: string): Promise<string | undefined>;
  /** Servers have read them. */
  trustIsRead(name: string): Promise<void>;
  /** By serial number (hex), or SHA-256 of the certificate. */
  find(serialOrHash: string): Promise<FoundCertificate | undefined>;
  revoke(found: FoundCertificate, reason: RevocationReason, now: Date): Promise<RevokedCertificate>;
  /** Makes the lists whose time has come (`all`: all), and their copies. */
  refreshCrls(name: string, now: Date, all: boolean): Promise<RefreshedCrls>;
  /** Notes when the next run has to look at the lists; nothing where there are none. */
  noteDue(now: Date): Promise<void>;
  /** Keeps a copy of the lists at an absolute path from now on. */
  publish(name: string, path: string): Promise<void>;
  backup(name: string, file: string, passphrase: string, now: Date): Promise<BackedUp>;
  /** The CA's name stands in the backup. @throws Failure `config` where there is one already, unless `replace`. */
  restore(file: string, passphrase: string, options: RestoreOptions): Promise<Restored>;
}

export interface RestoreOptions {
  readonly replace: boolean;
  /** Read and judge, change nothing. */
  readonly dryRun: boolean;
  readonly now: Date;
}

export interface Restored {
  readonly ca: string;
  readonly folder: string;
  readonly contains: readonly string[];
  /** Where the one lies that it took the place of. */
  readonly replaced?: string;
  /** ISO date of the backup. */
  readonly madeAt: string;
  /** Titles: the one that it took the place of had another root. */
  readonly otherRoot?: { readonly before: string; readonly now: string };
  /** Copies of the lists that could not be written. */
  readonly unpublished: readonly Failure[];
}
