// DANE-TA: where only a 2 x x record fits, name and dates count as well (RFC 7672 §3.1.2).
import { certificateMatches } from "../domain/name-match.ts";
import { matchedBy } from "../domain/tlsa.ts";
import type { EntryCheck } from "./check.ts";
import { daneApplies, daneFacts, lineToPublish } from "./dane.ts";
import { say } from "./finding.ts";

const base = {
  id: "dane-ta",
  summary: "what only a 2 x x record pins (DANE-TA) has the host's name and is within its dates",
  clients: "Nothing is to be seen in mail programs; other servers that check DANE keep their mail back.",
  servers:
    "Publish the key itself (3 1 1), or serve a certificate with the host's name that has not expired: `mailcert renew --force`.",
  reference: "RFC 7672 §3.1.2, §3.2",
  severity: { mta: "fault", mua: "-", internal: "-" },
} as const;

export const daneTa: EntryCheck = {
  ...base,
  scope: "entry",
  applies: daneApplies,
  judge: (facts) => {
    const dane = daneFacts(facts);
    const [leaf] = facts.chain;
    if (!dane || !leaf) return [];
    const matched = matchedBy(dane.records, dane.offer);
    if (matched.length === 0 || matched.some(({ usage }) => usage === 3)) return [];
    const { host } = facts.observation.entry;
    const why = [
      ...(certificateMatches(leaf, host) ? [] : [`it is not for ${host}`]),
      ...(facts.now < leaf.notBefore || facts.now > leaf.notAfter ? ["it is not within its dates"] : []),
    ];
    if (why.length === 0) return [];
    return say(base, facts.role, {
      message: `the certificate is pinned by its issuer only (2 x x at ${dane.owner}), and ${why.join(" and ")}`,
      hint: `add a record of the key itself, which asks for neither: ${lineToPublish(dane)}`,
    });
  },
};
