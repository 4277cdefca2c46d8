// The seam for mail servers on this host: find them, plan certificate settings as data, apply, check, reload, read back.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import type { Mode, ProtocolName } from "../domain/entry-point.ts";
import type { FileTarget } from "../domain/file-target.ts";
import type { Finding } from "../domain/finding.ts";
import type { Slot } from "../domain/keys.ts";
import type { Places } from "../domain/places.ts";
import type { PolicyName } from "../domain/tls-policy.ts";
import type { Change } from "./change.ts";
import type { GivesBack } from "./former.ts";
import type { Override } from "./override.ts";
import type { PolicyPlan } from "./policy.ts";
import type { ServingProcess } from "./processes.ts";
import type { Doubt } from "./whose-words.ts";

export type { Change, CopiedFile, LineReplacement } from "./change.ts";
export type { Override } from "./override.ts";

/** One installed server; Postfix has one for each instance of `postmulti -l`. */
export interface Installation {
  /** Registry name: `dovecot`, `postfix`, `exim`, `nginx`, ... */
  readonly server: string;
  /** Unique on this host: `dovecot`, `postfix`, `postfix-out` (the instance's name). */
  readonly id: string;
  /** As the program says: `3.7.11`. */
  readonly version: string;
  /** Folder of its configuration. */
  readonly configDir: string;
  /** Folders beside configDir that changing, checking or reloading it writes to: the hourly run is confined to what is named. */
  readonly writes?: readonly string[];
  /** As whom it opens its certificate files, with all groups of that user; absent: root does. */
  readonly reader?: { readonly user: string; readonly group: string };
  /** The group as which it reads private keys; absent: it reads them as root. */
  readonly keyGroup?: string;
  readonly running: boolean;
  /** It serves, but whose it is nobody of root's says: its words are not believed, and `reload` refuses. */
  readonly doubt?: Doubt;
  /** Why `reload` restarts it where it has not read yet what stands there, which ends the sessions of the moment: the report says so. Absent: it reloads. */
  readonly restarts?: string;
}

/** What switches TLS off for a service, in the server's own words. */
export interface TlsOff {
  /** The setting, with its place as far as the server tells it: `ssl = no`. One text for all listeners that it is true of. */
  readonly setting: string;
  /** What switches it on: a sentence with a command. */
  readonly mend: string;
}

/** Where a server listens, found in its own effective configuration, never guessed. */
export interface Listener {
  readonly protocol: ProtocolName;
  readonly mode: Mode;
  readonly port: number;
  /** Address it is bound to; `0.0.0.0` and `::` stand for all of that family. */
  readonly address: string;
  /** The one key algorithm that it is given; absent: all of the certificate's. */
  readonly slot?: Slot;
  /** The server's own word for it: `imap-login/imaps`, `submission/inet`. */
  readonly service: string;
  /** Why it cannot be observed from here (PROXY protocol, chroot socket, ...); absent: it can. */
  readonly unobservable?: string;
  /** Its configuration says that there is no TLS, where other machines connect: it can be observed, and no client is served there. */
  readonly tlsOff?: TlsOff;
  /** The setting, with its place, that gives this service a certificate of its own; deploy leaves it alone and proof expects no change. */
  readonly ownCertificate?: string;
  /** The administrator named it as the place to look at: it is asked on whatever machine it is. `address` is the host's name where this host finds none for it. */
  readonly named?: true;
  /** Why it has the same certificate as everybody, always: who does TLS for it takes no other. */
  readonly everybodys?: string;
}

/** Paths below `certificates/<name>/live/<slot>/`. */
export interface SlotPaths {
  readonly privkey: string;
  readonly cert: string;
  readonly chain: string;
  readonly fullchain: string;
  /** Key first, then the full chain. */
  readonly combined: string;
}

/** What a server is to serve. At least one slot is present. */
export interface ServedCertificate {
  readonly name: string;
  readonly names: readonly string[];
  readonly slots: Readonly<Partial<Record<Slot, SlotPaths>>>;
}

/** One that everybody gets at certain entry points, whatever name they ask for, and nobody gets anywhere else. */
export interface PlacedCertificate extends ServedCertificate {
  readonly places: Places;
}

/** How a server gives different entry points different certificates. */
export interface ByPlace {
  /** Listeners, each at one address, that can have one certificate together only have one key. */
  together(listener: Listener, address: string): string;
  /** Why this one cannot have a certificate of its own there now, and what gives it one. */
  apart(listener: Listener, address: string): { readonly why: string; readonly mend: string };
  /** At an address of which only some services have one of their own, it serves none by name. */
  namesLeave?(installation: Installation): boolean;
}

export interface ServerPlan {
  /** Certificate and key settings (and TLS itself where nobody ever decided about it), nothing else. Empty: all is as it should be. */
  readonly changes: readonly Change[];
  /** Settings of services that belong to a certificate (`certificate`) and are to stand, whether or not they do yet: what else the log has of the kind is taken back. */
  readonly ofServices?: readonly {
    readonly service: string;
    readonly parameter: string;
    readonly certificate: string;
  }[];
  /** Settings of people that switch TLS off. A decision: the edit is done only after a yes. Absent: none. */
  readonly off?: readonly Override[];
  /** Copies that are in place as they should be: whoever asks can tell whether the log knows of them. */
  readonly stands?: readonly Change[];
  /** Settings of services that name our files as they should and that somebody may have put there (a service copied with its `-o` lines): where the log does not have them, it gets them. */
  readonly adopted?: readonly Change[];
  /** What a person should know: submission not enabled, a service that keeps its own certificate, ... */
  readonly notes: readonly Finding[];
}

