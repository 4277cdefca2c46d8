// The CAA records that count for a name (RFC 8659 §3): its own, else those of the closest domain above it that has some.
import { clean } from "../domain/text.ts";
import { recordsOf } from "./alias.ts";
import type { AskOptions, CaaLookup } from "./dns.ts";
import type { Resolver } from "./resolver.ts";

/** More than any zone has. */
const mostRecords = 64;

/** A resolver that validates says SERVFAIL for what is bogus; a CA has to take either for a no (RFC 8659 §3, SC-085). */
const refusing = new Set(["SERVFAIL", "REFUSED"]);

export const lookUpCaa = async (
  resolver: Resolver,
  name: string,
  { timeoutMs, signal }: AskOptions,
  ticks: () => number,
): Promise<CaaLookup> => {
  const until = ticks() + timeoutMs;
  const labels = name.replace(/^\*\./, "").split(".");
  try {
    for (let from = 0; from < labels.length; from += 1) {
      const owner = labels.slice(from).join(".");
      const left = Math.max(1, until - ticks());
      const { rcode, answers } = await resolver.ask(owner, "CAA", { timeoutMs: left, signal });
      if (refusing.has(rcode)) return { kind: "blocked", owner, why: rcode };
      if (rcode !== "NOERROR" && rcode !== "NXDOMAIN") return { kind: "unknown", why: `${owner}: ${rcode}` };
      const found = recordsOf(owner, "CAA", answers).slice(0, mostRecords);
      if (found.length === 0) continue;
      const records = found.map(({ data: { flags, issuerCritical, tag, value } }) => ({
        critical: issuerCritical ?? ((flags ?? 0) & 128) !== 0,
        tag: clean(tag, 100),
        value: clean(value, 1000),
      }));
      return { kind: "found", owner, records };
    }
    return { kind: "none" };
  } catch (error) {
    return { kind: "unknown", why: `${name}: ${clean((error as Error).message, 200)}` };
  }
};
