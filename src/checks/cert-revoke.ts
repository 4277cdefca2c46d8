// A certificate that demands an OCSP answer in every handshake ("must staple") gets one. That there is no OCSP or CRL address is no fault.
import type { EntryCheck } from "./check.ts";
import { say } from "./finding.ts";

const base = {
  id: "cert-revoke",
  summary: 'a certificate that demands an OCSP answer in the handshake ("must staple") comes with one',
  clients: "Programs that honour the demand refuse the certificate; others do not notice.",
  servers:
    'Mail servers cannot staple: neither Dovecot nor Postfix has a setting for it. Issue a certificate without the demand ("must staple"), which Let\'s Encrypt no longer makes since 2025.',
  reference: "RFC 7633 §4.2.3, RFC 6066 §8",
  severity: { mta: "info", mua: "warning", internal: "info" },
} as const;

export const certRevoke: EntryCheck = {
  ...base,
  scope: "entry",
  applies: ({ chain }) => chain.length > 0,
  judge: (facts) => {
    const leaf = facts.chain[0];
    if (!leaf?.mustStaple || facts.observation.tls?.stapled) return [];
    return say(base, facts.role, {
      message: 'the certificate demands an OCSP answer in every handshake ("must staple"), and the server sends none',
      hint: 'issue one without "must staple": `mailcert renew --force` where mailcert issued it, else leave the option out at the client that does; mail servers cannot staple',
    });
  },
};
