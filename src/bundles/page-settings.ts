// The rows of the page's table of settings: what an account needs, TLS at once first (RFC 8314 §3), in both vocabularies.
import { type EntryPoint, type ProtocolName, clientLabel } from "../domain/entry-point.ts";
import { displayName } from "../domain/names.ts";
import type { BundleMaterial } from "./bundle.ts";

export interface SettingsRow {
  readonly protocol: "imap" | "pop3" | "submission";
  readonly host: string;
  readonly port: number;
  readonly label: string;
  /** In programs that say "TLS" where they mean STARTTLS. */
  readonly old: string;
  /** The first for receiving, the first for sending. */
  readonly best: boolean;
}

type Entry = Pick<EntryPoint, "protocol" | "mode" | "host" | "port">;

const order: readonly ProtocolName[] = ["imap", "pop3", "submission"];
const rank = ({ protocol, mode }: Entry): number => order.indexOf(protocol) * 2 + (mode === "implicit" ? 0 : 1);
const wordOf = (protocol: ProtocolName): SettingsRow["protocol"] | undefined =>
  protocol === "imap" || protocol === "pop3" || protocol === "submission" ? protocol : undefined;

export const settingsRows = ({ entries }: Pick<BundleMaterial, "entries">): readonly SettingsRow[] => {
  const sorted = [...entries].sort((one, other) => rank(one) - rank(other) || one.port - other.port);
  const rows = sorted.flatMap(({ protocol, mode, host, port }) => {
    const word = wordOf(protocol);
    const old = mode === "implicit" ? "SSL" : "TLS";
    return word === undefined ? [] : [{ protocol: word, host: displayName(host), port, label: clientLabel(mode), old }];
  });
  const once = rows.filter(
    (row, index) => rows.findIndex((other) => JSON.stringify(other) === JSON.stringify(row)) === index,
  );
  const isSending = ({ protocol }: Pick<SettingsRow, "protocol">): boolean => protocol === "submission";
  return once.map((row) => ({ ...row, best: once.find((other) => isSending(other) === isSending(row)) === row }));
};
