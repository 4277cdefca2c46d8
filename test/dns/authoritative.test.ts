// Authoritative look-ups: where the zone is, every address asked directly, aliases from zone to zone, and what counts as no answer.
import { AUTHORITATIVE_ANSWER, type Answer } from "dns-packet";
import { afterEach, describe, expect, it } from "vitest";
import type { Authoritative } from "../../src/dns/authoritative.ts";
import { createDns } from "../../src/dns/index.ts";
import { type NameServerFake, type Reply, startNameServer } from "./name-server.ts";

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()));
});

const options = { timeoutMs: 5_000, signal: new AbortController().signal };
type Records = Readonly<Record<string, Reply>>;

const soa = (name: string): Answer => ({ type: "SOA", name, data: { mname: `ns1.${name}`, rname: `host.${name}` } });
const ns = (name: string, ...servers: readonly string[]): Reply => ({
  answers: servers.map((data): Answer => ({ type: "NS", name, data })),
});
const a = (name: string, ...addresses: readonly string[]): Reply => ({
  answers: addresses.map((data): Answer => ({ type: data.includes(":") ? "AAAA" : "A", name, data })),
});
const txt = (name: string, ...values: readonly string[]): Answer[] =>
  values.map((value) => ({ type: "TXT", name, ttl: 30, data: value }));
const cname = (name: string, data: string): Answer => ({ type: "CNAME", name, data });
const own = (...answers: readonly Answer[]): Reply => ({ answers, flags: AUTHORITATIVE_ANSWER });

const server = async (records: Records, otherwise: Reply = { rcode: 3 }): Promise<NameServerFake> => {
  const fake = await startNameServer(({ name, type }) => records[`${name} ${type}`] ?? otherwise);
  closers.push(fake.stop);
  return fake;
};

const nothing: Reply = { ...own(), rcode: 3 };

/** What the resolver says, and who stands behind each address. */
const look = async (
  resolver: Records,
  servers: Readonly<Record<string, NameServerFake>>,
): Promise<{ readonly authority: Authoritative; readonly resolver: NameServerFake }> => {
  const recursive = await server(resolver);
  const dns = createDns({
    servers: [recursive],
    trustAd: false,
    randomId: () => Math.floor(Math.random() * 65_536),
    ticks: () => performance.now(),
    roots: async () => [],
    serverAt: (address) => servers[address] ?? { address: "127.0.0.1", port: 1 },
  });
  return { authority: dns.authoritative, resolver: recursive };
};

const example: Records = {
  "example.org SOA": { answers: [soa("example.org")] },
  "example.org NS": ns("example.org", "NS1.example.org", "ns2.example.net"),
  "ns1.example.org A": a("ns1.example.org", "192.0.2.1"),
  "ns1.example.org AAAA": a("ns1.example.org", "2001:db8::1"),
  "ns2.example.net A": a("ns2.example.net", "192.0.2.2"),
};
const name = "_acme-challenge.mail.example.org";

