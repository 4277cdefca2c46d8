// A resolver and the name servers of example.org, for look-ups that ask both: what each says is a test's.
import { AUTHORITATIVE_ANSWER, type Answer } from "dns-packet";
import { afterEach } from "vitest";
import type { Dns } from "../../src/dns/dns.ts";
import { createDns } from "../../src/dns/index.ts";
import { type NameServerFake, type Reply, startNameServer } from "./name-server.ts";

export type Records = Readonly<Record<string, Reply>>;

export interface Zones {
  readonly dns: Dns;
  readonly resolver: NameServerFake;
  /** `TYPE name` of every question to the resolver. */
  readonly asked: () => readonly string[];
}

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()));
});

export const own = (...answers: readonly Answer[]): Reply => ({ answers, flags: AUTHORITATIVE_ANSWER });
export const noName: Reply = { rcode: 3 };
export const noRecord: Reply = { answers: [] };
export const servfail: Reply = { rcode: 2 };

export const address = (name: string, ...data: readonly string[]): Answer[] =>
  data.map((one) => ({ type: one.includes(":") ? "AAAA" : "A", name, data: one }));
export const cname = (name: string, data: string): Answer => ({ type: "CNAME", name, data });
export const caa = (name: string, tag: "issue" | "issuewild" | "iodef", value: string, flags = 0): Answer => ({
  type: "CAA",
  name,
  data: { flags, tag, value, issuerCritical: flags >= 128 },
});

/** The zone example.org at two servers, as a resolver knows it. */
const delegation: Records = {
  "example.org SOA": {
    answers: [{ type: "SOA", name: "example.org", data: { mname: "ns1.example.org", rname: "host.example.org" } }],
  },
  "example.org NS": {
    answers: ["ns1.example.org", "ns2.example.org"].map((data): Answer => ({ type: "NS", name: "example.org", data })),
  },
  "ns1.example.org A": { answers: address("ns1.example.org", "192.0.2.1") },
  "ns2.example.org A": { answers: address("ns2.example.org", "192.0.2.2") },
};

/** `servers`: what ns1 and ns2 say; one that is not there refuses connections. `hosts`: what this host's own programs find. */
export const openZones = async (
  resolver: Records,
  servers: readonly Records[] = [],
  hosts: Readonly<Record<string, readonly string[]>> = {},
): Promise<Zones> => {
  const start = async (records: Records, otherwise: Reply): Promise<NameServerFake> => {
    const fake = await startNameServer(({ name, type }) => records[`${name} ${type}`] ?? otherwise);
    closers.push(fake.stop);
    return fake;
  };
  const recursive = await start({ ...delegation, ...resolver }, noName);
  const seats = await Promise.all(servers.map((records) => start(records, { ...own(), rcode: 3 })));
  const dns = createDns({
    servers: [recursive],
    trustAd: false,
    randomId: () => Math.floor(Math.random() * 65_536),
    ticks: () => performance.now(),
    roots: async () => [],
    serverAt: (at) => seats[Number(at.split(".")[3]) - 1] ?? { address: "127.0.0.1", port: 1 },
    ownLookUp: async (name) => hosts[name] ?? [],
  });
  return {
    dns,
    resolver: recursive,
    asked: () =>
      recursive.asked.flatMap(({ packet }) => (packet.questions ?? []).map(({ name, type }) => `${type} ${name}`)),
  };
};
