// The certificate does not live longer than clients accept, nor, from a public CA, longer than public CAs may issue for.
import { appleDays, lifetimeDays, outlivesApple } from "../domain/lifetime.ts";
import type { EntryCheck } from "./check.ts";
import { say } from "./finding.ts";
import { sawLeaf } from "./seen.ts";

const base = {
  id: "cert-life",
  summary:
    "the certificate's lifetime is one that clients accept (825 days; from public CAs what the CA/B rules allow)",
  clients:
    "iPhones and Macs refuse a certificate that lives too long, whatever else is right about it; others take it.",
  servers:
    "Issue it for less: `mailcert setup NAME --days 397`, then `mailcert renew --force NAME`; renewal by the timer makes short lifetimes no burden.",
  reference: "support.apple.com/103769, CA/Browser Forum BR §6.3.2",
  severity: { mta: "-", mua: "warning", internal: "-" },
} as const;

/** BR §6.3.2: by the day of issue, newest first. */
const publicLimits: readonly (readonly [since: number, days: number])[] = [
  [Date.parse("2029-03-15T00:00:00Z"), 47],
  [Date.parse("2027-03-15T00:00:00Z"), 100],
  [Date.parse("2026-03-15T00:00:00Z"), 200],
  [Date.parse("2020-09-01T00:00:00Z"), 398],
];

export const certLife: EntryCheck = {
  ...base,
  scope: "entry",
  applies: sawLeaf,
  judge: (facts) => {
    const leaf = facts.chain[0];
    if (!leaf || base.severity[facts.role] === "-") return [];
    const days = lifetimeDays(leaf);
    const since = leaf.notBefore.getTime();
    if (outlivesApple(leaf)) {
      return say(base, facts.role, {
        message: `the certificate is valid for ${Math.floor(days)} days: Apple's programs refuse more than ${appleDays}, also from a private CA`,
        hint: "issue it for less: `mailcert setup NAME --days 397`, then `mailcert renew --force NAME`",
      });
    }
    const limit = publicLimits.find(([from]) => since >= from)?.[1];
    if (!leaf.logged || limit === undefined || days <= limit + 1) return [];
    return say(base, facts.role, {
      severity: "info",
      message: `the certificate is of a public CA and valid for ${Math.floor(days)} days, more than the ${limit} that public CAs may issue for: clients may refuse it`,
      hint: "ask the CA for one that keeps to the CA/Browser Forum's rules",
    });
  },
};
