// Where a service is offered with STARTTLS, it is offered with TLS at once too: clients are asked to prefer that.
import { type EntryPoint, type ProtocolName, entryUrl } from "../domain/entry-point.ts";
import type { Finding } from "../domain/finding.ts";
import { groupBy } from "../domain/group-by.ts";
import { askedName } from "../domain/probe-host.ts";
import type { EntryFacts, RunCheck } from "./check.ts";
import { say } from "./finding.ts";

const base = {
  id: "implicit",
  summary: "what is offered with STARTTLS is offered with TLS at once too (993, 995, 465)",
  clients:
    'Programs that set themselves up look for "SSL/TLS" first; with STARTTLS alone, somebody in between can make a careless one go on without encryption.',
  servers:
    "Dovecot: the `imaps` and `pop3s` listeners (993, 995, `ssl = yes`) are there by default. Postfix: the `submissions` service (465, `-o smtpd_tls_wrappermode=yes`) in master.cf.",
  reference: "RFC 8314 §3",
  severity: { mta: "-", mua: "warning", internal: "-" },
} as const;

const isAbsent = ({ observation: { error } }: EntryFacts): boolean =>
  error?.stage === "connect" && error.reason === "refused";

const hintFor = ({ protocol, port }: EntryPoint): string =>
  protocol === "submission"
    ? "Postfix: switch on the submissions service in master.cf (`postconf -M submissions/inet`, with `-o smtpd_tls_wrappermode=yes`), then `postfix reload`, and open the port in the firewall"
    : `Dovecot: the inet_listener on ${port} needs \`ssl = yes\` and a port that is not 0 (\`doveconf service\`), then \`doveadm reload\`, and open the port in the firewall`;

/** RFC 8314 is about mail; elsewhere TLS at once may be the older way (FTP, LDAP). */
const mail: readonly ProtocolName[] = ["imap", "pop3", "submission"];

const ofService = (facts: readonly EntryFacts[]): readonly Finding[] => {
  const offered = facts.find(({ observation: { entry, tls } }) => entry.mode === "starttls" && tls);
  const siblings = facts.filter(({ observation: { entry } }) => entry.mode === "implicit");
  const [absent] = siblings;
  // A refusal of a port that was named is a fault of its own; only what is absent at every address is not offered.
  if (!offered || !absent || !siblings.every((one) => isAbsent(one) && !one.demanded)) return [];
  const { entry } = absent.observation;
  return say(base, absent.role, {
    message: `${askedName(entry.host)} offers ${entryUrl(offered.observation.entry)} and not ${entryUrl(entry)}: clients should be able to use SSL/TLS on ${entry.port}`,
    hint: hintFor(entry),
  });
};

export const implicit: RunCheck = {
  ...base,
  scope: "run",
  judge: (all) =>
    [
      ...groupBy(
        all.filter(({ observation }) => mail.includes(observation.entry.protocol)),
        ({ observation: { entry } }) => `${entry.host} ${entry.protocol}`,
      ).values(),
    ].flatMap(ofService),
};