describe("the zone of a name", () => {
  it("is at the next SOA record upwards, with every address of every server", async () => {
    const { authority, resolver } = await look(example, {});
    expect(await authority.zoneOf(`${name.toUpperCase()}.`, options)).toEqual({
      kind: "zone",
      apex: "example.org",
      servers: [
        { name: "ns1.example.org", addresses: ["192.0.2.1", "2001:db8::1"] },
        { name: "ns2.example.net", addresses: ["192.0.2.2"] },
      ],
    });
    const climbed = resolver.asked.map(({ packet }) => packet.questions?.[0]).filter((asked) => asked?.type === "SOA");
    expect(climbed.map((asked) => asked?.name)).toEqual([name, "mail.example.org", "example.org"]);
  });

  it("shows no name server's name as a terminal would obey it", async () => {
    const evil = "ns1\u001b]0;owned\u0007\u001b[2k.example.org";
    const { authority } = await look({ ...example, "example.org NS": ns("example.org", evil) }, {});
    const zone = await authority.zoneOf(name, options);
    expect(zone).toMatchObject({ servers: [{ name: "ns1 ]0;owned [2k.example.org", addresses: [] }] });
    expect(JSON.stringify(await authority.follow(name, options))).not.toMatch(/\\u00[01]|\\u009/);
  });

  it("may be the name itself, delegated; the SOA record of an alias's target is not its own", async () => {
    const delegated: Records = {
      [`${name} SOA`]: { answers: [soa(name)] },
      [`${name} NS`]: ns(name, "ns.acme.example.net"),
      "ns.acme.example.net A": a("ns.acme.example.net", "192.0.2.3"),
    };
    const { authority } = await look(delegated, {});
    expect(await authority.zoneOf(name, options)).toMatchObject({ apex: name });
    const alias = { ...example, [`${name} SOA`]: { answers: [cname(name, "example.net"), soa("example.net")] } };
    const { authority: other } = await look(alias, {});
    expect(await other.zoneOf(name, options)).toMatchObject({ apex: "example.org" });
  });

  it("is unknown where the resolver has trouble, where there is none, and where it has no servers", async () => {
    const failing = await look({ [`${name} SOA`]: { rcode: 2 } }, {});
    expect(await failing.authority.zoneOf(name, options)).toEqual({ kind: "unknown", why: `${name} SOA: SERVFAIL` });
    const none = await look({}, {});
    expect(await none.authority.zoneOf(name, options)).toEqual({
      kind: "unknown",
      why: `no zone that holds ${name} can be found`,
    });
    const empty = await look({ "example.org SOA": { answers: [soa("example.org")] }, "example.org NS": own() }, {});
    expect(await empty.authority.zoneOf(name, options)).toMatchObject({ why: "example.org has no name servers" });
  });
});

describe("every server", () => {
  it("is asked at each address, without recursion, and says its own", async () => {
    const fresh = await server({ [`${name} TXT`]: own(...txt(name, "new", "other")) }, nothing);
    const lagging = await server({}, nothing);
    const { authority, resolver } = await look(example, {
      "192.0.2.1": fresh,
      "2001:db8::1": fresh,
      "192.0.2.2": lagging,
    });
    const asked = await authority.askAll(name, "TXT", options);
    if (asked.kind === "unknown") throw new Error(asked.why);
    expect(asked).toMatchObject({ owner: name, zone: "example.org" });
    expect(asked.replies).toMatchObject([
      { server: "ns1.example.org", address: "192.0.2.1", kind: "answered", records: [{ ttl: 30 }, { ttl: 30 }] },
      { server: "ns1.example.org", address: "2001:db8::1", kind: "answered", records: [{}, {}] },
      { server: "ns2.example.net", address: "192.0.2.2", kind: "answered", records: [] },
    ]);
    for (const { packet } of [...fresh.asked, ...lagging.asked])
      expect((packet as { flag_rd: boolean }).flag_rd).toBe(false);
    expect(resolver.asked.every(({ packet }) => packet.questions?.[0]?.type !== "TXT")).toBe(true);
  });

  it("is taken at its word only with authority: lame, refused, silent and closed ones are named", async () => {
    const good = await server({ [`${name} TXT`]: own(...txt(name, "v")) }, nothing);
    const lame = await server({ [`${name} TXT`]: { answers: txt(name, "v") } }, { answers: [] });
    const refusing = await server({}, { rcode: 5 });
    const silent = await server({}, { silent: true, overTcp: () => Buffer.alloc(0) });
    const servers: Records = {
      ...example,
      "ns1.example.org A": a("ns1.example.org", "192.0.2.1", "192.0.2.11", "192.0.2.12", "192.0.2.13", "192.0.2.14"),
      "ns1.example.org AAAA": own(),
      "ns2.example.net A": { rcode: 2 },
    };
    const { authority } = await look(servers, {
      "192.0.2.1": good,
      "192.0.2.11": lame,
      "192.0.2.12": refusing,
      "192.0.2.13": silent,
    });
    const asked = await authority.askAll(name, "TXT", { ...options, timeoutMs: 2_500 });
    if (asked.kind === "unknown") throw new Error(asked.why);
    expect(asked.replies.map((reply) => (reply.kind === "failed" ? reply.why : "answered"))).toEqual([
      "answered",
      "it does not have the zone (lame delegation)",
      "REFUSED",
      "the connection was closed before the answer",
      "nothing listens there",
      "its name has no address that could be found",
    ]);
  });

  it("is asked over TCP for what does not fit", async () => {
    const long = await server({ [`${name} TXT`]: { ...own(...txt(name, "v")), truncated: true } }, nothing);
    const { authority } = await look(
      { ...example, "example.org NS": ns("example.org", "ns2.example.net") },
      { "192.0.2.2": long },
    );
    expect(await authority.askAll(name, "TXT", options)).toMatchObject({ replies: [{ records: [{ type: "TXT" }] }] });
    expect(long.asked.at(-1)?.over).toBe("tcp");
  });
});

