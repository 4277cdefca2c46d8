// DANE: where nobody can say whether there are TLSA records, senders that check it keep their mail.
import type { EntryCheck } from "./check.ts";
import { say } from "./finding.ts";

const base = {
  id: "dane-nxdomain",
  summary: "name servers answer for the host's TLSA records, also where there are none",
  clients:
    "Nothing is to be seen in mail programs; other servers that check DANE keep their mail back, and after days it comes back to whoever sent it.",
  servers:
    "Name servers have to say a signed no (NSEC, NSEC3) where there are no TLSA records; old ones, and firewalls between, drop the question or answer without signatures. A delegation below the host's name has to lead to servers that answer.",
  reference: "RFC 7672 §2.1.1, §2.1.2",
  severity: { mta: "fault", mua: "-", internal: "-" },
} as const;

export const daneNxdomain: EntryCheck = {
  ...base,
  scope: "entry",
  applies: ({ tlsa }) => tlsa !== undefined && (tlsa.kind !== "unknown" || tlsa.failed !== undefined),
  judge: ({ tlsa, role, observation }) => {
    if (tlsa?.kind !== "unknown" || tlsa.failed === undefined) return [];
    const { host } = observation.entry;
    const { owner, signed, silent } = tlsa.failed;
    const failing = silent
      ? `name servers do not answer in time for the TLSA records at ${owner}`
      : `name servers fail for the TLSA records at ${owner} (SERVFAIL)`;
    return say(base, role, {
      // Whose fault silence is cannot be seen from here.
      ...(signed && !silent ? {} : { severity: "warning" as const }),
      message: signed
        ? `${failing}, while the address of ${host} is signed: senders that check DANE keep their mail back`
        : `${failing}: where the address of ${host} is signed (nobody here could say), senders that check DANE keep their mail back`,
      hint: `see \`dig +dnssec ${owner} TLSA\` and \`delv ${owner} TLSA\`: signatures that have run out, a delegation that leads nowhere, a name server that does not know the type`,
    });
  },
};
