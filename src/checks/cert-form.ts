// All that the server sent can be read: what cannot be read is judged by nobody else, and clients differ in what they make of it.
import type { CertificateFacts } from "../domain/certificate.ts";
import type { Finding } from "../domain/finding.ts";
import { clean } from "../domain/text.ts";
import type { EntryCheck, EntryFacts } from "./check.ts";
import { say } from "./finding.ts";
import { sawTls } from "./seen.ts";

const base = {
  id: "cert-form",
  summary: "every certificate that is sent can be read, and there are no more of them than make sense",
  clients: 'Some programs refuse the connection ("invalid certificate", "bad DER"), others take what they can read.',
  servers:
    "Issue it again (`mailcert renew --force`): no CA makes such certificates today. Where it was made by hand, leave out the extension that the message names.",
  reference: "RFC 5280 §4.1, §4.2",
  severity: { mta: "fault", mua: "fault", internal: "fault" },
} as const;

const hint =
  "issue it again: `mailcert renew --force`, then `mailcert deploy`; `openssl s_client -showcerts` and `openssl x509 -text` show what is served";

const malformed = (facts: EntryFacts, certificate: CertificateFacts, isLeaf: boolean): readonly Finding[] =>
  certificate.malformed === undefined
    ? []
    : say(base, facts.role, {
        ...lesser(facts, isLeaf),
        message: `${isLeaf ? "the certificate" : `the issuer ${clean(certificate.subject, 80) || "(unnamed)"}`} has an extension that cannot be read: ${certificate.malformed.join(", ")}`,
        hint,
      });

/** Above the leaf it hurts nobody, where the path was accepted. */
const lesser = ({ observation }: EntryFacts, isLeaf: boolean): { readonly severity?: "warning" } =>
  !isLeaf && observation.tls?.verifyError === undefined ? { severity: "warning" } : {};

const unread = (facts: EntryFacts): readonly Finding[] => {
  const { observation, chain, role } = facts;
  const sent = observation.chain.length;
  if (sent === 0 && chain.length === 0)
    return say(base, role, { message: "TLS came about, and the server showed no certificate", hint });
  if (chain.length >= sent) return [];
  if (chain.length === 0)
    return say(base, role, {
      message: "the certificate that is served cannot be read: neither its name nor its dates are known",
      hint,
    });
  return say(base, role, {
    ...lesser(facts, false),
    message: `certificate ${chain.length + 1} of the ${sent} that are sent cannot be read: those from there on are not judged`,
    hint: "the file that the server serves holds something else there: let it hold the leaf, then each certificate's issuer, once each (fullchain.pem)",
  });
};

export const certForm: EntryCheck = {
  ...base,
  scope: "entry",
  obstacle: true,
  applies: sawTls,
  judge: (facts) => {
    const { observation, chain, role } = facts;
    if (!observation.tls) return [];
    const many = observation.chainCut
      ? say(base, role, {
          severity: "warning",
          message: `the server sends more than ${observation.chain.length} certificates: those behind them are not judged`,
          hint: "a chain has three or four: let the server's file hold the leaf, then each certificate's issuer, once each (fullchain.pem)",
        })
      : [];
    return [...unread(facts), ...chain.flatMap((one, index) => malformed(facts, one, index === 0)), ...many];
  },
};
