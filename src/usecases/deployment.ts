// What a deployment is asked for and what it gives back.
import type { Finding } from "../domain/finding.ts";
import type { GenerationRecord } from "../store/store.ts";
import type { InstallOptions } from "./install-settings.ts";
import type { ProvedEntry } from "./prove.ts";

export interface DeployOptions extends InstallOptions {
  /** Go on although a better trusted certificate is served now, or DNS is against the new one. */
  readonly replace: boolean;
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

/** What was done to the servers and seen on the wire, before it is judged as a whole. */
export interface Gathered extends Pick<DeployResult, "servers" | "entries" | "findings"> {
  /** No server was found, and any that comes is wanted. */
  readonly awaitsServer?: boolean;
}
