// A domain's mail leads somewhere: to hosts, by names that are hosts themselves.
import type { Finding } from "../domain/finding.ts";
import { canonicalIp } from "../domain/ip.ts";
import { hostNameIn } from "../domain/host-name.ts";
import { clean } from "../domain/text.ts";
import type { DomainCheck, DomainFacts } from "./check.ts";
import { say } from "./finding.ts";

const base = {
  id: "mx-host",
  summary: "the MX records of a domain name hosts, by names that are no aliases",
  clients:
    "Mail from some senders does not arrive, or comes back to them after days; mail programs show nothing of it.",
  servers:
    "In the DNS of the domain: `MX 10 mail.example.org.`, a name with A and AAAA records of its own. A domain without mail says so: `MX 0 .`",
  reference: "RFC 5321 §5.1, RFC 2181 §10.3, RFC 7505",
  severity: { mta: "fault", mua: "-", internal: "-" },
} as const;

const found = (
  domain: string,
  { records }: Extract<DomainFacts["mx"], { readonly kind: "found" }>,
): readonly Finding[] => {
  const tell = (severity: "fault" | "warning" | "info", message: string, hint: string): readonly Finding[] =>
    say(base, "mta", { severity, message, hint });
  if (records.every(({ host }) => host === ""))
    return tell("info", `${domain} takes no mail, and says so (null MX)`, "take the record away if it should");
  return records.flatMap(({ host, preference, alias }) => {
    const record = `MX ${preference} ${clean(host === "" ? "." : host, 253)}`;
    if (host === "")
      return tell(
        "fault",
        `${domain} has \`${record}\` (no mail) beside other MX records: some senders deliver, others do not`,
        "take this record away, or all the others",
      );
    if (canonicalIp(host) !== undefined)
      return tell(
        "fault",
        `${domain} has \`${record}\`: an address is no host name, and senders find nothing by it`,
        "give the address a name with an A or AAAA record, and let the MX record say that name",
      );
    if (hostNameIn(host) === undefined)
      return tell(
        "fault",
        `${domain} has \`${record}\`, which is no host name: senders cannot use it`,
        "letters, digits, hyphens and dots: let the record say the host's real name",
      );
    if (alias === undefined) return [];
    return tell(
      "warning",
      `${host} (MX of ${domain}) is an alias of ${alias}: some senders refuse that, and DANE and MTA-STS look at different names`,
      `let the MX record say ${alias}, or give ${host} A and AAAA records of its own`,
    );
  });
};

export const mxHost: DomainCheck = {
  ...base,
  scope: "domain",
  applies: ({ mx }) => mx !== undefined,
  judge: ({ domain, mx }) => {
    if (mx === undefined) return [];
    if (mx.kind === "found") return found(domain, mx);
    if (mx.kind === "unknown")
      return say(base, "mta", {
        message: `nobody could say where the mail of ${domain} goes: ${mx.why}`,
        hint: "see this host's name servers (/etc/resolv.conf); `mailcert verify smtp://HOST` looks at a host without them",
      });
    return say(base, "mta", {
      severity: mx.exists ? "info" : "fault",
      message: mx.exists
        ? `${domain} has no MX record: senders deliver to the addresses of ${domain} itself`
        : `${domain} is not in the DNS`,
      hint: mx.exists
        ? `publish \`${domain}. IN MX 10 HOST.\`, or \`MX 0 .\` if it takes no mail`
        : "is it spelled right, and is the domain still registered?",
    });
  },
};
