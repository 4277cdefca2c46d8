// The certificate is valid now and for a fair share of its lifetime. Renewal comes at a third; later than a quarter something is stuck.
import type { CertificateFacts } from "../domain/certificate.ts";
import { expiryLimits } from "../domain/expiry-limits.ts";
import type { Finding, Severity } from "../domain/finding.ts";
import { clean } from "../domain/text.ts";
import type { EntryCheck, EntryFacts } from "./check.ts";
import { isAboutTime } from "./about-time.ts";
import { pinnedByKey } from "./dane.ts";
import { say } from "./finding.ts";
import { sawLeaf } from "./seen.ts";

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
      message: `the certificate is not valid yet: it begins in ${span(early)} ( ${leaf.notBefore.toISOString()})`,
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

interface OutOfDate {
  readonly how: "expired" | "not yet valid";
  /** `CN=Root, since 2026-11-20` */
  readonly which: string;
}

/** How an issuer, or the anchor, is out of its dates; undefined: it is not. */
const outOfDate = ({ subject, notBefore, notAfter }: CertificateFacts, now: Date): OutOfDate | undefined => {
  const name = clean(subject, 80) || "unnamed";
  if (notAfter < now) return { how: "expired", which: `${name}, since ${iso(notAfter)}` };
  return notBefore > now ? { how: "not yet valid", which: `${name}, before ${notBefore.toISOString()}` } : undefined;
};

/** Certificates above the leaf: a fault only where the path needs them. */
const ofIssuer = (facts: EntryFacts, certificate: CertificateFacts): readonly Finding[] => {
  const late = outOfDate(certificate, facts.now);
  if (late === undefined) return [];
  const refused = isAboutTime(facts.observation.tls?.verifyError);
  // A chain that leads nowhere is not kept from it by a date.
  const path = facts.path?.anchored ? facts.path.members : [];
  // Where our way is within its dates and OpenSSL's is not, it went by this one.
  const needed = path.some((one) => outOfDate(one, facts.now))
    ? path.some(({ sha256 }) => sha256 === certificate.sha256)
    : refused;
  return say(base, facts.role, {
    severity: needed ? "fault" : "warning",
    message:
      late.how === "expired"
        ? `the chain holds an expired certificate: ${late.which}`
        : `the chain holds a certificate that is not yet valid: ${late.which}`,
    hint:
      late.how === "expired"
        ? "the chain that the CA gives out has changed: `mailcert renew --force` on the server"
        : "one of the clocks is wrong: `timedatectl` here and on the machine that issued it",
  });
};

/** What the path needs and the server does not send: most often the root, which clients have. */
const ofUnsent = (facts: EntryFacts): readonly Finding[] => {
  const sent = new Set(facts.chain.map(({ sha256 }) => sha256));
  return (facts.path?.members ?? []).flatMap((certificate) => {
    const late = sent.has(certificate.sha256) ? undefined : outOfDate(certificate, facts.now);
    if (late === undefined) return [];
    return say(base, facts.role, {
      message: `the ${certificate.selfSigned ? "root" : "issuer"} that is trusted here ${late.how === "expired" ? "has expired" : "is not yet valid"} (${late.which}): every client refuses what leads to it`,
      hint: "a CA of your own needs a new root, which every client has to import (`mailcert bundle --out DIR`); of a public CA: `mailcert renew --force` on the server, and bring this machine's roots up to date (ca-certificates)",
    });
  });
};

/** Whatever we may have overlooked: OpenSSL's word counts for clients. */
const ofNobody = (facts: EntryFacts): readonly Finding[] => {
  const error = facts.observation.tls?.verifyError;
  const late = [...facts.chain, ...(facts.path?.members ?? [])].some((one) => outOfDate(one, facts.now));
  if (!isAboutTime(error) || late) return [];
  return say(base, facts.role, {
    message: `OpenSSL refuses the chain for a date: a certificate of it ${error === "CERT_HAS_EXPIRED" ? "has expired" : "is not yet valid"}`,
    hint: "compare the clocks (`timedatectl`), and look at what is served: `openssl s_client -showcerts`",
  });
};

export const certExpiry: EntryCheck = {
  ...base,
  scope: "entry",
  applies: (facts) => sawLeaf(facts) || isAboutTime(facts.observation.tls?.verifyError),
  judge: (facts) => {
    const [leaf, ...issuers] = facts.chain;
    return [
      ...(leaf ? ofLeaf(facts, leaf) : []),
      ...issuers.flatMap((certificate) => ofIssuer(facts, certificate)),
      ...ofUnsent(facts),
      ...ofNobody(facts),
    ];
  },
};
