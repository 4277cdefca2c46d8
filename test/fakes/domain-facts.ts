// Mail domains as checks see them: sound ones, and each way in which one can be wrong.
import type { DomainFacts } from "../../src/checks/check.ts";
import type { MxLookup, MxRecord, ServiceRecord } from "../../src/dns/dns.ts";
import { chatServices, mailServices } from "../../src/domain/srv-records.ts";

const domain = "example.org";

export const withMx = (...records: readonly Partial<MxRecord>[]): DomainFacts & { readonly mx: MxLookup } => ({
  domain,
  mx: {
    kind: "found",
    records: records.map((one) => ({ preference: 10, host: "mail.example.org", ...one })),
    secure: true,
  },
  sts: { kind: "none" },
});

export const withPolicy = (
  mode: "enforce" | "testing" | "none",
  mx: readonly string[] = ["mail.example.org"],
  maxAge = 604_800,
): DomainFacts => ({ ...withMx({}), sts: { kind: "found", policy: { mode, mx, maxAge } } });

/** By label; those that are not given are not there. */
export const withServices = (records: Readonly<Record<string, readonly Partial<ServiceRecord>[]>>): DomainFacts => ({
  domain,
  services: [...mailServices, ...chatServices].map((service) => {
    const given = records[service.label];
    const record = { priority: 0, weight: 1, port: 993, host: "mail.example.org" };
    return {
      service,
      lookup: given ? { kind: "found", records: given.map((one) => ({ ...record, ...one })) } : { kind: "none" },
    };
  }),
});

export const domainFacts = {
  sound: withMx({}, { preference: 20, host: "mx2.example.org" }),
  strict: withPolicy("enforce", ["elsewhere.example.org"]),
  testing: withPolicy("testing"),
  short: withPolicy("enforce", ["mail.example.org"], 86_400),
  none: withPolicy("none", []),
  asPage: {
    ...withMx({}),
    sts: {
      kind: "found",
      policy: { mode: "enforce", mx: ["mail.example.org"], maxAge: 604_800 },
      mediaType: "text/html; charset=utf-8",
    },
  },
  unfetched: { ...withMx({}), sts: { kind: "unknown", why: "example.org: the policy host answered 404" } },
  malformed: { ...withMx({}), sts: { kind: "none", why: "_mta-sts.example.org has 2 records" } },
  noMx: { domain, mx: { kind: "none", exists: true, secure: true }, sts: { kind: "none" } },
  noDomain: { domain, mx: { kind: "none", exists: false, secure: true }, sts: { kind: "none" } },
  unasked: { domain, mx: { kind: "unknown", why: "example.org: SERVFAIL" }, sts: { kind: "unknown", why: "SERVFAIL" } },
  nullMx: withMx({ preference: 0, host: "" }),
  halfNull: withMx({ preference: 0, host: "" }, {}),
  addressMx: withMx({ host: "192.0.2.1" }),
  oddMx: withMx({ host: "mail_server.example.org" }),
  aliasMx: withMx({ alias: "host1.example.net" }),
  services: withServices({
    "_imaps._tcp": [{}],
    "_imap._tcp": [{ priority: 10, port: 143 }],
    "_pop3._tcp": [{ host: "" }],
    "_submissions._tcp": [{ port: 465 }],
    "_xmpp-client._tcp": [{ port: 5222, host: "chat.example.org" }],
  }),
  readOnly: withServices({ "_imaps._tcp": [{}], "_sieve._tcp": [{ port: 4190 }] }),
  notSent: withServices({ "_imaps._tcp": [{}], "_submission._tcp": [{ host: "" }] }),
  chatOnly: withServices({ "_xmpp-server._tcp": [{ port: 5269 }] }),
  noServices: withServices({}),
  worseFirst: withServices({
    "_submissions._tcp": [{ port: 465 }],
    "_imaps._tcp": [{ priority: 20 }],
    "_imap._tcp": [{ priority: 10, port: 143 }],
  }),
  badTargets: withServices({
    "_submissions._tcp": [{ port: 465 }],
    "_imaps._tcp": [{ host: "192.0.2.1" }, { host: "a b" }, { port: 0 }, { alias: "host1.example.net" }, { host: "" }],
  }),
} as const satisfies Readonly<Record<string, DomainFacts>>;
