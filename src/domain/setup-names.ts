// Names that setup is to serve and that nobody will find here: lookups in, findings out.
import type { Finding } from "./finding.ts";
import type { NameLookup } from "./doctor/names.ts";
import { dnsNameMatches } from "./name-match.ts";
import { few } from "./doctor/words.ts";

export interface CalledHere {
  /** This host's addresses. */
  readonly addresses: readonly string[];
  /** What it calls itself, where that can be a mail host's name. */
  readonly own?: string;
}

/** `done`: they are served already. A name that leads elsewhere is told where this host is not called by any of `names`: behind NAT every name leads elsewhere. */
export const namesNobodyFinds = (
  all: readonly NameLookup[],
  names: readonly string[],
  { addresses, own }: CalledHere,
  done: boolean,
): readonly Finding[] => {
  const other = own === undefined || names.some((name) => dnsNameMatches(name, own)) ? undefined : own;
  const called = other === undefined ? "" : `; this host is called ${other}`;
  const meant =
    other === undefined
      ? undefined
      : `where ${other} is meant${done ? ", take back what was changed, then" : ""}: \`mailcert setup ${other}\``;
  return all.flatMap(({ name, lookup }): readonly Finding[] => {
    if (lookup.kind === "none")
      return [
        {
          check: "doctor-name",
          severity: "warning",
          message: `${name} ${lookup.exists ? "has no address" : "does not exist in DNS"}: no client finds it${called}`,
          hint: `${meant === undefined ? "" : `${meant}; else `}give ${name} A and AAAA records${meant === undefined ? ", or correct its spelling" : ""}`,
        },
      ];
    if (lookup.kind !== "found" || meant === undefined) return [];
    if (lookup.addresses.some((address) => addresses.includes(address))) return [];
    return [
      {
        check: "doctor-name",
        severity: "info",
        message: `${name} leads to ${few(lookup.addresses)}, which is no address of this host${called}`,
        hint: `behind NAT that is as it should be; ${meant}`,
      },
    ];
  });
};
