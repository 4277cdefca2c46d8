// The matrix: SRV records of mail services, and the names that certificates have for those who come by them (reference/verify.md §4).
import type { ServiceRecord } from "../../src/dns/dns.ts";
import type { Row } from "./row.ts";

/** `--srv example.org`; records by label. */
const services = (
  what: string,
  records: Readonly<Record<string, readonly Partial<ServiceRecord>[]>>,
  ...findings: readonly string[]
): Row => ({
  what,
  servers: { protocol: "imap", mode: "implicit", tls: ({ bad, chained }) => chained(bad.withDomain) },
  domains: { srv: ["example.org"] },
  dns: () => ({
    service: async (label) => {
      const found = { "_submissions._tcp": [{ port: 465 }], ...records }[label.split(".").slice(0, 2).join(".")];
      const usual = { priority: 0, weight: 1, port: 993, host: "mail.example.org" };
      return found?.length ? { kind: "found", records: found.map((one) => ({ ...usual, ...one })) } : { kind: "none" };
    },
  }),
  findings,
});

export const serviceRows: readonly Row[] = [
  services("TLS at once first", { "_imaps._tcp": [{}], "_imap._tcp": [{ priority: 10, port: 143 }] }),
  services("a service that is not offered", { "_imaps._tcp": [{}], "_pop3._tcp": [{ host: "" }] }),
  services("none at all", { "_submissions._tcp": [] }, "fault srv-target"),
  services("none to send mail", { "_imaps._tcp": [{}], "_submissions._tcp": [] }, "info srv-target"),
  {
    ...services("a certificate for the host alone", { "_imaps._tcp": [{}] }, "info cert-name-csr"),
    servers: { protocol: "imap", mode: "implicit" },
  },
  services(
    "STARTTLS first",
    { "_imaps._tcp": [{ priority: 20 }], "_imap._tcp": [{ port: 143 }] },
    "warning srv-target",
  ),
  services("an address", { "_imaps._tcp": [{ host: "192.0.2.1" }] }, "fault srv-target"),
  services("no host name", { "_imaps._tcp": [{ host: "a b" }] }, "fault srv-target"),
  services("port 0", { "_imaps._tcp": [{ port: 0 }] }, "fault srv-target"),
  services("an alias", { "_imaps._tcp": [{ alias: "host1.example.net" }] }, "warning srv-target"),
  services("not offered, beside a host", { "_imaps._tcp": [{ host: "" }, {}] }, "fault srv-target"),
  {
    ...services("nobody can say", {}, "fault srv-target"),
    dns: () => ({ service: async () => ({ kind: "unknown", why: "SERVFAIL" }) }),
  },
  {
    ...services("a certificate for the domain alone", { "_imaps._tcp": [{}] }, "warning cert-name"),
    servers: { protocol: "imap", mode: "implicit", tls: ({ bad, chained }) => chained(bad.domainOnly) },
  },
  services("sending is not offered", { "_imaps._tcp": [{}], "_submissions._tcp": [{ host: "" }] }),
  services("chat alone", { "_submissions._tcp": [], "_xmpp-client._tcp": [{ port: 5222 }] }, "info srv-target"),
  {
    ...services("a certificate for the host and the service (SRV-ID)", { "_imaps._tcp": [{}] }),
    servers: { protocol: "imap", mode: "implicit", tls: ({ bad, chained }) => chained(bad.withService) },
  },
  {
    ...services("a certificate for the service alone (SRV-ID)", { "_imaps._tcp": [{}] }, "warning cert-name"),
    servers: { protocol: "imap", mode: "implicit", tls: ({ bad, chained }) => chained(bad.serviceOnly) },
  },
  {
    what: "a certificate for a service, where nobody came by SRV records",
    servers: { protocol: "imap", mode: "implicit", tls: ({ bad, chained }) => chained(bad.serviceOnly) },
    findings: ["fault cert-name"],
  },
  {
    what: "a certificate with the domain as XMPP address",
    servers: { protocol: "xmpp-client", tls: ({ bad, chained }) => chained(bad.chatAddress) },
    findings: [],
  },
  {
    what: "a certificate with an XMPP address, on a port for mail",
    servers: { protocol: "imap", tls: ({ bad, chained }) => chained(bad.chatAddress) },
    findings: ["fault cert-name"],
  },
];
