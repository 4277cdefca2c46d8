// A certificate that demands an OCSP answer in every handshake ("must staple") gets one that is worth something, and none says "revoked".
// That there is no OCSP or CRL address is no fault.
import { issuedBy } from "../domain/chain.ts";
import type { Finding, Severity } from "../domain/finding.ts";
import { judgeOcsp } from "../domain/ocsp.ts";
import type { EntryCheck, EntryFacts } from "./check.ts";
import { say } from "./finding.ts";
import { sawLeaf } from "./seen.ts";

const base = {
  id: "cert-revoke",
  summary: 'an OCSP answer comes where the certificate demands one ("must staple"), and does not say "revoked"',
  clients:
    "Programs that honour the demand refuse the certificate, and those that read the answer one that is revoked.",
  servers:
    'Mail servers cannot staple: neither Dovecot nor Postfix has a setting for it. Issue a certificate without the demand ("must staple"), which Let\'s Encrypt no longer makes since 2025.',
  reference: "RFC 7633 §4.2.3, RFC 6066 §8, RFC 6960 §4.2.1",
  severity: { mta: "warning", mua: "fault", internal: "warning" },
} as const;

/** Few programs honour the demand. */
const lesser = ({ role }: EntryFacts): { readonly severity: Severity } => ({
  severity: role === "mua" ? "warning" : "info",
});

const demand = 'the certificate demands an OCSP answer in every handshake ("must staple")';
const without =
  'issue one without "must staple": `mailcert renew --force` where mailcert issued it, else leave the option out at the client that does; mail servers cannot staple';

const ofAnswer = (facts: EntryFacts, answer: Buffer): readonly Finding[] => {
  const [leaf, ...others] = facts.chain;
  if (!leaf) return [];
  const issuer = others.find((one) => issuedBy(leaf, one));
  const verdict = judgeOcsp(answer, leaf, issuer, facts.now);
  if (verdict.kind === "good") return [];
  if (verdict.kind === "revoked")
    return say(base, facts.role, {
      message: `the CA has revoked the certificate (${verdict.at.toISOString().slice(0, 10)}), and the server itself says so with every handshake`,
      hint: "issue another one, with a new key where the old one got out: `mailcert issue --new-key`, then `mailcert deploy`",
    });
  const why = `the one that the server sends ${verdict.why}`;
  if (leaf.mustStaple)
    return say(base, facts.role, { ...lesser(facts), message: `${demand}, and ${why}`, hint: without });
  return say(base, facts.role, {
    severity: "info",
    message: `an OCSP answer comes with the handshake that is of no use: ${why}`,
    hint: "let what ends TLS there fetch a fresh one, or switch stapling off: some programs refuse a bad answer",
  });
};

export const certRevoke: EntryCheck = {
  ...base,
  scope: "entry",
  applies: sawLeaf,
  judge: (facts) => {
    const answer = facts.observation.tls?.stapled;
    if (answer) return ofAnswer(facts, answer);
    return facts.chain[0]?.mustStaple
      ? say(base, facts.role, { ...lesser(facts), message: `${demand}, and the server sends none`, hint: without })
      : [];
  },
};
