// What pre-flight asks this host itself; src/system/host-facts.ts answers.

export interface PreflightTools {
  /** Writes and removes a file in the folder (or the next one above that exists): why that cannot be done, or undefined. */
  readonly writeTrouble: (folder: string) => Promise<string | undefined>;
  /** The same by asking only: nothing is written. */
  readonly accessTrouble: (folder: string) => Promise<string | undefined>;
  /** Bytes that are left for files in the folder (or the next one above that exists); undefined: nobody could say. */
  readonly freeBytes: (folder: string) => Promise<number | undefined>;
  /** Why nobody could listen there, or undefined. `address` as in `--http-address`. */
  readonly listenTrouble: (address: string) => Promise<string | undefined>;
  /** Whether a connection comes about within the deadline. */
  readonly reach: (
    address: string,
    port: number,
    timeoutMs: number,
    signal: AbortSignal,
  ) => Promise<"open" | "refused" | "silent">;
}
