// DANE: with a record of the next key beside the present one, a key can be changed at any time.
import { matchedBy, usable } from "../domain/tlsa.ts";
import type { EntryCheck } from "./check.ts";
import { daneApplies, daneFacts } from "./dane.ts";
import { say } from "./finding.ts";

const base = {
  id: "dane-roll",
  summary: "a second TLSA record stands by for the next key, or for the issuer",
  clients: "Nothing, until the key has to be changed at once.",
  servers:
    "Keep a 3 1 1 record of the next key beside the present one (`mailcert issue --new-key` makes it and says the line); two TTLs later the key may be changed.",
  reference: "RFC 7671 §8.1, §8.4",
  severity: { mta: "info", mua: "-", internal: "-" },
} as const;

export const daneRoll: EntryCheck = {
  ...base,
  scope: "entry",
  applies: daneApplies,
  judge: (facts) => {
    const dane = daneFacts(facts);
    if (!dane) return [];
    const others = dane.records.filter(usable).length - matchedBy(dane.records, dane.offer).length;
    if (matchedBy(dane.records, dane.offer).length !== 1 || others > 0) return [];
    return say(base, facts.role, {
      message: `one TLSA record stands at ${dane.owner}: a new key has to wait until its own is published`,
      hint: "a renewal keeps the key and needs none",
    });
  },
};
