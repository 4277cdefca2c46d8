// What pre-flight asks this host itself; src/system/host-facts.ts answers, and the challenges' own code where it is about a challenge.
import type { DnsUpdater } from "../dns/updaters/updater.ts";
import type { Fetched, WebHost } from "../domain/preflight-webroot.ts";

export interface PreflightTools {
  /** Writes and removes a file in the folder (or the next one above that exists): why that cannot be done, or undefined. */
  readonly writeTrouble: (folder: string) => Promise<string | undefined>;
  /** The same by asking only: nothing is written. */
  readonly accessTrouble: (folder: string) => Promise<string | undefined>;
  /** Bytes that are left for files in the folder (or the next one above that exists); undefined: nobody could say. */
  readonly freeBytes: (folder: string) => Promise<number | undefined>;
  /** Why nobody could listen there, or undefined. `address` as in `--http-address`. */
  readonly listenTrouble: (address: string) => Promise<string | undefined>;
  /**
   * Puts a token of our own into a web server's folder, fetches it as a CA would through port 80 of each host's addresses, and takes it away.
   * @throws Failure where it cannot be put there.
   */
  readonly tryWebroot: (webroot: string, hosts: readonly WebHost[], signal: AbortSignal) => Promise<readonly Fetched[]>;
  /** By its settings in `secrets/NAME.yaml` beside this configuration file, or beside the one of this run. @throws Failure where they are missing or wrong. */
  readonly updater: (name: string, configPath?: string) => Promise<Pick<DnsUpdater, "check">>;
}
