// What people type into their mail programs: the entry points that were proven or soon will be, the recommended ones first.
import { type EntryPoint, clientLabel } from "../domain/entry-point.ts";
import { isWildcard } from "../domain/names.ts";
import type { ProvedEntry } from "../usecases/prove.ts";
import { expectedMode } from "../domain/usual-ports.ts";
import type { DeployResult } from "../usecases/deployment.ts";
import { nameForPeople } from "./names.ts";
import { table } from "./table.ts";

/** Implicit TLS before STARTTLS (RFC 8314 §3), IMAP before POP3; other ports (Dovecot's 2000) are not for people. */
const order: readonly number[] = [993, 465, 995, 587, 143, 110, 4190];
const receiving: readonly number[] = [993, 143, 995, 110];
const sending: readonly number[] = [465, 587];

const words: Readonly<Record<EntryPoint["protocol"], string>> = {
  imap: "IMAP",
  pop3: "POP3",
  smtp: "SMTP",
  submission: "SMTP (sending)",
  lmtp: "LMTP",
  sieve: "ManageSieve",
  nntp: "NNTP",
  "xmpp-client": "XMPP",
  "xmpp-server": "XMPP (servers)",
  ldap: "LDAP",
  ftp: "FTP",
};

/** Outlook before 2019 and Gmail's form say "TLS" for STARTTLS; neither knows ManageSieve. */
const oldWord = ({ protocol, mode }: EntryPoint): string => {
  if (mode === "implicit") return 'old programs: "SSL"';
  return protocol === "sieve" ? "" : 'old Outlook: "TLS"';
};

/** The name to be typed: a wildcard is none. */
export const serverName = (names: readonly string[]): string => {
  const host = names.find((name) => !isWildcard(name));
  return host === undefined ? `a name of this host that ${names[0] ?? ""} covers` : nameForPeople(host);
};

/** `all`: every server of this host was looked at. Empty where nothing was proven that people connect to. */
export const clientSettings = ({ entries, generation }: DeployResult, all: boolean): readonly string[] => {
  // A port that speaks the other mode than programs expect of it is no advice to anybody (wrap-misuse).
  const at = (wanted: ProvedEntry["verdict"]): ReadonlyMap<number, EntryPoint> =>
    new Map(
      entries.flatMap(({ verdict, entry }) =>
        verdict === wanted && order.includes(entry.port) && expectedMode(entry.port) === entry.mode
          ? [[entry.port, entry] as const]
          : [],
      ),
    );
  const proven = at("proven");
  if (proven.size === 0) return [];
  // One that has another certificate still is as good a port as it will be: nobody is to be sent to a worse one for that.
  const byPort = new Map([...at("stale"), ...proven]);
  const best = receiving.find((port) => byPort.has(port));
  const bestSending = sending.find((port) => byPort.has(port));
  const mark = (port: number): string => {
    const advice = port === best ? "<- take this one" : port === bestSending ? "<- for sending" : "";
    return proven.has(port) ? advice : `${advice} (not yet)`.trim();
  };
  const rows = order.flatMap((port) => {
    const entry = byPort.get(port);
    return entry ? [[words[entry.protocol], String(port), clientLabel(entry.mode), oldWord(entry), mark(port)]] : [];
  });
  const has = (protocol: EntryPoint["protocol"]): boolean => entries.some(({ entry }) => entry.protocol === protocol);
  const nowhere = !has("submission") && (all || has("smtp"));
  return [
    `Settings for mail programs (server: ${serverName(generation.names)}):`,
    table(rows, "  "),
    ...(byPort.size > proven.size ? ["  (not yet): it has another certificate until the faults above are mended"] : []),
    ...(nowhere ? ["  Sending: not offered on this host (neither port 465 nor 587)"] : []),
  ];
};
