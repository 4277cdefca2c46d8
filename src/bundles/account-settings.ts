// The lines of an account's settings, each in both vocabularies: "SSL/TLS" 993 and what older clients call it (servers-and-clients B7).
import { type Mode, clientLabel } from "../domain/entry-point.ts";
import { type AccountEntry, type AccountProtocol, incomingOf, outgoingOf } from "../domain/mail-account.ts";
import { displayName } from "../domain/names.ts";
import type { BundleMaterial } from "./bundle.ts";

/** Outlook 2007-2016 and Gmail's web form say "TLS" where they mean STARTTLS. */
const oldLabel = (mode: Mode): string => (mode === "implicit" ? "SSL" : "TLS");

const words: Readonly<Record<AccountProtocol, string>> = { imap: "IMAP", pop3: "POP3", submission: "SMTP" };

const line = ({ protocol, mode, host, port }: AccountEntry, hostWidth: number): string =>
  [
    words[protocol].padEnd(4),
    displayName(host).padEnd(hostWidth),
    `port ${String(port).padEnd(5)}`,
    `"${clientLabel(mode)}"`.padEnd(10),
    `(old Outlook, Gmail: "${oldLabel(mode)}")`,
  ].join("  ");

export interface AccountSettings {
  readonly incoming: readonly string[];
  readonly outgoing: readonly string[];
}

const lines = (entries: readonly AccountEntry[]): readonly string[] => {
  const width = Math.max(0, ...entries.map(({ host }) => displayName(host).length));
  return entries.map((entry) => line(entry, width));
};

/** In the order of `entries`: TLS at once first, which is what RFC 8314 §3 recommends. */
export const accountSettings = ({ entries: proven }: Pick<BundleMaterial, "entries">): AccountSettings => ({
  incoming: lines(incomingOf({ proven })),
  outgoing: lines(outgoingOf({ proven })),
});
