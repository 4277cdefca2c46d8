// What a deployment is asked for and what it gives back.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import type { Finding } from "../domain/finding.ts";
import type { Places } from "../domain/places.ts";
import type { CertificateState, GenerationRecord } from "../store/store.ts";
import type { Deployable } from "./entries.ts";
import type { JobTargets } from "./prove-together.ts";
import type { InstallOptions } from "./install-settings.ts";
import type { ProvedEntry } from "./prove.ts";

export interface DeployOptions extends InstallOptions {
  /** Go on although a better trusted certificate is served now, or DNS is against the new one. */
  readonly replace: boolean;
}

/** One certificate of a run, on its way to be served. */
export interface Job {
  readonly certificate: CertificateConfig;
  readonly state: CertificateState;
  readonly target: GenerationRecord;
  readonly found: readonly Deployable[];
  /** Installations that must read certificates again whatever their settings say; `all`: `live` moved, or may have since they last did. */
  readonly rereads: ReadonlySet<string> | "all";
}

export interface DeployedServer {
  readonly id: string;
  readonly server: string;
  readonly version: string;
  readonly running: boolean;
  readonly changes: readonly string[];
  readonly reloaded: boolean;
  /** Why it was restarted for that. */
  readonly restarts?: string;
  /** It gets this certificate for clients that ask for its names; another one is everybody else's. */
  readonly byName?: true;
  /** Everybody gets it at these entry points, and nobody at others. */
  readonly places?: Places;
  /** How many certificates that one reload was for; absent: this one. */
  readonly certificates?: number;
}

export interface DeployResult {
  readonly certificate: string;
  /** The generation that is live now. */
  readonly generation: GenerationRecord;
  /** `in-place`: a server is not running, so that nothing is proven of it. `no-server`: nothing on this host serves it. `unproven`: stale, failing or not reloadable; later runs retry. */
  readonly outcome: "verified" | "in-place" | "unproven" | "rolled-back" | "no-server";
  /** With `no-server`: none is to serve it (servers: none). */
  readonly forOthers?: boolean;
  readonly servers: readonly DeployedServer[];
  readonly entries: readonly ProvedEntry[];
  readonly findings: readonly Finding[];
}

/** What one certificate's deployment came to, or what it ended with. */
export type DeployEnd = { readonly result: DeployResult } | { readonly error: unknown };

/** What was done to the servers and seen on the wire, before it is judged as a whole. */
export interface Gathered extends Pick<DeployResult, "servers" | "entries" | "findings"> {
  /** Installations whose clients get it when they ask for no known name. */
  readonly defaultOf?: ReadonlySet<string>;
  /** What was asked on the wire, to be asked again. */
  readonly asked?: Pick<JobTargets, "targets" | "baseline">;
  /** No server was found, and any that comes is wanted. */
  readonly awaitsServer?: boolean;
}
