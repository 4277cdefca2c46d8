// DANE: a secure TLSA record pins what is served, at every address and for each kind of key.
import { matchTlsa, usable } from "../domain/tlsa.ts";
import type { EntryCheck } from "./check.ts";
import { daneApplies, daneFacts, lineToPublish } from "./dane.ts";
import { say } from "./finding.ts";

const base = {
  id: "dane-match",
  summary: "the served certificate is one that the TLSA records in DNS pin (DANE)",
  clients:
    "Nothing is to be seen in mail programs; other servers that check DANE keep their mail back, and after days it comes back to whoever sent it.",
  servers:
    "Publish the record of the key that is served beside the present ones, wait two TTLs, and take the old one away then; or serve the old key again: `mailcert rollback`. mailcert keeps the key at renewals.",
  reference: "RFC 7672 §2.2, RFC 6698 §2.1",
  severity: { mta: "fault", mua: "-", internal: "-" },
} as const;

export const daneMatch: EntryCheck = {
  ...base,
  scope: "entry",
  applies: daneApplies,
  judge: (facts) => {
    const dane = daneFacts(facts);
    if (!dane || matchTlsa(dane.records, dane.offer) !== "mismatch") return [];
    const anchors = dane.records.some((record) => usable(record) && record.usage === 2);
    return say(base, facts.role, {
      message: `${dane.records.length === 1 ? `the TLSA record at ${dane.owner} does not pin` : `none of the ${dane.records.length} TLSA records at ${dane.owner} pins`} what is served here: servers that check DANE do not deliver`,
      hint: `add this record now: \`${lineToPublish(dane)}\`; or serve the key that is published (\`mailcert rollback\`, \`mailcert setup NAME --adopt-key FILE\`)${anchors ? "; a 2 x x record counts where the certificate that it pins is served, too, and has signed this one (RFC 7672 §3.1.2)" : ""}`,
    });
  },
};