describe("aliases", () => {
  const acme: Records = {
    ...example,
    "acme.example.net SOA": { answers: [soa("acme.example.net")] },
    "acme.example.net NS": ns("acme.example.net", "ns.example.net"),
    "ns.example.net A": a("ns.example.net", "192.0.2.3"),
  };

  it("are followed into the zone that holds the end", async () => {
    const first = await server({ [`${name} CNAME`]: own(cname(name, "X.acme.example.net")) }, nothing);
    const second = await server(
      {
        "x.acme.example.net CNAME": own(cname("x.acme.example.net", "y.acme.example.net")),
        "y.acme.example.net TXT": own(...txt("y.acme.example.net", "v")),
      },
      nothing,
    );
    const { authority } = await look(acme, {
      "192.0.2.1": first,
      "2001:db8::1": first,
      "192.0.2.2": first,
      "192.0.2.3": second,
    });
    expect(await authority.follow(name, options)).toMatchObject({
      kind: "destination",
      owner: "y.acme.example.net",
      zone: { apex: "acme.example.net" },
      aliases: [name, "x.acme.example.net"],
    });
    expect(await authority.askAll(name, "TXT", options)).toMatchObject({
      owner: "y.acme.example.net",
      zone: "acme.example.net",
      replies: [{ kind: "answered", records: [{ type: "TXT" }] }],
    });
  });

  it("in a circle, without end, or where nobody answers: unknown", async () => {
    const all = (fake: NameServerFake) => ({ "192.0.2.1": fake, "2001:db8::1": fake, "192.0.2.2": fake });
    const circle = await server(
      {
        [`${name} CNAME`]: own(cname(name, "b.example.org")),
        "b.example.org CNAME": own(cname("b.example.org", name)),
      },
      nothing,
    );
    const { authority } = await look(example, all(circle));
    expect(await authority.follow(name, options)).toMatchObject({ why: expect.stringContaining("in a circle") });
    const endless = await startNameServer(({ name: at }) => own(cname(at, `x${at}`)));
    closers.push(endless.stop);
    const { authority: other } = await look(example, all(endless));
    expect(await other.follow(name, options)).toMatchObject({ why: `${name} leads through more than 8 aliases` });
    const odd = await server({ [`${name} CNAME`]: own(cname(name, "a b;c.example.org")) }, nothing);
    const { authority: strange } = await look(example, all(odd));
    expect(await strange.follow(name, options)).toMatchObject({
      why: expect.stringContaining("no name to publish at"),
    });
    const { authority: nobody } = await look(example, {});
    expect(await nobody.follow(name, options)).toMatchObject({
      why: expect.stringContaining(
        "no name server of example.org answered (ns1.example.org (192.0.2.1): nothing listens",
      ),
    });
  });
});
