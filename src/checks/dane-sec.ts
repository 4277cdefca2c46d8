// DANE: TLSA records that DNSSEC does not vouch for are as if they were not there.
import type { EntryCheck } from "./check.ts";
import { say } from "./finding.ts";
import { tlsaKnown } from "./dane.ts";

const base = {
  id: "dane-sec",
  summary: "TLSA records are signed (DNSSEC), so that senders believe them",
  clients: "Nothing: senders do not look at the records, and deliver as without DANE.",
  servers:
    "Sign the zone and its way up to the root: the registrar has to publish the DS record. Look with `delv HOST`.",
  reference: "RFC 7672 §2.1",
  severity: { mta: "warning", mua: "-", internal: "-" },
} as const;

export const daneSec: EntryCheck = {
  ...base,
  scope: "entry",
  applies: tlsaKnown,
  judge: (facts) => {
    const unsigned = facts.mxOf?.find(({ mx }) => mx !== undefined && mx.kind !== "unknown" && !mx.secure);
    if (facts.tlsa?.kind === "found" && facts.tlsa.secure && unsigned)
      return say(base, facts.role, {
        message: `the TLSA records at ${facts.tlsa.owner} are signed, and the MX records of ${unsigned.domain} are not, so far as can be seen from here: senders do not look at the TLSA records for its mail`,
        hint: `sign ${unsigned.domain} with DNSSEC too (RFC 7672 §2.2.1); a resolver that does not validate cannot tell`,
      });
    return facts.tlsa?.kind === "found" && !facts.tlsa.secure
      ? say(base, facts.role, {
          message: `there are TLSA records at ${facts.tlsa.owner}, and no validating resolver vouches for them from here`,
          hint: "with a validating resolver on this machine (unbound; nameserver 127.0.0.1 in /etc/resolv.conf) this is certain: where it stays, the zone is not signed or its DS record is missing",
        })
      : [];
  },
};
