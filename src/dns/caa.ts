// The CAA records that count for a name (RFC 8659 §3): its own, else those of the closest domain above it that has some.
import type { CaaRecord } from "../domain/caa.ts";
import { clean } from "../domain/text.ts";
import { recordsOf } from "./alias.ts";
import type { Authoritative, RecordOf } from "./authoritative.ts";
import type { AskOptions, CaaLookup } from "./dns.ts";
import type { Resolver } from "./resolver.ts";

/** Bit 0 of the flags (RFC 8659 §4.1). */
const recordFrom = ({ data: { flags, issuerCritical, tag, value } }: RecordOf<"CAA">): CaaRecord => ({
  critical: issuerCritical ?? ((flags ?? 0) & 128) !== 0,
  tag,
  value,
});

/** The record set at `owner` as each authoritative server has it; what the resolver remembers may be hours old. */
export const lookUpCaaEverywhere = async (
  authoritative: Authoritative,
  owner: string,
  options: AskOptions,
): Promise<readonly (readonly CaaRecord[])[]> => {
  const asked = await authoritative.askAll(owner, "CAA", options);
  return asked.kind === "unknown"
    ? []
    : asked.replies.flatMap((reply) => (reply.kind === "answered" ? [reply.records.map(recordFrom)] : []));
};

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
      // So says a resolver that validates for what is bogus; a CA has to take it for a no (RFC 8659 §3, SC-085).
      if (rcode === "SERVFAIL") return { kind: "blocked", owner, why: rcode };
      if (rcode !== "NOERROR" && rcode !== "NXDOMAIN") return { kind: "unknown", why: `${owner}: ${rcode}` };
      const records = recordsOf(owner, "CAA", answers).map(recordFrom);
      if (records.length > 0) return { kind: "found", owner, records };
    }
    return { kind: "none" };
  } catch (error) {
    return { kind: "unknown", why: `${name}: ${clean((error as Error).message, 200)}` };
  }
};
