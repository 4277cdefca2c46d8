// An MX host keeps what its domain's MTA-STS policy promises: it is listed, offers TLS, and its certificate is publicly trusted for its name.
import type { Finding } from "../domain/finding.ts";
import { stsCovers } from "../domain/mta-sts.ts";
import { certificateMatches } from "../domain/name-match.ts";
import type { DomainFacts, EntryCheck, EntryFacts } from "./check.ts";
import { say } from "./finding.ts";
import { sawServer } from "./seen.ts";

const base = {
  id: "sts-mx",
  summary: "an MX host keeps what the MTA-STS policy of its domain promises",
  clients: "Mail from large providers (which follow MTA-STS) stays away, and comes back to its senders after days.",
  servers:
    "Every MX host on an `mx:` line, STARTTLS on port 25, and a publicly trusted certificate with the host's name, renewed in time. In trouble: `mode: testing` or `none`, and a new id; senders keep the old one for max_age.",
  reference: "RFC 8461 §4.1, §4.2",
  severity: { mta: "fault", mua: "-", internal: "-" },
} as const;

type Policies = readonly {
  readonly domain: string;
  readonly policy: Extract<DomainFacts["sts"], { kind: "found" }>["policy"];
}[];

const policiesOf = ({ mxOf }: EntryFacts): Policies =>
  (mxOf ?? []).flatMap(({ domain, sts }) =>
    sts?.kind === "found" && sts.policy.mode !== "none" ? [{ domain, policy: sts.policy }] : [],
  );

/** What a sender that follows a policy stumbles over, and what mends it. undefined: nothing. */
const obstacle = (facts: EntryFacts): readonly [string, string] | undefined => {
  const { observation, chain, ownRoots } = facts;
  const { entry, error, tls } = observation;
  const leaf = chain[0];
  if (tls && !leaf)
    return ["serves a certificate that cannot be read", "issue it again: `mailcert renew --force` there"];
  if (!leaf || !tls) {
    // Whoever does not come that far says nothing about the policy.
    if (error?.stage !== "starttls" && error?.stage !== "handshake") return undefined;
    return ["gives no TLS", "first see to STARTTLS: the finding above says what is in its way"];
  }
  if (!certificateMatches(leaf, entry.host))
    return [
      `serves a certificate without its name (${leaf.dnsNames.slice(0, 3).join(", ") || "no names"})`,
      `a certificate for ${entry.host}: \`mailcert setup ${entry.host} --issuer letsencrypt\` there`,
    ];
  if (tls.verifyError !== undefined)
    return [
      `serves a certificate that is not trusted (${tls.verifyError})`,
      `a publicly trusted chain, complete and in time: \`mailcert setup ${entry.host} --issuer letsencrypt\` there`,
    ];
  const root = chain.at(-1);
  if (root && ownRoots?.includes(root.sha256))
    return [
      "serves a certificate of this host's own CA, which other servers do not know",
      `a publicly trusted certificate: \`mailcert setup ${entry.host} --issuer letsencrypt\``,
    ];
  return undefined;
};

export const stsMx: EntryCheck = {
  ...base,
  scope: "entry",
  applies: (facts) => policiesOf(facts).length > 0 && sawServer(facts),
  judge: (facts) => {
    const { host } = facts.observation.entry;
    const stumbled = obstacle(facts);
    return policiesOf(facts).flatMap(({ domain, policy }): readonly Finding[] => {
      const severity = policy.mode === "enforce" ? "fault" : "warning";
      const follows =
        policy.mode === "enforce"
          ? "senders that follow it do not deliver here"
          : "with `mode: enforce` it would get no mail from senders that follow it";
      const listed = stsCovers(policy, host)
        ? []
        : say(base, facts.role, {
            severity,
            message: `the MTA-STS policy of ${domain} does not list ${host}: ${follows}`,
            hint: `add \`mx: ${host}\` to https://mta-sts.${domain}/.well-known/mta-sts.txt, then change the id at _mta-sts.${domain}`,
          });
      const kept = stumbled
        ? say(base, facts.role, {
            severity,
            message: `${host} ${stumbled[0]}, against the MTA-STS policy of ${domain} (\`mode: ${policy.mode}\`): ${follows}`,
            hint: stumbled[1],
          })
        : [];
      return [...listed, ...kept];
    });
  },
};
