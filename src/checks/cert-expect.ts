// The leaf that the caller expects (--expect) is served.
import type { EntryCheck } from "./check.ts";
import { otherLeaf } from "./expected-leaf.ts";
import { say } from "./finding.ts";
import { sawCertificate } from "./seen.ts";

const base = {
  id: "cert-expect",
  summary: "the served leaf is the expected one (--expect)",
  clients: "Another certificate is shown than the one that you expect.",
  servers:
    "Reload the server, and look for settings that name other files: `doveconf -n | grep ssl`, `postconf -n | grep smtpd_tls`.",
  reference: "--expect",
  severity: { mta: "fault", mua: "fault", internal: "fault" },
} as const;

export const certExpect: EntryCheck = {
  ...base,
  scope: "entry",
  applies: (facts) => facts.expected?.kind === "given" && sawCertificate(facts),
  judge: (facts) => {
    const other = otherLeaf(facts, "given");
    if (other === undefined) return [];
    return say(base, facts.role, {
      message: `serves another certificate than expected (${facts.expected?.source ?? ""}): ${other}`,
      hint: "reload the server (`doveadm reload`, `postfix reload`) and run it again; if it stays, the server is configured with other files",
    });
  },
};
