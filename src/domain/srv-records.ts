// SRV records of mail services (RFC 6186, RFC 8314 §5.1, RFC 5804 §1.8): how mail programs that know an address alone find servers.
import { type DnsRecord, serviceToPublish } from "./dns-record.ts";
import type { EntryPoint } from "./entry-point.ts";

type Offered = Pick<EntryPoint, "protocol" | "mode" | "port">;

export interface MailService {
  /** `_imaps._tcp` */
  readonly label: string;
  readonly protocol: EntryPoint["protocol"];
  readonly mode: EntryPoint["mode"];
}

/** In the order of preference: TLS at once before STARTTLS, reading before sending. */
export const mailServices: readonly MailService[] = [
  { label: "_imaps._tcp", protocol: "imap", mode: "implicit" },
  { label: "_submissions._tcp", protocol: "submission", mode: "implicit" },
  { label: "_pop3s._tcp", protocol: "pop3", mode: "implicit" },
  { label: "_imap._tcp", protocol: "imap", mode: "starttls" },
  { label: "_submission._tcp", protocol: "submission", mode: "starttls" },
  { label: "_pop3._tcp", protocol: "pop3", mode: "starttls" },
  { label: "_sieve._tcp", protocol: "sieve", mode: "starttls" },
];

/**
 * Chat beside mail (RFC 6120 §3.2.1, XEP-0368), looked at where a domain has them. Who comes by these checks the certificate for
 * the domain, not for the target (RFC 6120 §13.7.2).
 */
export const chatServices: readonly MailService[] = [
  { label: "_xmpps-client._tcp", protocol: "xmpp-client", mode: "implicit" },
  { label: "_xmpp-client._tcp", protocol: "xmpp-client", mode: "starttls" },
  { label: "_xmpps-server._tcp", protocol: "xmpp-server", mode: "implicit" },
  { label: "_xmpp-server._tcp", protocol: "xmpp-server", mode: "starttls" },
];

export const isChat = ({ protocol }: Pick<MailService, "protocol">): boolean => protocol.startsWith("xmpp-");

/** Mail programs take the lower number first, of IMAP and POP3 too (RFC 6186 §3.3): IMAP, then TLS at once (RFC 8314 §5.1). */
const priorityOf = ({ protocol, mode }: MailService): number =>
  (protocol === "pop3" ? 20 : 0) + (mode === "implicit" ? 0 : 10);

/** The port at which a service is offered here; undefined: it is not. */
export const portOf = ({ protocol, mode }: MailService, offered: readonly Offered[]): number | undefined =>
  offered.find((one) => one.protocol === protocol && one.mode === mode)?.port;

const receiving: readonly EntryPoint["protocol"][] = ["imap", "pop3"];
const sending: readonly EntryPoint["protocol"][] = ["submission"];

/**
 * The records of an account, also those that say that there is none (RFC 6186 §3.4: the target "."): of receiving where something is
 * received here, of sending where something is sent. Another host may do what this one does not do at all; and `unproven` is there,
 * if not as it should be, so that nothing is said of it.
 */
export const accountRecords = (
  domain: string,
  host: string,
  proven: readonly Offered[],
  unproven: readonly Offered[],
): readonly DnsRecord[] =>
  [receiving, sending].flatMap((side) => {
    const services = mailServices.filter(({ protocol }) => side.includes(protocol));
    if (!services.some((service) => portOf(service, proven) !== undefined)) return [];
    return services.flatMap((service) => {
      const port = portOf(service, proven);
      const owner = `${service.label}.${domain}`;
      if (port !== undefined)
        return [serviceToPublish(owner, { priority: priorityOf(service), weight: 1, port, target: host })];
      if (portOf(service, unproven) !== undefined) return [];
      return [serviceToPublish(owner, { priority: 0, weight: 0, port: 0, target: "" })];
    });
  });

/** A record for each service that is offered under `host`. */
export const serviceRecords = (domain: string, host: string, offered: readonly Offered[]): readonly DnsRecord[] =>
  mailServices.flatMap((service) => {
    const port = portOf(service, offered);
    if (port === undefined) return [];
    const place = { priority: priorityOf(service), weight: 1, port, target: host };
    return [serviceToPublish(`${service.label}.${domain}`, place)];
  });
