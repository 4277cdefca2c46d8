// The account that a mail program sets up at a host: the entry points that the last deployment proved, the preferred ones first (RFC 8314 §3).
import type { DeploymentRecord } from "../store/store.ts";
import { type EntryPoint, type Mode, entryOfUrl } from "./entry-point.ts";
import { isLoopback } from "./ip.ts";
import type { Verdict } from "./verdict.ts";
import { expectedMode } from "./usual-ports.ts";

/** What programs send as the user's name: the whole address, or what stands before the @. */
export type Login = "address" | "local-part";
export const logins: readonly Login[] = ["address", "local-part"];

/** What a configuration or a command line says of accounts. */
export interface AccountWish {
  /** A-labels; absent: the registrable domain of the host. */
  readonly domain?: string;
  /** Absent: the address. */
  readonly login?: Login;
}

/** Port 25 is between servers; LMTP and ManageSieve are no account's settings. */
const protocols = ["imap", "pop3", "submission"] as const;
export type AccountProtocol = (typeof protocols)[number];

export interface AccountEntry {
  readonly protocol: AccountProtocol;
  readonly mode: Mode;
  readonly host: string;
  readonly port: number;
}

export interface AccountEntries {
  /** One for each protocol and mode: IMAP, POP3, submission; TLS at once before STARTTLS. */
  readonly proven: readonly AccountEntry[];
  /** Known, and not seen to serve the certificate the last time: nobody is sent there, and nobody is told that there is none. */
  readonly unproven: readonly AccountEntry[];
}

export interface MailAccount extends AccountEntries {
  /** The part of the addresses after the @, as A-labels. */
  readonly domain: string;
  /** The name that the certificate is for: what programs connect to. */
  readonly host: string;
  readonly login: Login;
  /** Of one person, where one was named. */
  readonly address?: string;
}

interface Seen extends AccountEntry {
  readonly address: string;
  readonly verdict: Verdict;
}

const isAccountProtocol = (protocol: EntryPoint["protocol"]): protocol is AccountProtocol =>
  (protocols as readonly string[]).includes(protocol);

/** A port that speaks the other mode than programs expect of it is no advice to anybody. */
const isPlain = ({ port, mode }: AccountEntry): boolean => (expectedMode(port) ?? mode) === mode;

/** What one server was seen to offer for accounts. */
const seenBy = ({ entries, lastServed }: DeploymentRecord, host: string): readonly Seen[] => {
  const seen = entries.flatMap(({ url, address, verdict: now }) => {
    const place = entryOfUrl(url);
    // A server that does not run just now: what it did when it was last looked at counts.
    const verdict = now === "unobservable" && lastServed !== undefined ? "proven" : now;
    return place?.host === host ? [{ ...place, address, verdict }] : [];
  });
  const isInside = (port: number): boolean => !seen.some((one) => one.port === port && !isLoopback(one.address));
  // Of many certificates each asks a port at one address, loopback first (usecases/prove.ts): only where some port was asked at both kinds
  // does loopback alone mean that nobody outside gets there.
  const askedAtAll = seen.some(({ port, address }) => isLoopback(address) && !isInside(port));
  return seen.flatMap(({ protocol, ...rest }) => {
    const entry = isAccountProtocol(protocol) ? { ...rest, protocol } : undefined;
    return entry && isPlain(entry) && !(askedAtAll && isInside(entry.port)) ? [entry] : [];
  });
};

/** At every address that could be looked at. */
const isProven = (verdicts: readonly Verdict[]): boolean =>
  verdicts.includes("proven") && verdicts.every((verdict) => verdict === "proven" || verdict === "unobservable");

/** Of several ports of one service the usual one is the one to name; others are mostly there for a proxy in front of them. */
const best = (ports: readonly number[], proven: ReadonlySet<number>): number | undefined =>
  ports.find((port) => expectedMode(port) !== undefined) ?? ports.find((port) => proven.has(port)) ?? ports[0];

/** What `deployments` say of the entry points under `host`. */
export const accountEntries = (deployments: readonly DeploymentRecord[], host: string): AccountEntries => {
  const seen = deployments.flatMap((record) => seenBy(record, host));
  const found: Record<keyof AccountEntries, AccountEntry[]> = { proven: [], unproven: [] };
  for (const protocol of protocols) {
    for (const mode of ["implicit", "starttls"] as const) {
      const mine = seen.filter((one) => one.protocol === protocol && one.mode === mode);
      const ports = [...new Set(mine.map(({ port }) => port))].sort((a, b) => a - b);
      const proven = new Set(
        ports.filter((port) => isProven(mine.filter((one) => one.port === port).map(({ verdict }) => verdict))),
      );
      const port = best(ports, proven);
      if (port !== undefined) found[proven.has(port) ? "proven" : "unproven"].push({ protocol, mode, host, port });
    }
  }
  return found;
};

export const incomingOf = ({ proven }: Pick<AccountEntries, "proven">): readonly AccountEntry[] =>
  proven.filter(({ protocol }) => protocol !== "submission");

export const outgoingOf = ({ proven }: Pick<AccountEntries, "proven">): readonly AccountEntry[] =>
  proven.filter(({ protocol }) => protocol === "submission");
