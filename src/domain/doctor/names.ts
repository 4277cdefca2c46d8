// What DNS says of the names, and whether this host's resolver answers at all: lookups in, findings out.
import type { DoctorFinding, Looked } from "./finding.ts";
import { few } from "./words.ts";

export interface NameLookup {
  readonly name: string;
  readonly lookup:
    | { readonly kind: "found"; readonly addresses: readonly string[] }
    | { readonly kind: "none"; readonly exists: boolean; readonly unconfirmed?: true }
    | { readonly kind: "unknown"; readonly why: string };
}

/** `needed`: a CA has to be able to look them up from here's point of view; then those that are found or missing are pre-flight's to judge. */
export const namesLooked = (all: readonly NameLookup[], own: readonly string[], needed: boolean): Looked => {
  const unknown = all.filter(({ lookup }) => lookup.kind === "unknown");
  const silent = all.length > 0 && unknown.length === all.length;
  const findings: DoctorFinding[] = [];
  if (silent && needed)
    findings.push({
      check: "doctor-resolver",
      severity: "fault",
      message: `this host's resolver does not answer: nobody could say where ${few(all.map(({ name }) => name))} lead${all.length === 1 ? "s" : ""}`,
      hint: "correct the name servers in /etc/resolv.conf; `getent hosts example.org` tells whether they answer",
    });
  const unseen = silent && !needed ? ["where the names lead: no resolver of this host answers"] : [];
  if (silent || needed) return { findings, well: [], unseen };
  for (const { name, lookup } of all) {
    if (lookup.kind === "unknown") unseen.push(`where ${name} leads: nobody could say (${lookup.why})`);
    if (lookup.kind === "none")
      findings.push({
        check: "doctor-name",
        severity: "warning",
        message: `${name} has no address: no client finds it`,
        hint: "give it A and AAAA records, or take it out of the configuration",
      });
  }
  const found = all.flatMap(({ name, lookup }) =>
    lookup.kind === "found" ? [{ name, addresses: lookup.addresses }] : [],
  );
  const here = found.filter(({ addresses }) => addresses.every((address) => own.includes(address)));
  const elsewhere = found.filter((one) => !here.includes(one));
  if (elsewhere.length > 0)
    findings.push({
      check: "doctor-name",
      severity: "info",
      message: `${few(elsewhere.map(({ name, addresses }) => `${name} leads to ${few(addresses)}`))}, which is no address of this host`,
      hint: "behind NAT that is as it should be; else correct A and AAAA",
    });
  return {
    findings,
    well: here.length > 0 ? [`${few(here.map(({ name }) => name))} lead${here.length === 1 ? "s" : ""} here`] : [],
    unseen,
  };
};
