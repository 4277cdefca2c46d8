// A port that is the usual one of another protocol or mode than the URL says: `imap://host:993`. Most often the scheme was mistyped.
import { type EntryPoint, type Mode, type ProtocolName, entryUrl } from "./entry-point.ts";
import type { PortTable } from "./usual-ports.ts";

/** What the port is usual for. */
export type Meant = Pick<EntryPoint, "protocol" | "mode">;

/** Undefined: the port is usual for what was asked, or for nothing that is known. */
export const meantFor = (target: Meant & { readonly port: number }, table: PortTable): Meant | undefined => {
  if (table[target.protocol].ports[target.mode] === target.port) return undefined;
  for (const protocol of Object.keys(table) as ProtocolName[]) {
    for (const mode of ["starttls", "implicit"] as const satisfies readonly Mode[]) {
      if (table[protocol].ports[mode] === target.port) return { protocol, mode };
    }
  }
  return undefined;
};

/** `imaps://mail.example.org:993` */
export const meantUrl = ({ host, port }: Pick<EntryPoint, "host" | "port">, meant: Meant): string =>
  entryUrl({ ...meant, host, port });

/** For a target whose scheme was mistyped. */
export const meantHint = (entry: Pick<EntryPoint, "host" | "port">, meant: Meant): string => {
  const right = meantUrl(entry, meant);
  return `port ${entry.port} is the usual one of ${right.replace(/:.*/, "")}: was \`mailcert verify ${right}\` meant?`;
};
