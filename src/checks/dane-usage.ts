// DANE: records that mail senders cannot use.
import { tlsaText, usable } from "../domain/tlsa.ts";
import type { EntryCheck } from "./check.ts";
import { say } from "./finding.ts";
import { tlsaKnown } from "./dane.ts";

const base = {
  id: "dane-usage",
  summary: "no TLSA record is of a kind that mail senders cannot use (usages 0 and 1, wrong lengths)",
  clients: "Nothing: senders pass such records over, and ask for TLS without looking at the certificate.",
  servers: "Publish 3 1 1 (the key), or 2 1 1 with a private CA whose root is served; take the others out.",
  reference: "RFC 7672 §3.1.3",
  severity: { mta: "warning", mua: "-", internal: "-" },
} as const;

export const daneUsage: EntryCheck = {
  ...base,
  scope: "entry",
  applies: tlsaKnown,
  judge: (facts) => {
    if (facts.tlsa?.kind !== "found") return [];
    const useless = facts.tlsa.records.filter((record) => !usable(record));
    if (useless.length === 0) return [];
    const shown = useless.slice(0, 4).map((record) => `"${tlsaText(record).slice(0, 60)}"`);
    return say(base, facts.role, {
      message: `${useless.length === 1 ? "a TLSA record" : `${useless.length} TLSA records`} at ${facts.tlsa.owner} cannot be used for mail: ${shown.join(", ")}`,
      hint: "publish 3 1 1 instead: usage 3 (the key itself), selector 1, SHA-256",
    });
  },
};
