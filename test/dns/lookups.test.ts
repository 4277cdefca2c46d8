// TLSA and MTA-STS as senders look them up, against a scripted name server and a policy host on loopback.
import { once } from "node:events";
import { createServer } from "node:https";
import type { RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { AUTHENTIC_DATA, type Answer } from "dns-packet";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Dns } from "../../src/dns/dns.ts";
import { createDns } from "../../src/dns/index.ts";
import { type Issued, issue, served } from "../fakes/pki.ts";
import { type NameServerFake, type Reply, startNameServer } from "./name-server.ts";

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()));
});

let root: Issued;
let host: Issued;
let stranger: Issued;
beforeAll(async () => {
  root = await issue({ subject: "CN=Web Root", ca: true });
  host = await issue({ names: ["mta-sts.example.org"], by: root });
  stranger = await issue({ names: ["www.example.org"], by: root });
});

const options = { timeoutMs: 2_000, signal: new AbortController().signal };

const zone = async (
  records: Readonly<Record<string, Reply>>,
  policyPort = 443,
): Promise<{ readonly dns: Dns; readonly server: NameServerFake }> => {
  const server = await startNameServer(({ name, type }) => records[`${name} ${type}`] ?? { rcode: 3 });
  closers.push(server.stop);
  const dns = createDns({
    servers: [server],
    trustAd: false,
    randomId: () => Math.floor(Math.random() * 65_536),
    ticks: () => performance.now(),
    roots: async () => [root.pem],
    policyPort,
  });
  return { dns, server };
};

const tlsa = (name: string, digit: number): Answer => ({
  type: "TLSA",
  name,
  data: { usage: 3, selector: 1, matchingType: 1, certificate: Buffer.alloc(32, digit) },
});
const cname = (name: string, data: string): Answer => ({ type: "CNAME", name, data });
const secure = (...answers: readonly Answer[]): Reply => ({ answers, flags: AUTHENTIC_DATA });
const own = "_25._tcp.mail.example.org";

