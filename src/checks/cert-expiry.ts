// The certificate is valid now and for a fair share of its lifetime. Renewal comes at a third; later than a quarter something is stuck.
import type { CertificateFacts } from "../domain/certificate.ts";
import { expiryLimits } from "../domain/expiry-limits.ts";
import type { Finding, Severity } from "../domain/finding.ts";
import { clean } from "../domain/text.ts";
import type { EntryCheck, EntryFacts } from "./check.ts";
import { pinnedByKey } from "./dane.ts";
import { say } from "./finding.ts";

const base = {
  id: "cert-expiry",
  summary: "the certificate is valid: warning under 1/4 of its lifetime, fault under 1/8",
  clients:
    '"The certificate has expired": every program complains, most stop. Mail from servers that check DANE or MTA-STS waits.',
  servers:
    "`mailcert renew` renews when it is due, and `mailcert schedule install` sees to it every hour. With the wrong date on one machine alone: `timedatectl`.",
  reference: "RFC 5280 §4.1.2.5",
  severity: { mta: "fault", mua: "fault", internal: "fault" },
} as const;

const day = 86_400_000;
const hour = 3_600_000;

/** `3 days`, `5 hours`: short certificates live for hours. */
const span = (ms: number): string => {
  const [count, unit] =
    ms >= 2 * day
      ? [Math.floor(ms / day), "day"]
      : ms >= hour
        ? [Math.floor(ms / hour), "hour"]
        : [Math.max(1, Math.floor(ms / 60_000)), "minute"];
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
};

const iso = (date: Date): string => date.toISOString().slice(0, 10);

const renewHint =
  "`mailcert renew` on the server, `mailcert status` says why it has not happened by itself; if it was renewed, the server still serves the old one: `doveadm reload`, `postfix reload`";

const leafSeverity = (facts: EntryFacts, left: number, lifetime: number): Severity | undefined => {
  const limits = expiryLimits(lifetime, facts.expiryDays);
  if (left < limits.fault) return pinnedByKey(facts) ? "warning" : "fault";
  return left < limits.warning ? "warning" : undefined;
};

const ofLeaf = (facts: EntryFacts, leaf: CertificateFacts): readonly Finding[] => {
  const now = facts.now.getTime();
  const left = leaf.notAfter.getTime() - now;
  if (left <= 0) {
    const expired = `the certificate expired ${span(-left)} ago (${iso(leaf.notAfter)})`;
    // Whoever follows MTA-STS has a finding of its own (sts-mx).
    return pinnedByKey(facts)
      ? say(base, facts.role, {
          severity: "warning",
          message: `${expired}: senders that check DANE deliver all the same, because a TLSA record pins the key itself; those that follow an MTA-STS policy do not`,
          hint: renewHint,
        })
      : say(base, facts.role, { message: expired, hint: renewHint });
  }
  const early = leaf.notBefore.getTime() - now;
  if (early > 0) {
    return say(base, facts.role, {
      message: `the certificate is valid only in ${span(early)} (from ${leaf.notBefore.toISOString()})`,
      hint: "one of the clocks is wrong: `timedatectl` here and on the machine that issued it",
    });
  }
  const lifetime = leaf.notAfter.getTime() - leaf.notBefore.getTime();
  const severity = leafSeverity(facts, left, lifetime);
  if (severity === undefined) return [];
  const eighth = left < expiryLimits(lifetime, facts.expiryDays).fault;
  const share = facts.expiryDays ? "" : `, under 1/${eighth ? 8 : 4} of its ${span(lifetime)}`;
  return say(base, facts.role, {
    severity,
    message: `the certificate ends in ${span(left)} (${iso(leaf.notAfter)})${share}`,
    hint: renewHint,
  });
};

/** Certificates above the leaf: only what has ended counts, and only as a fault where the path needs it. */
const ofIssuer = (facts: EntryFacts, certificate: CertificateFacts): readonly Finding[] => {
  const now = facts.now.getTime();
  if (certificate.notAfter.getTime() > now) return [];
  const needed = facts.observation.tls?.verifyError === "CERT_HAS_EXPIRED";
  return say(base, facts.role, {
    severity: needed ? "fault" : "warning",
    message: `the chain holds an expired certificate: ${clean(certificate.subject, 80) || "unnamed"}, since ${iso(certificate.notAfter)}`,
    hint: "the chain that the CA gives out has changed: `mailcert renew --force` on the server",
  });
};

export const certExpiry: EntryCheck = {
  ...base,
  scope: "entry",
  judge: (facts) => {
    const [leaf, ...issuers] = facts.chain;
    return leaf ? [...ofLeaf(facts, leaf), ...issuers.flatMap((certificate) => ofIssuer(facts, certificate))] : [];
  },
};
