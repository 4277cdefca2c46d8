// What --mx and --srv name: domains, whose DNS says which hosts and ports are to be looked at.
import type { DomainFacts } from "../checks/check.ts";
import { schemeOf } from "../domain/entry-point.ts";
import { Failure } from "../domain/failure.ts";
import { hostNameIn } from "../domain/host-name.ts";
import { chatServices, isChat, mailServices } from "../domain/srv-records.ts";
import { clean } from "../domain/text.ts";
import type { AskOptions, Dns } from "../dns/dns.ts";
import type { Wanted } from "./verify.ts";

/** For all questions about one domain, each; name servers all over the world, and some of them silent. */
const deadlineMs = 10_000;

export interface MailDomains {
  readonly wanted: readonly Wanted[];
  readonly domains: readonly DomainFacts[];
}

export interface MailDomainWords {
  readonly mx?: readonly string[];
  readonly srv?: readonly string[];
  /** Ports other than the usual ones, by scheme: `smtp` for MX hosts. */
  readonly ports: Readonly<Record<string, number>>;
}

const readDomain = (option: string, text: string): string => {
  const domain = hostNameIn(text.replace(/^.*@/, ""));
  if (domain !== undefined) return domain;
  throw new Failure("usage", `${option} takes a mail domain, not "${clean(text, 80)}"`, {
    hints: [`for example: mailcert verify ${option} example.org`],
  });
};

const unique = (texts: readonly string[] | undefined, option: string): readonly string[] => [
  ...new Set((texts ?? []).map((text) => readDomain(option, text))),
];

const askMx = async (dns: Dns, domain: string, options: AskOptions): Promise<DomainFacts> => {
  const [mx, sts] = await Promise.all([dns.mx(domain, options), dns.mtaSts(domain, options)]);
  return { domain, mx, sts };
};

const askServices = async (dns: Dns, domain: string, options: AskOptions): Promise<DomainFacts> => ({
  domain,
  services: await Promise.all(
    [...mailServices, ...chatServices].map(async (service) => ({
      service,
      lookup: await dns.service(`${service.label}.${domain}`, options),
    })),
  ),
});

/** Hosts that are none (null MX, addresses) are left to the checks. Without any MX record the domain itself is the host (RFC 5321 §5.1). */
const exchangers = ({ domain, mx }: DomainFacts): readonly string[] => {
  if (mx?.kind === "none") return mx.exists ? [domain] : [];
  return mx?.kind === "found" ? mx.records.flatMap(({ host }) => hostNameIn(host) ?? []) : [];
};

const mxTargets = (domains: readonly DomainFacts[], ports: MailDomainWords["ports"]): readonly Wanted[] =>
  [...new Set(domains.flatMap(exchangers))].map((host) => ({
    protocol: "smtp",
    mode: "starttls",
    host,
    port: ports["smtp"] ?? 25,
    demanded: true,
    mxOf: domains.filter((one) => exchangers(one).includes(host)),
  }));

const serviceTargets = (domains: readonly DomainFacts[]): readonly Wanted[] => {
  const targets = new Map<string, Wanted>();
  for (const { domain, services = [] } of domains) {
    for (const { service, lookup } of services) {
      for (const record of lookup.kind === "found" ? lookup.records : []) {
        const host = hostNameIn(record.host);
        if (host === undefined || record.port === 0) continue;
        const { protocol, mode } = service;
        const place = { protocol, mode, port: record.port, demanded: true };
        if (isChat(service)) {
          // Each domain is a server of its own, whose certificate is for it.
          const key = `${schemeOf(service)} ${host} ${record.port} ${domain}`;
          targets.set(key, { ...place, host: domain, connectTo: host });
          continue;
        }
        const key = `${schemeOf(service)} ${host} ${record.port}`;
        const known = targets.get(key)?.serviceOf ?? [];
        const serviceOf = known.includes(domain) ? known : [...known, domain];
        targets.set(key, { ...place, host, serviceOf });
      }
    }
  }
  return [...targets.values()];
};

/** @throws Failure `usage` for a text that is no domain. */
export const mailDomains = async (
  dns: () => Promise<Dns>,
  { mx, srv, ports }: MailDomainWords,
  signal: AbortSignal,
): Promise<MailDomains> => {
  const mxDomains = unique(mx, "--mx");
  const srvDomains = unique(srv, "--srv");
  if (mxDomains.length + srvDomains.length === 0) return { wanted: [], domains: [] };
  const asked = await dns();
  const options = { timeoutMs: deadlineMs, signal };
  const [forMail, forPrograms] = await Promise.all([
    Promise.all(mxDomains.map((domain) => askMx(asked, domain, options))),
    Promise.all(srvDomains.map((domain) => askServices(asked, domain, options))),
  ]);
  return {
    wanted: [...mxTargets(forMail, ports), ...serviceTargets(forPrograms)],
    domains: [...forMail, ...forPrograms],
  };
};
