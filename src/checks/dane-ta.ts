// DANE-TA: where only a 2 x x record fits, name and dates count as well (RFC 7672 §3.1.2).
import { certificateMatches } from "../domain/name-match.ts";
import type { CertificateFacts } from "../domain/certificate.ts";
import { anchoredPaths, matchedBy } from "../domain/tlsa.ts";
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

/** Of the anchor itself OpenSSL, and so Postfix, looks at the dates only where it is a root: RFC 5280 §6.1 asks for neither. */
const dated = (path: readonly CertificateFacts[]): readonly CertificateFacts[] =>
  path.at(-1)?.selfSigned === true ? path : path.slice(0, -1);

/** undefined: on one of the ways every certificate is within its dates. */
const outOfDate = (paths: readonly (readonly CertificateFacts[])[], now: Date): string | undefined => {
  const late = paths.map((path) => dated(path).find(({ notBefore, notAfter }) => now < notBefore || now > notAfter));
  const [first] = late;
  if (first === undefined || late.includes(undefined)) return undefined;
  return first === paths[0]?.[0]
    ? "it is not within its dates"
    : `its issuer ${first.subject || "(unnamed)"} is not within its dates`;
};

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
    const late = outOfDate(anchoredPaths(dane.records, dane.offer.chain ?? []), facts.now);
    const why = [
      ...(certificateMatches(leaf, host) ? [] : [`it is not for ${host}`]),
      ...(late === undefined ? [] : [late]),
    ];
    if (why.length === 0) return [];
    return say(base, facts.role, {
      message: `the certificate is pinned by its issuer only (2 x x at ${dane.owner}), and ${why.join(" and ")}`,
      hint: `add a record of the key itself, which asks for neither: \`${lineToPublish(dane)}\``,
    });
  },
};