describe("TLSA", () => {
  it("gives the records, and whether they are secure", async () => {
    const { dns } = await zone({ [`${own} TLSA`]: secure(tlsa(own, 1), tlsa(own, 2)) });
    expect(await dns.tlsa("mail.example.org", 25, options)).toEqual({
      kind: "found",
      owner: own,
      records: [1, 2].map((digit) => ({ usage: 3, selector: 1, matchingType: 1, data: `0${digit}`.repeat(32) })),
      secure: true,
    });
    const { dns: plain } = await zone({ [`${own} TLSA`]: { answers: [tlsa(own, 1)] } });
    expect(await plain.tlsa("mail.example.org", 25, options)).toMatchObject({ kind: "found", secure: false });
  });

  it("follows the alias of the record's own name, in whatever case, and takes no stranger's record", async () => {
    const { dns } = await zone({
      [`${own} TLSA`]: secure(
        tlsa("_25._tcp.other.example.org", 9),
        tlsa("tlsa.EXAMPLE.net", 3),
        cname(own, "shared.example.net"),
        cname("Shared.example.net", "tlsa.example.net"),
      ),
    });
    const found = await dns.tlsa("mail.example.org", 25, options);
    expect(found).toMatchObject({ kind: "found", owner: own, records: [{ data: "03".repeat(32) }] });
  });

  it("survives aliases in a circle", async () => {
    const { dns } = await zone({ [`${own} TLSA`]: secure(cname(own, "a.example.net"), cname("a.example.net", own)) });
    expect(await dns.tlsa("mail.example.org", 25, options)).toEqual({ kind: "none" });
  });

  it("asks at the end of a secure alias of the host first, then at its own name (RFC 7672 §2.2.2)", async () => {
    const alias = cname("mail.example.org", "host1.example.net");
    const there = "_25._tcp.host1.example.net";
    const records = {
      "mail.example.org A": secure(alias),
      [`${own} TLSA`]: secure(tlsa(own, 1)),
      [`${there} TLSA`]: secure(tlsa(there, 2)),
    };
    const ownerIn = async (one: Readonly<Record<string, Reply>>): Promise<unknown> => {
      const found = await (await zone(one)).dns.tlsa("mail.example.org", 25, options);
      return found.kind === "found" ? found.owner : found.kind;
    };
    expect(await ownerIn(records)).toBe(there);
    expect(await ownerIn({ ...records, [`${there} TLSA`]: { answers: [tlsa(there, 2)] } })).toBe(own);
    expect(await ownerIn({ ...records, [`${there} TLSA`]: { rcode: 3 } })).toBe(own);
    expect(await ownerIn({ ...records, "mail.example.org A": { answers: [alias] } })).toBe(own);
    const odd = cname("mail.example.org", "host1.example.net. IN TLSA 3 1 1 00\n");
    expect(await ownerIn({ ...records, "mail.example.org A": secure(odd) })).toBe(own);
  });

  it("SERVFAIL for the records of a host that is there: senders keep their mail (RFC 7672 §2.1.1), and whether they ask at all", async () => {
    const failing = { [`${own} TLSA`]: { rcode: 2 } };
    const address: Answer = { type: "A", name: "mail.example.org", data: "192.0.2.1" };
    const found = async (one: Readonly<Record<string, Reply>>): Promise<object> =>
      (await zone(one)).dns.tlsa("mail.example.org", 25, options);
    const unknown = { kind: "unknown", why: `${own}: SERVFAIL` };
    expect(await found({ ...failing, "mail.example.org A": secure(address) })).toEqual({
      ...unknown,
      failed: { owner: own, signed: true },
    });
    expect(await found({ ...failing, "mail.example.org A": { answers: [address] } })).toEqual({
      ...unknown,
      failed: { owner: own, signed: false },
    });
    // Only IPv6, and a host that nobody answers for.
    expect(await found({ ...failing, "mail.example.org A": secure() })).toMatchObject({ failed: { signed: true } });
    expect(await found({ ...failing, "mail.example.org A": { rcode: 2 } })).toEqual(unknown);
    // Silence for this type alone, as firewalls keep it.
    const brief = { ...options, timeoutMs: 1_000 };
    const silenced = await zone({ [`${own} TLSA`]: { silent: true }, "mail.example.org A": secure(address) });
    expect(await silenced.dns.tlsa("mail.example.org", 25, brief)).toMatchObject({
      kind: "unknown",
      failed: { owner: own, signed: true, silent: true },
    });
    // At the end of a secure alias nobody answers: the name itself is not asked instead.
    const there = "_25._tcp.host1.example.net";
    const alias = { "mail.example.org A": secure(cname("mail.example.org", "host1.example.net")) };
    expect(await found({ ...alias, [`${there} TLSA`]: { rcode: 2 } })).toEqual({
      kind: "unknown",
      why: `${there}: SERVFAIL`,
      failed: { owner: there, signed: true },
    });
    expect(
      await found({ ...alias, [`${there} TLSA`]: { rcode: 2 }, [`${own} TLSA`]: secure(tlsa(own, 1)) }),
    ).toMatchObject({
      kind: "found",
      owner: own,
    });
  });

  it("keeps apart what is not there and what nobody could say", async () => {
    const { dns } = await zone({ [`${own} TLSA`]: { rcode: 2 }, "_465._tcp.mail.example.org TLSA": { answers: [] } });
    expect(await dns.tlsa("mail.example.org", 25, options)).toEqual({ kind: "unknown", why: `${own}: SERVFAIL` });
    expect(await dns.tlsa("mail.example.org", 465, options)).toEqual({ kind: "none" });
    expect(await dns.tlsa("mail.example.org", 993, options)).toEqual({ kind: "none" });
    const { dns: mute } = await zone({ [`${own} TLSA`]: { silent: true }, "mail.example.org A": { silent: true } });
    expect(await mute.tlsa("mail.example.org", 25, { ...options, timeoutMs: 200 })).toEqual({
      kind: "unknown",
      why: "no name server answered in time",
    });
  });
});

const policyText = "version: STSv1\r\nmode: enforce\r\nmx: mail.example.org\r\nmax_age: 604800\r\n";

const policyHost = async (answer: RequestListener, identity = host): Promise<number> => {
  const server = createServer(served(identity), answer);
  server.on("tlsClientError", () => undefined);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });
  return (server.address() as AddressInfo).port;
};

const txt = (...data: string[]): Answer => ({ type: "TXT", name: "_mta-sts.example.org", data });
const published: Readonly<Record<string, Reply>> = {
  "_mta-sts.example.org TXT": { answers: [txt("v=STSv1; ", "id=1;")] },
  "mta-sts.example.org A": { answers: [{ type: "A", name: "mta-sts.example.org", data: "127.0.0.1" }] },
};

