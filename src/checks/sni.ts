// What is served to those who send no name in TLS, or one that the server does not know.
import type { CertificateFacts } from "../domain/certificate.ts";
import type { Finding } from "../domain/finding.ts";
import { certificateMatches } from "../domain/name-match.ts";
import { clean } from "../domain/text.ts";
import type { EntryCheck, EntryFacts, ServedTo } from "./check.ts";
import { say, settingFor } from "./finding.ts";

const base = {
  id: "sni",
  summary: "clients that send no name in TLS (SNI) get a certificate too, and it is the right one (--full)",
  clients:
    "Old programs, and mail servers that deliver without DANE or MTA-STS, send no name: they see the server's default certificate, or get no TLS at all.",
  servers:
    "Make the certificate of the name that most clients use the default one. Dovecot: outside of every `local_name`. Postfix: `smtpd_tls_chain_files`, beside `tls_server_sni_maps`.",
  reference: "RFC 9325 §3.7, RFC 7672 §8.1",
  severity: { mta: "warning", mua: "warning", internal: "info" },
} as const;

const shown = (leaf: CertificateFacts): string => {
  const names = [...leaf.dnsNames, ...leaf.ipNames].slice(0, 3).map((name) => clean(name, 80));
  return names.join(", ") || clean(leaf.subject, 80) || "no name at all";
};

const hint = (facts: EntryFacts): string =>
  settingFor(
    facts,
    "the certificate outside of every local_name block is the default: point it at this name's (`doveconf -n | grep -A3 local_name`), then `doveadm reload`",
    "smtpd_tls_chain_files is the default beside tls_server_sni_maps: point it at this name's (`postconf smtpd_tls_chain_files tls_server_sni_maps`), then `postfix reload`",
  );

const withoutName = (facts: EntryFacts, { leaf, error }: ServedTo): readonly Finding[] => {
  const { host } = facts.observation.entry;
  if (error !== undefined) {
    return say(base, facts.role, {
      message: `without a name in TLS (SNI) there is no handshake: ${error}; mail servers and old programs often send none`,
      hint: hint(facts),
    });
  }
  if (!leaf || leaf.sha256 === facts.chain[0]?.sha256 || certificateMatches(leaf, host)) return [];
  return say(base, facts.role, {
    severity: "info",
    message: `without a name in TLS (SNI) the certificate is another one, for ${shown(leaf)}`,
    hint: hint(facts),
  });
};

/** Refusing an unknown name is allowed (RFC 6066 §3); what is shown to it matters where it is neither of the others. */
const withUnknown = (facts: EntryFacts, { leaf, error }: ServedTo, none: ServedTo | undefined): readonly Finding[] => {
  if (error !== undefined) {
    return say(base, facts.role, {
      severity: "info",
      message: `a name that the server does not know is refused: ${error}`,
      hint: "as it should be where every name that clients use is configured; a forgotten one shows as a failed handshake",
    });
  }
  if (!leaf || [facts.chain[0]?.sha256, none?.leaf?.sha256].includes(leaf.sha256)) return [];
  return say(base, facts.role, {
    severity: "info",
    message: `for a name that the server does not know the certificate is yet another one, for ${shown(leaf)}`,
    hint: hint(facts),
  });
};

export const sni: EntryCheck = {
  ...base,
  scope: "entry",
  full: true,
  applies: ({ otherNames }) => otherNames?.none !== undefined,
  judge: (facts) => {
    const { none, unknown } = facts.otherNames ?? {};
    return [
      ...(none ? withoutName(facts, none) : []),
      // Where there is no handshake without a name, one with a wrong name tells nothing more.
      ...(unknown && none?.error === undefined ? withUnknown(facts, unknown, none) : []),
    ];
  },
};
