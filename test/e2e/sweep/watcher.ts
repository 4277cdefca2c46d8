// Drives the watcher in a mail host (watch.mjs): what every TLS port serves, every 50 ms, and what lies behind `live`.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import type { MailHost } from "../../lab/mail-host.ts";

/** Which of two certificates the ClientHello asks for; `any`: the server chooses. */
export type Kind = "any" | "ecdsa" | "rsa";

export interface Watched {
  readonly probes: number;
  /** By `port kind`, by SHA-256 of the leaf: first and last time, in milliseconds from the start. */
  readonly seen: Readonly<Record<string, Readonly<Record<string, { first: number; last: number; count: number }>>>>;
  readonly failures: readonly { port: number; kind: Kind; fromMs: number; tillMs: number; what: string }[];
  /** The longest that one handshake took. */
  readonly longestMs: number;
  readonly ms: number;
}

export interface Files {
  /** `generations/0007`. */
  readonly live?: string;
  /** Behind live: key and certificate belong together in each file, the files hold one leaf, and which. */
  readonly slots: Readonly<
    Record<string, { readonly together: boolean; readonly same: boolean; readonly leaf: string }>
  >;
  /** `ecdsa/0001.pem HASH`, each key that was ever kept. */
  readonly keys: readonly string[];
  /** How many numbered generations there are. */
  readonly generations: number;
  /** The one with the highest number, as `live` would name it. */
  readonly newest?: string;
  /** The leaves of every generation on disk. */
  readonly kept: readonly string[];
  /** Files that a run makes to rename them, left over. */
  readonly temporary: readonly string[];
  readonly stage?: string;
  /** Of all that mailcert may change, but the lock: paths, modes, owners, contents. */
  readonly digest: string;
  /** Of the last run: `none`, `empty` (it ended by itself) or `held`. */
  readonly lock: string;
}

export interface Watcher {
  begin(kinds: readonly Kind[]): Promise<void>;
  end(): Promise<Watched>;
  /** One fresh connection to each port, by `port kind`: SHA-256 of the leaf, "" where there was no handshake. */
  look(kinds: readonly Kind[]): Promise<Readonly<Record<string, string>>>;
  files(): Promise<Files>;
}

export interface WatchedEntry {
  /** Every server is connected to every 50 ms, its ports in turn. */
  readonly server: string;
  readonly port: number;
  readonly speak: "implicit" | "imap" | "pop3" | "smtp" | "sieve";
}

export const startWatcher = async (
  host: MailHost,
  name: string,
  entries: readonly WatchedEntry[],
): Promise<Watcher> => {
  const path = "/opt/watch.mjs";
  await host.write(path, readFileSync(new URL("watch.mjs", import.meta.url), "utf8"));
  const child = host.spawn(["node", path, JSON.stringify({ name, entries, intervalMs: 50, timeoutMs: 15_000 })]);
  let complaint = "";
  child.stderr.on("data", (part: Buffer) => (complaint = `${complaint}${part.toString()}`.slice(-2000)));
  const waiting: { resolve: (answer: unknown) => void; reject: (error: Error) => void }[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => {
    const { error, ...answer } = JSON.parse(line) as { error?: string };
    const next = waiting.shift();
    if (error === undefined) next?.resolve(answer);
    else next?.reject(new Error(`the watcher: ${error}`));
  });
  child.on("close", () => {
    for (const { reject } of waiting.splice(0)) reject(new Error(`the watcher ended: ${complaint}`));
  });
  const ask = <T>(command: object): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      waiting.push({ resolve: resolve as (answer: unknown) => void, reject });
      child.stdin.write(`${JSON.stringify(command)}\n`);
    });
  return {
    begin: async (kinds) => void (await ask({ do: "begin", kinds })),
    end: () => ask({ do: "end" }),
    look: (kinds) => ask({ do: "look", kinds }),
    files: () => ask({ do: "files" }),
  };
};