/**
 * What a server needs whose versions refuse each other's settings: after an upgrade it does not start, and its own programs answer nothing.
 */
export interface Upgrade {
  /** Another file at one of these paths may be another version. */
  readonly programs: readonly string[];
  /**
   * What brings these files, where mailcert wrote them, into the words of the installed version; `unready` as long as nobody can tell it
   * (half unpacked). `least`: what every client needs and nothing else. MUST NOT ask the server for its settings.
   * @throws Failure `config` for a version whose settings are not known.
   */
  outgrown(
    paths: readonly string[],
    least?: boolean,
  ): Promise<{ readonly version?: string; readonly changes: readonly Change[] } | "unready">;
  /** Its packages are in place, and nobody is about to start it. */
  settled(): Promise<boolean>;
  /** Starts it where it failed to come up; MUST NOT start what somebody stopped. `ranBefore`: it ran at the last proof. @throws Failure `unavailable` */
  revive(ranBefore: boolean): Promise<"running" | "started" | "stopped">;
}

/**
 * One mail server program. Implementations live in one file each and are registered in `servers/index.ts`.
 * - MUST find everything through the server's own programs (`doveconf`, `postconf`), MUST NOT parse what they can answer.
 * - MUST NOT log or return the output of a program that can print a private key (`doveconf -P`, `-x`, `-F`).
 * - Every method MUST be safe to repeat; a killed run is followed by another that starts from the beginning.
 */
export interface Server extends GivesBack {
  /** It serves further certificates to clients that ask for their names (SNI, RFC 6066 §3); `certificate` is for everybody else. Absent: one certificate only. */
  readonly sni?: true;
  /** It can give everybody who connects to some addresses, or services, another certificate. Absent: it cannot. */
  readonly byPlace?: ByPlace;
  /** All its settings stand in people's own files: `readBack` says already before `apply` what will be asked about. */
  readonly asksFirst?: true;
  /** With `sni`: `certificate` may have no slots: the server's own settings go on serving everybody who asks for no known name. Absent: all its changes are for all of them, and go with the last. */
  readonly ownDefault?: true;
  /** Empty when it is not installed. MUST NOT need it to be running. */
  detect(): Promise<readonly Installation[]>;
  /** MUST list every TCP listener that could speak TLS, and `smtp` on 25. */
  listeners(installation: Installation): Promise<readonly Listener[]>;
  /**
   * Computes the edits; MUST NOT apply them. A second plan after applying the first MUST be empty.
   * `bySni` (only for a server with `sni`): each MUST be given to clients that ask for one of its names; a name that two have goes to the first of them.
   * `placed` (only for one with `byPlace`): each MUST be given to everybody where domain/places.ts says that it wins, with any name and none, and not elsewhere.
   */
  plan(
    installation: Installation,
    certificate: ServedCertificate,
    bySni?: readonly ServedCertificate[],
    placed?: readonly PlacedCertificate[],
  ): Promise<ServerPlan>;
  /** MUST be idempotent; MUST keep the mode and owner of a file that it replaces. */
  apply(installation: Installation, change: Change): Promise<void>;
  /** Puts `before` back, only where the current value is still ours (`after`/`content`); tells which it was. `gone`: what it was a setting of is not there any more. */
  revert(installation: Installation, change: Change): Promise<"reverted" | "not-ours" | "gone">;
  /**
   * Makes copies of keys and chains that the server keeps of its own anew, where they are of these certificates (an indexed map of Postfix's); says what
   * was done, one sentence each. Called after every switch, before `reload`.
   */
  refresh?(installation: Installation, certificates: readonly ServedCertificate[]): Promise<readonly string[]>;
  /** Where something else wins over the applied settings. Called after `apply`. */
  readBack(
    installation: Installation,
    certificate: ServedCertificate,
    bySni?: readonly ServedCertificate[],
    placed?: readonly PlacedCertificate[],
  ): Promise<readonly Override[]>;
  /** The server's own configuration test. @throws Failure `config` with its words (never a key). MUST NOT reload. */
  check(installation: Installation): Promise<void>;
  /** Makes the running server read certificates again without dropping a session (`restarts`: it cannot). Its exit status proves nothing: proof does. */
  reload(installation: Installation): Promise<void>;
  /**
   * Computes the edits that bring its TLS policy up to a profile, for the library that it is linked with; MUST NOT apply them. Only ever done after a yes.
   * Stricter settings stay, but for those that an earlier policy set (`ours`: such changes in force, oldest first): these follow the profile. A plan after
   * applying one has no changes. Absent: its policy is its administrator's alone.
   * @throws Failure `config` where its library cannot do what the profile is about.
   */
  harden?(installation: Installation, profile: PolicyName, ours?: readonly Change[]): Promise<PolicyPlan>;
  /**
   * Its running processes that speak TLS to clients. One that started before a reload holds the certificate of then. Absent: none outlives one.
   * MUST NOT fail for what this user may not see.
   */
  processes?(installation: Installation): Promise<readonly ServingProcess[]>;
  /** Absent: its versions take each other's settings. */
  readonly upgrade?: Upgrade;
  /** An installation that only the configuration names, as a change of its own describes it: undoing must not depend on the configuration. */
  recall?(id: string, change: Change): Installation | undefined;
  /** This server with what the configuration of a certificate names for it. */
  withTargets?(certificate: Pick<CertificateConfig, "name" | "keys">, targets: readonly FileTarget[]): Server;
  /** The same settings for pasting, for an installed or a named version. @throws Failure `usage` for a version that it does not know. */
  snippet(
    certificate: ServedCertificate,
    version: string,
    bySni?: readonly ServedCertificate[],
    placed?: readonly PlacedCertificate[],
  ): string;
}
