// MX and SRV records as senders and mail programs look them up, against a scripted name server.
import { setMaxListeners } from "node:events";
import { AUTHENTIC_DATA, type Answer } from "dns-packet";
import { afterEach, describe, expect, it } from "vitest";
import type { Dns } from "../../src/dns/dns.ts";
import { mxHost } from "../../src/checks/mx-host.ts";
import { createDns } from "../../src/dns/index.ts";
import { type Reply, startNameServer } from "./name-server.ts";

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()));
});

const { signal } = new AbortController();
// As the program's own: forty questions at once listen to it.
setMaxListeners(0, signal);
const options = { timeoutMs: 2_000, signal };

const zone = async (records: Readonly<Record<string, Reply>>): Promise<Dns> => {
  const server = await startNameServer(({ name, type }) => records[`${name} ${type}`] ?? { rcode: 3 });
  closers.push(server.stop);
  return createDns({
    servers: [server],
    trustAd: false,
    randomId: () => Math.floor(Math.random() * 65_536),
    ticks: () => performance.now(),
    roots: async () => [],
  });
};

const mx = (preference: number, exchange: string, name = "example.org"): Answer => ({
  type: "MX",
  name,
  data: { preference, exchange },
});
const cname = (name: string, data: string): Answer => ({ type: "CNAME", name, data });
const srv = (port: number, target: string, priority = 0): Answer => ({
  type: "SRV",
  name: "_imaps._tcp.example.org",
  data: { priority, weight: 1, port, target },
});

describe("MX", () => {
  it("gives hosts by preference, lower case, and whether DNSSEC vouches for them", async () => {
    const answers = [mx(20, "mx2.example.org"), mx(10, "MX1.Example.ORG")];
    const dns = await zone({ "example.org MX": { answers, flags: AUTHENTIC_DATA } });
    expect(await dns.mx("example.org", options)).toEqual({
      kind: "found",
      secure: true,
      records: [
        { preference: 10, host: "mx1.example.org" },
        { preference: 20, host: "mx2.example.org" },
      ],
    });
    const plain = await zone({ "example.org MX": { answers } });
    expect(await plain.mx("example.org", options)).toMatchObject({ kind: "found", secure: false });
  });

  it("knows a null MX, and takes no stranger's record", async () => {
    const dns = await zone({ "example.org MX": { answers: [mx(0, "."), mx(10, "evil.example", "example.com")] } });
    expect(await dns.mx("example.org", options)).toMatchObject({ records: [{ preference: 0, host: "" }] });
  });

  it.each(["\u0001", " ", "\u200b", "\u0000.\u0000"])(
    "takes %j for no null MX: it is a name, and of no host",
    async (exchange) => {
      const dns = await zone({ "example.org MX": { answers: [mx(10, exchange)] } });
      const found = await dns.mx("example.org", options);
      if (found.kind !== "found") throw new Error(found.kind);
      const [record] = found.records;
      expect(record?.host).toMatch(/^[\u0021-\u007e]+$/);
      expect(mxHost.judge({ domain: "example.org", mx: found })).toMatchObject([
        { severity: "fault", check: "mx-host" },
      ]);
    },
  );

  it("says which hosts are aliases", async () => {
    const dns = await zone({
      "example.org MX": { answers: [mx(10, "mail.example.org"), mx(20, "mx2.example.org")] },
      "mail.example.org A": { answers: [cname("mail.example.org", "Host1.example.net")] },
      "mx2.example.org A": { answers: [{ type: "A", name: "mx2.example.org", data: "192.0.2.1" }] },
    });
    expect(await dns.mx("example.org", options)).toMatchObject({
      records: [{ host: "mail.example.org", alias: "host1.example.net" }, { host: "mx2.example.org" }],
    });
  });

  it("follows an alias of the domain itself", async () => {
    const dns = await zone({
      "www.example.org MX": { answers: [cname("www.example.org", "example.org"), mx(10, "mail.example.org")] },
    });
    expect(await dns.mx("www.example.org", options)).toMatchObject({ records: [{ host: "mail.example.org" }] });
  });

  it("keeps apart: no record, no domain, and nobody could say", async () => {
    const dns = await zone({ "example.org MX": { answers: [] }, "bogus.example MX": { rcode: 2 } });
    expect(await dns.mx("example.org", options)).toEqual({ kind: "none", exists: true, secure: false });
    expect(await dns.mx("gone.example", options)).toEqual({ kind: "none", exists: false, secure: false });
    expect(await dns.mx("bogus.example", options)).toEqual({ kind: "unknown", why: "bogus.example: SERVFAIL" });
    const mute = await zone({ "example.org MX": { silent: true } });
    expect(await mute.mx("example.org", { ...options, timeoutMs: 200 })).toEqual({
      kind: "unknown",
      why: "example.org: no name server answered in time",
    });
  });

  it("shows no more than 32, and nothing that a terminal would act on", async () => {
    const answers = Array.from({ length: 40 }, (_, at) => mx(at, `mx${at}\u001b[31m.example.org`));
    const found = await (await zone({ "example.org MX": { answers, truncated: true } })).mx("example.org", options);
    if (found.kind !== "found") throw new Error(found.kind);
    expect(found.records).toHaveLength(32);
    for (const { host } of found.records) expect(host).not.toContain("\u001b");
  });
});

describe("SRV", () => {
  const owner = "_imaps._tcp.example.org";
  it("gives places by priority", async () => {
    const answers = [srv(994, "mail2.example.org", 10), srv(993, "MAIL.example.org")];
    const dns = await zone({ [`${owner} SRV`]: { answers } });
    expect(await dns.service(owner, options)).toEqual({
      kind: "found",
      records: [
        { priority: 0, weight: 1, port: 993, host: "mail.example.org" },
        { priority: 10, weight: 1, port: 994, host: "mail2.example.org" },
      ],
    });
  });
  it("knows a service that is not offered, and a target that is an alias", async () => {
    const dns = await zone({
      [`${owner} SRV`]: { answers: [srv(0, ".")] },
      "_imap._tcp.example.org SRV": { answers: [{ ...srv(143, "imap.example.org"), name: "_imap._tcp.example.org" }] },
      "imap.example.org A": { answers: [cname("imap.example.org", "mail.example.org")] },
    });
    expect(await dns.service(owner, options)).toMatchObject({ records: [{ host: "", port: 0 }] });
    expect(await dns.service("_imap._tcp.example.org", options)).toMatchObject({
      records: [{ host: "imap.example.org", alias: "mail.example.org" }],
    });
  });
  it("keeps apart: none, and nobody could say", async () => {
    const dns = await zone({ "_pop3s._tcp.example.org SRV": { rcode: 2 } });
    expect(await dns.service(owner, options)).toEqual({ kind: "none" });
    expect(await dns.service("_pop3s._tcp.example.org", options)).toEqual({
      kind: "unknown",
      why: "_pop3s._tcp.example.org: SERVFAIL",
    });
  });
});
