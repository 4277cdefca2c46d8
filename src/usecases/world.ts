// The adapters that use cases work with, as one record: main.ts wires the real ones, tests hand in others.
import type { CertificateConfig, Config, IssuerKind } from "../domain/certificate-config.ts";
import type { ConfigCheck, ConfigProblem } from "../domain/config-problem.ts";
import type { KeyAlgorithm } from "../domain/keys.ts";
import type { ReadRequest } from "../domain/subject-key.ts";
import type { Dns } from "../dns/dns.ts";
import type { Accounts } from "../issuers/accounts.ts";
import type { Issuer } from "../issuers/issuer.ts";
import type { PrivateCas } from "../issuers/private-cas.ts";
import type { Probe } from "../probe/probe.ts";
import type { Server } from "../servers/server.ts";
import type { StagedSlot, Store } from "../store/store.ts";
import type { CompletionTools } from "./completion-tools.ts";
import type { HostNames } from "../system/host-names.ts";
import type { BundleDeps } from "./bundle-tools.ts";
import type { DoctorTools } from "./doctor/tools.ts";
import type { IdentityTools } from "./identity-tools.ts";
import type { HookTools } from "./hook-tools.ts";
import type { ImportTools } from "./import-tools.ts";
import type { NotifyTools } from "./notify-tools.ts";
import type { PreflightTools } from "./preflight-tools.ts";
import type { ScheduleDeps } from "./schedule-tools.ts";
import type { VerifyTools } from "./verify-tools.ts";

/** The configuration file and how to change it. */
export interface ConfigAccess {
  readonly path: string;
  /** undefined: there is no file (and none was named with --config). @throws Failure `config` with every problem. */
  read(): Promise<Config | undefined>;
  /** The file's text with this certificate written into it, comments kept; equal to the present text when nothing changes. */
  edited(
    certificate: CertificateConfig,
  ): Promise<{ readonly path: string; readonly before: string | undefined; readonly after: string }>;
  /** `path`: the one that `edited` named; it may be a file of conf.d. @throws Failure `config` when all files together would have a problem. */
  write(text: string, path?: string): Promise<void>;
  /** Sentences about files that are not read, or that others could change. */
  warnings(): Promise<readonly string[]>;
  /** Every file with every problem; never throws for what is wrong inside a file. @throws Failure `config` when there is no file. */
  check(): Promise<ConfigCheck>;
  /** What can be read of it, whatever is wrong with the rest: an entry with a problem may have a default in the place of what it says. @throws Failure `config` when there is no file. */
  readable(): Promise<Config>;
  /** Where a text stands in it, as a key or a value; the main file's first line where it does not. */
  placeOf(text: string): Promise<Pick<ConfigProblem, "file" | "line" | "column">>;
  /** The same for another main file. */
  at(path: string): ConfigAccess;
}

export interface World {
  /** The date; a wait is measured by `elapsed`. */
  readonly now: () => Date;
  /** Milliseconds since some instant, whatever happens to the date meanwhile. */
  readonly elapsed: () => number;
  /** At least 0, less than 1. */
  readonly random: () => number;
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  readonly signal: AbortSignal;
  /** Names this run in events.jsonl. */
  readonly run: string;
  /** The command line's words, for the lock and the events; never a secret. */
  readonly command: string;
  readonly step: (what: string) => void;
  /** One of the few steps that a person waits for at a terminal. Absent: nobody does. */
  readonly progress?: (what: string) => void;
  readonly store: Store;
  readonly config: ConfigAccess;
  readonly issuer: (kind: IssuerKind) => Promise<Issuer>;
  readonly generateKey: (algorithm: KeyAlgorithm) => Promise<string>;
  readonly servers: () => Promise<Readonly<Record<string, Server>>>;
  readonly probe: () => Promise<Probe>;
  /** What DNS says about this host's names. */
  readonly dns: () => Promise<Dns>;
  /** A private key that somebody else keeps, as PKCS#8 PEM, with what is to be said of the file. @throws Failure `data` naming the file. */
  readonly readKeyFile: (
    path: string,
  ) => Promise<{ readonly privateKey: string; readonly warnings: readonly string[] }>;
  /** A certificate signing request that was made elsewhere, PEM or DER. @throws Failure `data` naming the file. */
  readonly readRequest: (path: string) => Promise<ReadRequest>;
  /** A text that changes when the file does; it is not read (system/file-mark.ts). undefined: this user may not look at it. */
  readonly fileMark: (path: string) => Promise<string | undefined>;
  /** Why this host does not start a service by itself, in words: somebody disabled or masked it. undefined: nobody did, or nobody can tell. */
  readonly switchedOff: (service: string) => Promise<string | undefined>;
  /** The first of these folders' privkey.pem or combined.pem that exists. */
  readonly keyAt: (folders: readonly string[]) => Promise<string | undefined>;
  /** @throws Failure `cannot-create` where this run is root's and somebody else can change the folder, or one above it. */
  readonly refuseUnsafeFolder: (folder: string) => Promise<void>;
  /** Writes one slot's PEM files into any folder; returns their paths. */
  readonly writePem: (folder: string, slot: StagedSlot, root: string | undefined) => Promise<readonly string[]>;
  /** What verify needs besides the probe. */
  readonly verifying: () => Promise<VerifyTools>;
  /** What doctor asks this host. */
  readonly doctor: () => Promise<DoctorTools>;
  /** What pre-flight asks this host. */
  readonly preflight: () => Promise<PreflightTools>;
  /** PEM of the system's trusted roots; the same array each time. */
  readonly systemRoots: () => Promise<readonly string[]>;
  /** Every address of this host, loopback first, link-local ones left out. */
  readonly localAddresses: () => readonly string[];
  /** Lets confined servers (SELinux, AppArmor) read the state folder; returns what was done. */
  readonly confine: () => Promise<readonly string[]>;
  /** The formats and the folder that `bundle` works with. */
  readonly bundles: () => Promise<BundleDeps>;
  /** Other ACME clients on this host, and what of theirs can become ours. */
  readonly importing: () => Promise<ImportTools>;
  /** The accounts at ACME CAs. */
  readonly accounts: () => Promise<Accounts>;
  /** The private CAs of this host. */
  readonly privateCas: () => Promise<PrivateCas>;
  /** What writes client identities. */
  readonly identities: () => Promise<IdentityTools>;
  /** A passphrase that a file holds, without its line break. @throws Failure for a file that is missing, empty, or that others may read. */
  readonly readPassphrase: (path: string) => Promise<string>;
  /** IANA name of this host's time zone, which maintenance windows are in. */
  readonly timeZone: () => string;
  /** What hooks are run by. */
  readonly hooks: () => Promise<HookTools>;
  /** Who is told of what runs find, and what they were told. */
  readonly notifying: () => Promise<NotifyTools>;
  /** What shell completion asks of this host. */
  readonly completing: () => Promise<CompletionTools>;
  /** What the schedule is made of. */
  readonly scheduling: () => Promise<ScheduleDeps>;
  /** What this host calls itself, and the best of its names that a certificate could be for, if any. */
  readonly hostNames: () => Promise<HostNames>;
}
