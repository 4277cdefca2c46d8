// The CAA records of hosts whose certificate is publicly trusted: each host once, where DNS is asked anyway and answers.
import { isPublic } from "../checks/cert-caa.ts";
import type { EntryFacts } from "../checks/check.ts";
import { isIpName } from "../domain/names.ts";
import type { CaaLookup, Dns } from "../dns/dns.ts";

/** The climb to the top of the tree, all questions together. */
const deadlineMs = 5_000;

/** undefined: there is no reason to ask. Beside the TLSA records, whose lookup shows that somebody answers. */
export type AskCaa = (facts: EntryFacts) => Promise<CaaLookup | undefined>;

/** `dns` undefined: nobody is asked. */
export const caaAsker = (dns: (() => Promise<Dns>) | undefined, signal: AbortSignal): AskCaa => {
  const asked = new Map<string, Promise<CaaLookup>>();
  return (facts) => {
    const { host } = facts.observation.entry;
    const answers = facts.tlsa !== undefined && facts.tlsa.kind !== "unknown";
    if (dns === undefined || !answers || isIpName(host) || !isPublic(facts)) return Promise.resolve(undefined);
    const known = asked.get(host);
    if (known) return known;
    const lookup = dns().then((resolver) => resolver.caa(host, { timeoutMs: deadlineMs, signal }));
    asked.set(host, lookup);
    return lookup;
  };
};
