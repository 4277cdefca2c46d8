// SRV records of mail services lead mail programs to servers: by names that are hosts, TLS at once before STARTTLS.
import type { Finding } from "../domain/finding.ts";
import { canonicalIp } from "../domain/ip.ts";
import type { ServiceRecord } from "../dns/dns.ts";
import { isChat } from "../domain/srv-records.ts";
import { hostNameIn } from "../domain/host-name.ts";
import { clean } from "../domain/text.ts";
import type { DomainCheck, DomainFacts } from "./check.ts";
import { say } from "./finding.ts";

const base = {
  id: "srv-target",
  summary: "the SRV records of a domain's mail services name hosts, TLS at once first",
  clients: "Setting up an account by the address alone fails, or finds the wrong server; by hand it works.",
  servers:
    "In the DNS of the domain: `_imaps._tcp SRV 0 1 993 mail.example.org.`, and so on; the target has A and AAAA records of its own and a certificate with its name.",
  reference: "RFC 6186 §3, RFC 8314 §5.1, RFC 2782",
  severity: { mta: "-", mua: "fault", internal: "-" },
} as const;

const tell = (severity: "fault" | "warning" | "info", message: string, hint: string): readonly Finding[] =>
  say(base, "mua", { severity, message, hint });

const ofRecord = (owner: string, { host, alias, port }: ServiceRecord, among: number): readonly Finding[] => {
  if (host === "")
    return among > 1
      ? tell(
          "fault",
          `${owner} says that the service is not offered, beside other records`,
          "take one or the other away",
        )
      : [];
  const shown = clean(host, 253);
  if (canonicalIp(host) !== undefined)
    return tell(
      "fault",
      `${owner} leads to ${shown}: an address is no host name`,
      "let it name a host with that address",
    );
  if (hostNameIn(host) === undefined)
    return tell("fault", `${owner} leads to "${shown}", which is no host name`, "let it say the host's real name");
  if (port === 0)
    return tell("fault", `${owner} leads to port 0 of ${shown}`, "the service's own port: 993, 995, 465, ...");
  if (alias === undefined) return [];
  return tell(
    "warning",
    `${owner} leads to ${shown}, which is an alias of ${alias}: a target must not be one`,
    `let it name ${alias}, and see that the certificate there carries that name`,
  );
};

/** The least priority number of a service: programs take it first. */
const first = (services: NonNullable<DomainFacts["services"]>, label: string): ServiceRecord | undefined => {
  const found = services.find(({ service }) => service.label === label)?.lookup;
  return found?.kind === "found" ? found.records.find(({ host }) => host !== "") : undefined;
};

const pairs = [
  ["_imaps._tcp", "_imap._tcp"],
  ["_pop3s._tcp", "_pop3._tcp"],
  ["_submissions._tcp", "_submission._tcp"],
] as const;

const preference = (domain: string, services: NonNullable<DomainFacts["services"]>): readonly Finding[] =>
  pairs.flatMap(([atOnce, upgraded]) => {
    const better = first(services, atOnce);
    const worse = first(services, upgraded);
    if (!better || !worse || better.priority <= worse.priority) return [];
    return tell(
      "warning",
      `${upgraded}.${domain} (priority ${worse.priority}) is preferred to ${atOnce}.${domain} (${better.priority})`,
      "give TLS at once the lower number: STARTTLS can be talked out of it",
    );
  });

/** Accounts need both (RFC 6186 §3.1, §3.2). Nobody-knows is not missing, and what is said not to be offered is meant so. */
const oneWay = (domain: string, mail: NonNullable<DomainFacts["services"]>): readonly Finding[] => {
  const of = (sends: boolean) =>
    mail.filter(({ service: { protocol } }) => sends === (protocol === "submission") && protocol !== "sieve");
  const reads = of(false).some(
    ({ lookup }) => lookup.kind === "found" && lookup.records.some(({ host }) => host !== ""),
  );
  if (!reads || !of(true).every(({ lookup }) => lookup.kind === "none")) return [];
  return tell(
    "info",
    `${domain} leads mail programs to a server to read mail, and to none to send it`,
    `publish \`_submissions._tcp.${domain}. IN SRV 0 1 465 HOST.\``,
  );
};

/** One for all services: they are asked of the same name servers. */
const unanswered = (domain: string, services: NonNullable<DomainFacts["services"]>): readonly Finding[] => {
  const silent = services.flatMap(({ service, lookup }) =>
    lookup.kind === "unknown" ? [{ owner: `${service.label}.${domain}`, why: lookup.why }] : [],
  );
  const [one] = silent;
  if (one === undefined) return [];
  const what =
    silent.length === 1
      ? `what ${one.owner} leads to`
      : `what ${silent.length} of the ${services.length} SRV records of ${domain} lead to (${one.owner}, ...)`;
  return tell(
    "fault",
    `nobody could say ${what}: ${one.why}`,
    "see this host's name servers (/etc/resolv.conf), and run it again",
  );
};

export const srvTarget: DomainCheck = {
  ...base,
  scope: "domain",
  applies: ({ services }) => services !== undefined,
  judge: ({ domain, services }) => {
    if (services === undefined) return [];
    const said = services.flatMap(({ service, lookup }) =>
      lookup.kind === "found"
        ? lookup.records.flatMap((record) => ofRecord(`${service.label}.${domain}`, record, lookup.records.length))
        : [],
    );
    const mail = services.filter(({ service }) => !isChat(service));
    const chat = services.some((one) => isChat(one.service) && one.lookup.kind === "found");
    if (mail.every(({ lookup }) => lookup.kind === "none"))
      // Named (--srv) and not there, as a port that is named and refused; a domain may be there for chat alone.
      return [
        ...unanswered(domain, services),
        ...said,
        ...tell(
          chat ? "info" : "fault",
          `${domain} has no SRV records of mail services: mail programs guess, or ask their users`,
          `publish \`_imaps._tcp.${domain}. IN SRV 0 1 993 HOST.\` and \`_submissions._tcp.${domain}. IN SRV 0 1 465 HOST.\``,
        ),
      ];
    return [...unanswered(domain, services), ...said, ...preference(domain, services), ...oneWay(domain, mail)];
  },
};
