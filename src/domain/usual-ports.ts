// Where each protocol is usually found (IANA's service names and ports), and which are looked at on a bare host name.
import { type Mode, type ProtocolName, type Scheme, schemeOf } from "./entry-point.ts";

export interface UsualPlace {
  readonly ports: Readonly<Partial<Record<Mode, number>>>;
  /** Not one of the entry points that a bare host name stands for: named by URL, --entry or --port. */
  readonly onlyWhenNamed?: true;
}

/** Usual ports by protocol and mode: the registry of protocols, or the table below. */
export type PortTable = Readonly<Record<ProtocolName, UsualPlace>>;

export const usualPorts = {
  imap: { ports: { starttls: 143, implicit: 993 } },
  pop3: { ports: { starttls: 110, implicit: 995 } },
  smtp: { ports: { starttls: 25 } },
  submission: { ports: { starttls: 587, implicit: 465 } },
  lmtp: { ports: { starttls: 24 }, onlyWhenNamed: true },
  sieve: { ports: { starttls: 4190 } },
  nntp: { ports: { starttls: 119, implicit: 563 }, onlyWhenNamed: true },
  "xmpp-client": { ports: { starttls: 5222, implicit: 5223 }, onlyWhenNamed: true },
  "xmpp-server": { ports: { starttls: 5269, implicit: 5270 }, onlyWhenNamed: true },
  ldap: { ports: { starttls: 389, implicit: 636 }, onlyWhenNamed: true },
  ftp: { ports: { starttls: 21, implicit: 990 }, onlyWhenNamed: true },
} as const satisfies PortTable;

/** Every protocol and mode that has a usual port. */
export const schemesOf = (table: PortTable): readonly Scheme[] =>
  (Object.keys(table) as ProtocolName[]).flatMap((protocol) =>
    (["starttls", "implicit"] as const)
      .filter((mode) => table[protocol].ports[mode] !== undefined)
      .map((mode) => ({ protocol, mode })),
  );

/** Their words, as URLs and --entry have them: `imap`, `imaps`, ... */
export const schemeWords = (table: PortTable = usualPorts): readonly string[] => schemesOf(table).map(schemeOf);

/** The mode that clients expect of a port, whatever is behind it; undefined: no port of mail's. */
export const expectedMode = (port: number): Mode | undefined => {
  for (const { ports } of Object.values<UsualPlace>(usualPorts))
    for (const mode of ["implicit", "starttls"] as const) if (ports[mode] === port) return mode;
  return undefined;
};