describe("MTA-STS", () => {
  it("finds the policy behind the record", async () => {
    const asked: string[] = [];
    const port = await policyHost((request, response) => {
      asked.push(`${request.headers.host ?? ""}${request.url ?? ""}`);
      response.setHeader("Content-Type", "Text/Plain; charset=utf-8").end(policyText);
    });
    const { dns } = await zone(published, port);
    expect(await dns.mtaSts("example.org", options)).toEqual({
      kind: "found",
      policy: { mode: "enforce", mx: ["mail.example.org"], maxAge: 604_800 },
    });
    expect(asked).toEqual([`mta-sts.example.org:${port}/.well-known/mta-sts.txt`]);
  });

  it("asks nobody for a policy where there is no record", async () => {
    let asked = 0;
    const port = await policyHost((_request, response) => {
      asked += 1;
      response.end(policyText);
    });
    const { dns } = await zone({ ...published, "_mta-sts.example.org TXT": { answers: [txt("v=spf1 -all")] } }, port);
    expect(await dns.mtaSts("example.org", options)).toEqual({ kind: "none" });
    const { dns: empty } = await zone({}, port);
    expect(await empty.mtaSts("example.org", options)).toEqual({ kind: "none" });
    expect(asked).toBe(0);
  });

  it.each<[string, RequestListener]>([
    [
      "a redirect",
      (_request, response) => response.writeHead(301, { Location: "https://mta-sts.example.org/x" }).end(),
    ],
    ["not found", (_request, response) => response.writeHead(404).end(policyText)],
    ["more than any policy", (_request, response) => response.end(policyText + "x".repeat(100_000))],
    ["silence", () => undefined],
    [
      "half an answer",
      (_request, response) => {
        response.writeHead(200, { "Content-Length": "1000" });
        response.write(policyText);
        setTimeout(() => response.destroy(), 50);
      },
    ],
  ])("could not say: %s", async (_what, answer) => {
    const { dns } = await zone(published, await policyHost(answer));
    const started = performance.now();
    const found = await dns.mtaSts("example.org", { ...options, timeoutMs: 500 });
    expect(found.kind).toBe("unknown");
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  it("takes no policy from a host whose certificate is for another name or of a stranger", async () => {
    const other = await policyHost((_request, response) => response.end(policyText), stranger);
    const { dns } = await zone(published, other);
    expect(await dns.mtaSts("example.org", options)).toMatchObject({ kind: "unknown" });
    const self = await issue({ names: ["mta-sts.example.org"] });
    const { dns: untrusting } = await zone(
      published,
      await policyHost((_request, response) => response.end(policyText), self),
    );
    expect(await untrusting.mtaSts("example.org", options)).toMatchObject({ kind: "unknown" });
  });

  it("takes a text that is no policy for none, as senders do", async () => {
    const { dns } = await zone(published, await policyHost((_request, response) => response.end("<html>hello</html>")));
    expect(await dns.mtaSts("example.org", options)).toEqual({
      kind: "none",
      why: "the text that mta-sts.example.org has is no policy: it has no line `version: STSv1`",
    });
  });

  it("keeps the media type where it is not text/plain", async () => {
    const typed = async (type?: string): Promise<unknown> => {
      const port = await policyHost((_request, response) => {
        if (type !== undefined) response.setHeader("Content-Type", type);
        response.end(policyText);
      });
      const found = await (await zone(published, port)).dns.mtaSts("example.org", options);
      return found.kind === "found" ? found.mediaType : found;
    };
    expect(await typed("text/plain")).toBeUndefined();
    expect(await typed("text/html")).toBe("text/html");
    expect(await typed("text/plainer")).toBe("text/plainer");
    expect(await typed()).toBe("none");
  });

  it("says what is wrong with a record that was meant for it, and asks nobody for a policy then", async () => {
    const why = async (...answers: readonly Answer[]): Promise<unknown> => {
      const { dns } = await zone({ "_mta-sts.example.org TXT": { answers } });
      return dns.mtaSts("example.org", options);
    };
    expect(await why(txt("v=STSv1; id=1;"), txt("v=STSv1; id=2;"))).toEqual({
      kind: "none",
      why: "_mta-sts.example.org has 2 records",
    });
    const malformed = { kind: "none", why: "the record at _mta-sts.example.org is malformed" };
    expect(await why(txt("v=STSv1; id=2026-01-01;"))).toEqual(malformed);
    expect(await why(txt("V=stsv1; id=1;"))).toEqual(malformed);
  });

  it("could not say: SERVFAIL, no address, nothing listens", async () => {
    const kind = async (records: Readonly<Record<string, Reply>>): Promise<string> =>
      (await (await zone({ ...published, ...records }, 1)).dns.mtaSts("example.org", options)).kind;
    expect(await kind({ "_mta-sts.example.org TXT": { rcode: 2 } })).toBe("unknown");
    expect(await kind({ "mta-sts.example.org A": { answers: [] } })).toBe("unknown");
    expect(await kind({})).toBe("unknown");
  });
});
