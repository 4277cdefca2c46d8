// A domain's MTA-STS policy is one that senders find, understand, and keep for long enough.
import type { DomainCheck } from "./check.ts";
import { say } from "./finding.ts";

const base = {
  id: "sts-policy",
  summary: "the MTA-STS policy that a domain announces can be had, and says something",
  clients: "Nothing. Senders that have no policy deliver as without one, to whoever stands in between.",
  servers:
    "One TXT record `v=STSv1; id=...;` at `_mta-sts.DOMAIN`; the text at `https://mta-sts.DOMAIN/.well-known/mta-sts.txt`, without a redirect, with a publicly trusted certificate; a new id with each change.",
  reference: "RFC 8461 §3, §5",
  severity: { mta: "warning", mua: "-", internal: "-" },
} as const;

/** RFC 8461 §3.2: weeks or more. */
const shortAge = 7 * 86_400;

export const stsPolicy: DomainCheck = {
  ...base,
  scope: "domain",
  applies: ({ sts }) => sts !== undefined,
  judge: ({ domain, sts }) => {
    if (sts === undefined) return [];
    const text = `https://mta-sts.${domain}/.well-known/mta-sts.txt`;
    if (sts.kind === "unknown")
      return say(base, "mta", {
        message: `the MTA-STS policy of ${domain} could not be had: ${sts.why}`,
        hint: `see with \`curl -v ${text}\`: senders that have no copy yet deliver without it`,
      });
    if (sts.kind === "none") {
      if (sts.why === undefined) return [];
      return say(base, "mta", {
        message: `${domain} means to have an MTA-STS policy, and senders find none: ${sts.why}`,
        hint: `one record \`v=STSv1; id=20260101;\` at _mta-sts.${domain}, and at ${text} the lines version, mode, mx, max_age`,
      });
    }
    const { mode, maxAge } = sts.policy;
    if (sts.mediaType !== undefined)
      return say(base, "mta", {
        message: `the MTA-STS policy of ${domain} is sent as ${sts.mediaType}: senders are to take nothing but text/plain`,
        hint: `let the web server send \`Content-Type: text/plain\` for ${text} (RFC 8461 §3.3)`,
      });
    if (mode === "none")
      return say(base, "mta", {
        severity: "info",
        message: `the MTA-STS policy of ${domain} is \`mode: none\`: nobody insists on anything`,
      });
    if (mode === "testing")
      return say(base, "mta", {
        severity: "info",
        message: `the MTA-STS policy of ${domain} is \`mode: testing\`: what fails is reported and delivered all the same`,
        hint: "when reports (TLSRPT) have been clean for some weeks: `mode: enforce`, and a new id",
      });
    if (maxAge >= shortAge) return [];
    return say(base, "mta", {
      severity: "info",
      message: `the MTA-STS policy of ${domain} is kept for ${maxAge} seconds: whoever waits that long gets around it`,
      hint: "`max_age: 604800` (a week) or more, once all is well; and a new id",
    });
  },
};
