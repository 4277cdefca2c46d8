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

export const settingsRows = ({ entries }: Pick<BundleMaterial, "entries">): readonly SettingsRow[] => {
  const sorted = [...entries].sort((one, other) => rank(one) - rank(other) || one.port - other.port);
  const rows = sorted.map(({ protocol, mode, host, port }) => ({
    protocol,
    host: displayName(host),
    port,
    label: clientLabel(mode),
    old: mode === "implicit" ? "SSL" : "TLS",
  }));
  const once = rows.filter(
    (row, index) => rows.findIndex((other) => JSON.stringify(other) === JSON.stringify(row)) === index,
  );
  const isSending = ({ protocol }: Pick<SettingsRow, "protocol">): boolean => protocol === "submission";
  return once.map((row) => ({ ...row, best: once.find((other) => isSending(other) === isSending(row)) === row }));
};
