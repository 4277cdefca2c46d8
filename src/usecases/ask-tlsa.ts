// The TLSA records of the entry points that verify looks at: each host and port once, beside the connections.
import { roleOf } from "../domain/entry-point.ts";
import { isIpName } from "../domain/names.ts";
import type { Target } from "../domain/targets.ts";
import type { Dns, TlsaLookup } from "../dns/dns.ts";

/** Other servers ask for port 25 alone; a resolver that is silent must not hold everything up. */
const deadlineMs = 5_000;

export type AskTlsa = (target: Pick<Target, "protocol" | "host" | "port">) => Promise<TlsaLookup | undefined>;

/** `dns` undefined: nobody is asked. */
export const tlsaAsker = (dns: (() => Promise<Dns>) | undefined, signal: AbortSignal): AskTlsa => {
  const asked = new Map<string, Promise<TlsaLookup | undefined>>();
  return ({ protocol, host, port }) => {
    if (dns === undefined || roleOf({ protocol }) !== "mta" || isIpName(host) || !host.includes("."))
      return Promise.resolve(undefined);
    const key = `${host} ${port}`;
    const known = asked.get(key);
    if (known) return known;
    const lookup = dns().then((resolver) => resolver.tlsa(host, port, { timeoutMs: deadlineMs, signal }));
    asked.set(key, lookup);
    return lookup;
  };
};
