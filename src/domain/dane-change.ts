// What is published for keys that are not served: one that waits for its record, and those that were given up. Facts in, findings out.
import type { GenerationRecord } from "../store/store.ts";
import type { DaneHold } from "./dane-memory.ts";
import { sha256Hex } from "./fingerprint.ts";
import type { Finding } from "./finding.ts";
import { clean } from "./text.ts";
import { type TlsaRecord, tlsaLine, tlsaText } from "./tlsa.ts";
import { utcMinute } from "./utc-minute.ts";

interface Published {
  readonly owner: string;
  readonly records: readonly TlsaRecord[];
}

/** SHA-512 of a key that is gone cannot be told from another's. */
const names = ({ selector, matchingType, data }: TlsaRecord, { leaves }: GenerationRecord): boolean => {
  const digest = matchingType === 0 ? sha256Hex(Buffer.from(data, "hex")) : data;
  return Object.values(leaves).some(({ sha256, spkiSha256 }) => digest === (selector === 1 ? spkiSha256 : sha256));
};

/** `retired`: generations with a compromised key that is served no more. Whoever has that key passes for this host as long as the record stands. */
export const retiredFindings = (
  { owner, records }: Published,
  retired: readonly GenerationRecord[],
): readonly Finding[] =>
  records
    .filter((record) => record.usage === 3 && retired.some((generation) => names(record, generation)))
    .map((record) => ({
      check: "dane-retired",
      severity: "warning",
      message: `a TLSA record at ${owner} is for a key that was given up as compromised: senders that check DANE believe whoever has it`,
      hint: `take it out: \`${clean(tlsaLine(owner, record), 300)}\``,
      reference: "RFC 7671 §8.1",
    }));

/** The key that waits. */
export const waitingFindings = ({ owner, records }: Published, held: DaneHold | undefined): readonly Finding[] =>
  (held?.publish ?? [])
    .filter((one) => one.owner === owner)
    .map(({ record }): Finding => {
      const there = records.some((one) => tlsaText(one) === tlsaText(record));
      const from =
        held?.until === undefined ? "once a run has seen it for two TTLs" : `from ${utcMinute(held.until)} on`;
      return there
        ? {
            check: "dane-next",
            severity: "info",
            message: `the record of the key that waits is at ${owner}: it is served ${from}`,
          }
        : {
            check: "dane-next",
            severity: "warning",
            message: `a new key waits for its TLSA record at ${owner}`,
            hint: `publish, beside what is there: \`${tlsaLine(owner, record)}\``,
            reference: "RFC 7671 §8.1",
          };
    });
