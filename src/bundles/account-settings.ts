// The lines of an account's settings, each in both vocabularies: "SSL/TLS" 993 and what older clients call it (servers-and-clients B7).
import { type EntryPoint, type Mode, type ProtocolName, clientLabel } from "../domain/entry-point.ts";
import { displayName } from "../domain/names.ts";
import type { BundleMaterial } from "./bundle.ts";

/** Outlook 2007-2016 and Gmail's web form say "TLS" where they mean STARTTLS. */
const oldLabel = (mode: Mode): string => (mode === "implicit" ? "SSL" : "TLS");

const words: Partial<Record<ProtocolName, string>> = { imap: "IMAP", pop3: "POP3", submission: "SMTP" };
const order: readonly ProtocolName[] = ["imap", "pop3", "submission"];

type Entry = Pick<EntryPoint, "protocol" | "mode" | "host" | "port">;

const line = ({ protocol, mode, host, port }: Entry, hostWidth: number): string =>
  [
    (words[protocol] ?? protocol).padEnd(4),
    displayName(host).padEnd(hostWidth),
    `port ${String(port).padEnd(5)}`,
    `"${clientLabel(mode)}"`.padEnd(10),
    `(old Outlook, Gmail: "${oldLabel(mode)}")`,
  ].join("  ");

export interface AccountSettings {
  readonly incoming: readonly string[];
  readonly outgoing: readonly string[];
}

/** Implicit TLS first: it is what RFC 8314 §3 recommends. Port 25 is between servers, LMTP and ManageSieve are no account's settings. */
export const accountSettings = ({ entries }: Pick<BundleMaterial, "entries">): AccountSettings => {
  const lines = (wanted: readonly ProtocolName[]): readonly string[] => {
    const chosen = entries.filter(({ protocol }) => wanted.includes(protocol));
    const rank = ({ protocol, mode }: Entry): number => order.indexOf(protocol) * 2 + (mode === "implicit" ? 0 : 1);
    const width = Math.max(0, ...chosen.map(({ host }) => displayName(host).length));
    return [
      ...new Set([...chosen].sort((a, b) => rank(a) - rank(b) || a.port - b.port).map((entry) => line(entry, width))),
    ];
  };
  return { incoming: lines(["imap", "pop3"]), outgoing: lines(["submission"]) };
};
