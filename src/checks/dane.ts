// What the DANE checks have in common: the secure TLSA records of an entry point, and what it offers them.
import { readFields } from "../domain/certificate-fields.ts";
import { matchedBy, tlsaFor, tlsaLine, type TlsaOffer, type TlsaRecord } from "../domain/tlsa.ts";
import type { EntryFacts } from "./check.ts";
import { sawLeaf } from "./seen.ts";

export interface DaneFacts {
  readonly owner: string;
  readonly records: readonly TlsaRecord[];
  readonly offer: TlsaOffer & { readonly spki: Uint8Array };
}

/** Senders' resolvers would know, as far as ours says; asked for port 25 alone, as senders do (usecases/ask-tlsa.ts). */
export const tlsaKnown = ({ tlsa }: EntryFacts): boolean => tlsa !== undefined && tlsa.kind !== "unknown";

export const daneApplies = (facts: EntryFacts): boolean => tlsaKnown(facts) && sawLeaf(facts);

/** undefined: there are no records that senders believe, or no certificate was seen. */
export const daneFacts = ({ tlsa, chain }: EntryFacts): DaneFacts | undefined => {
  const leaf = chain[0];
  if (tlsa?.kind !== "found" || !tlsa.secure || !leaf) return undefined;
  return {
    owner: tlsa.owner,
    records: tlsa.records,
    offer: { spki: readFields(leaf.der).spki, chain: chain.map(({ der }) => der) },
  };
};

/** The line that names the served key, to stand beside what is there. */
export const lineToPublish = ({ owner, records, offer }: DaneFacts): string =>
  tlsaLine(owner, tlsaFor(offer.spki, records));

/** A 3 x x record that senders believe pins what is served: they look at neither name nor dates (RFC 7672 §3.1.1). */
export const pinnedByKey = (facts: EntryFacts): boolean => {
  const dane = daneFacts(facts);
  return dane !== undefined && matchedBy(dane.records, dane.offer).some(({ usage }) => usage === 3);
};
