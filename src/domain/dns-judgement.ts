// What is published in DNS, held against what is served: findings on TLSA, MTA-STS, TLS report and SRV records. Facts in, findings out.
import type { Finding, Severity } from "./finding.ts";
import type { MailService } from "./srv-records.ts";
import type { ServiceAt } from "./dns-record.ts";
import { reportsIn, reportsOwner } from "./sts-records.ts";
import { type StsPolicy, stsCovers } from "./mta-sts.ts";
import { clean } from "./text.ts";
import { type TlsaOffer, type TlsaRecord, matchTlsa, tlsaFor, tlsaLine } from "./tlsa.ts";

const finding =
  (check: string, reference: string) =>
  (severity: Severity, message: string, hint?: string): Finding => ({
    check,
    severity,
    message,
    ...(hint === undefined ? {} : { hint }),
    reference,
  });

const toShow = (name: string): string => `\`mailcert dns show ${name}\` prints what to publish`;

export interface PublishedTlsa {
  readonly owner: string;
  readonly records: readonly TlsaRecord[];
  readonly secure: boolean;
  /** Each authoritative server's own word. */
  readonly servers: readonly { readonly server: string; readonly records: readonly TlsaRecord[] }[];
}

/** One leaf that is served, with the kind of its key. */
export interface Offered extends TlsaOffer {
  readonly slot: string;
  readonly spki: Uint8Array;
}

/** Every kind of key has to match at every server: a sender gets one of each. */
export const tlsaFindings = (
  { owner, records, secure, servers }: PublishedTlsa,
  offered: readonly Offered[],
): readonly Finding[] => {
  const match = finding("dane-match", "RFC 7672 §2.2, RFC 6698 §2.1");
  if (!secure)
    return [
      finding("dane-sec", "RFC 7672 §2.2")(
        "warning",
        `${owner} has TLSA records, and nobody whom this host believes says that DNSSEC vouches for them: senders ignore them unless it does`,
        "sign the zone with DNSSEC; if it is signed: use a validating resolver on this host (unbound) and see again",
      ),
    ];
  const wrong = offered.flatMap((offer): readonly Finding[] => {
    const hint = `publish now: \`${tlsaLine(owner, tlsaFor(offer.spki, records))}\`; or serve the key that is published (\`mailcert rollback\`, \`mailcert setup NAME --adopt-key FILE\`)`;
    if (matchTlsa(records, offer) === "mismatch")
      return [
        match(
          "fault",
          `none of the ${records.length} TLSA records at ${owner} pins the live ${offer.slot} certificate: servers that check DANE do not deliver`,
          hint,
        ),
      ];
    const lagging = servers.filter((one) => one.records.length > 0 && matchTlsa(one.records, offer) === "mismatch");
    return lagging.map(({ server }) =>
      match(
        "fault",
        `the TLSA records that ${clean(server, 300)} has at ${owner} do not pin the live ${offer.slot} certificate, those of other servers do`,
        "see that this name server gets the zone (serial, transfer), else some senders do not deliver",
      ),
    );
  });
  if (wrong.length > 0) return wrong;
  if (offered.some((offer) => matchTlsa(records, offer) === "unusable"))
    return [
      finding("dane-usage", "RFC 7672 §3.1")(
        "warning",
        `no TLSA record at ${owner} is of a kind that mail servers use`,
        "publish `3 1 1` records",
      ),
    ];
  const where = servers.length > 0 ? `, at ${servers.length} of its name servers` : "";
  return [match("ok", `TLSA at ${owner} pins what is live (DNSSEC vouches for it${where})`)];
};

/** Of a domain whose mail comes here. */
export const stsFinding = (
  name: string,
  domain: string,
  policy: StsPolicy,
  hosts: readonly string[],
  publiclyTrusted: boolean,
): Finding => {
  const say = finding("sts-policy", "RFC 8461 §4");
  if (policy.mode === "none") return say("info", `the MTA-STS policy of ${domain} says \`mode: none\`: nobody insists`);
  const grave: Severity = policy.mode === "enforce" ? "fault" : "warning";
  if (!publiclyTrusted)
    return say(
      grave,
      `the MTA-STS policy of ${domain} is \`mode: ${policy.mode}\`, and the live certificate of ${name} is not publicly trusted: senders that follow it do not deliver`,
      `take the policy back (\`mode: none\` first, for as long as max_age was), or serve a publicly trusted certificate: mailcert setup ${name} --issuer letsencrypt --email YOU@DOMAIN --agree-tos`,
    );
  const covered = hosts.filter((host) => stsCovers(policy, host));
  return covered.length === 0
    ? say(
        grave,
        `the MTA-STS policy of ${domain} (\`mode: ${policy.mode}\`) does not list ${hosts.join(" or ")}: senders that follow it do not deliver here`,
        `add \`mx: ${hosts[0] ?? name}\` to https://mta-sts.${domain}/.well-known/mta-sts.txt, then change the id of _mta-sts.${domain}`,
      )
    : say("ok", `the MTA-STS policy of ${domain} (\`mode: ${policy.mode}\`) lists ${covered.join(", ")}`);
};

export const reportsFinding = (name: string, domain: string, texts: readonly string[]): Finding => {
  const say = finding("mx-tlsrpt", "RFC 8460 §3");
  const found = reportsIn(texts);
  const owner = reportsOwner(domain);
  if (found.kind === "found") return say("ok", `TLS reports of ${domain} go to ${clean(found.to.join(", "), 300)}`);
  if (found.kind === "none")
    return say("info", `${owner} is not there: nobody reports failures with TLS to you`, toShow(name));
  const what = found.kind === "several" ? "more than one record of v=TLSRPTv1" : "a record without a usable rua=";
  return say("warning", `${owner} has ${what}: nobody sends reports`, toShow(name));
};

export interface PublishedService {
  readonly owner: string;
  readonly service: MailService;
  readonly record: ServiceAt;
  /** The certificate is for the target's name. */
  readonly named: boolean;
  /** The target leads to this host. */
  readonly here: boolean;
  /** Where the service is offered here. */
  readonly port: number | undefined;
}

export const serviceFinding = (name: string, published: PublishedService): Finding => {
  const { owner, record, named, here, port } = published;
  const say = finding("srv-target", "RFC 6186 §3, RFC 8314 §5.1");
  const target = clean(record.target, 253);
  if (record.target === "" || record.target === ".")
    return port === undefined
      ? say("ok", `${owner} says that the service is not offered`)
      : say("warning", `${owner} says that the service is not offered, and it is, on port ${port}`, toShow(name));
  if (!named)
    return here
      ? say(
          "fault",
          `${owner} leads to ${target}, which is this host, and the certificate is not for that name: mail programs refuse it`,
          `let it lead to a name of the certificate, or add the name: mailcert setup ${name} ${target}`,
        )
      : say("info", `${owner} leads to ${target}, which is not looked after here`);
  if (port === undefined)
    return say(
      "warning",
      `${owner} leads here, and no server here offers the service`,
      "take the record away, or offer it",
    );
  return port === record.port
    ? say("ok", `${owner} leads to ${target}, port ${port}, which the certificate is for`)
    : say("fault", `${owner} leads to port ${record.port}; the service is on port ${port}`, toShow(name));
};
