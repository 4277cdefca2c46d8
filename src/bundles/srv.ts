// srv.zone: the account in DNS (RFC 6186, RFC 8314 §5.1), and where the published files go.
import { accountRecords } from "../domain/srv-records.ts";
import { hostNameIn } from "../domain/host-name.ts";
import { schemeOf } from "../domain/entry-point.ts";
import type { Bundle } from "./bundle.ts";

/** A label and a dot of ours go before the domain: `_submissions._tcp.` is the longest. RFC 1035 §2.3.4 has 253 for the whole name. */
const longestDomain = 253 - "_submissions._tcp.".length;

export const srv: Bundle = ({ account }, render) => {
  // A record leads to a name: an address is none.
  if (account === undefined || hostNameIn(account.host) === undefined || account.domain.length > longestDomain)
    return [];
  const { domain, host, proven, unproven } = account;
  const records = accountRecords(domain, host, proven, unproven);
  if (records.length === 0) return [];
  const has = (...protocols: readonly string[]): boolean =>
    [...proven, ...unproven].some(({ protocol }) => protocols.includes(protocol));
  const content = render("srv.zone", {
    domain,
    host,
    records: records.map(({ owner, fields }) => ({ owner, ...fields })),
    silent: unproven.map((entry) => ({ service: schemeOf(entry), port: entry.port })),
    nothingReceived: !has("imap", "pop3"),
    nothingSent: !has("submission"),
  });
  return [{ path: "srv.zone", content, summary: "account settings in DNS: lines for the zone of the domain" }];
};
