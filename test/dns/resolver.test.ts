// The resolver against scripted name servers: matching, truncation, trust in the AD bit, deadlines, servers in turn.
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { AUTHENTIC_DATA, type Answer } from "dns-packet";
import { afterEach, describe, expect, it } from "vitest";
import { readResolvConf } from "../../src/dns/index.ts";
import { parseResolvConf } from "../../src/dns/resolv-conf.ts";
import { type Resolver, type ResolverOptions, createResolver } from "../../src/dns/resolver.ts";
import { createShared } from "../../src/dns/shared.ts";
import { type NameServerFake, message, startNameServer } from "./name-server.ts";
import { freePort } from "../free-ports.ts";

const servers: NameServerFake[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

const start = async (...script: Parameters<typeof startNameServer>): Promise<NameServerFake> => {
  const server = await startNameServer(...script);
  servers.push(server);
  return server;
};

const ticks = (): number => performance.now();
const resolver = (options: Partial<ResolverOptions> & Pick<ResolverOptions, "servers">): Resolver =>
  createResolver({ trustAd: false, randomId: () => 4711, ticks, ...options });
const never = new AbortController().signal;
const ask = (one: Resolver, timeoutMs = 2_000) =>
  one.ask("_25._tcp.mail.example.org", "TLSA", { timeoutMs, signal: never });

const tlsa: Answer = {
  type: "TLSA",
  name: "_25._tcp.mail.example.org",
  class: "IN",
  ttl: 60,
  data: { usage: 3, selector: 1, matchingType: 1, certificate: Buffer.alloc(32, 7) },
};

const elapsed = async (job: () => Promise<unknown>): Promise<number> => {
  const started = ticks();
  await job();
  return ticks() - started;
};

describe("resolver", () => {
  it("asks with recursion, EDNS0, DO and AD, and reads the records", async () => {
    const server = await start(() => ({ answers: [tlsa], flags: AUTHENTIC_DATA }));
    const reply = await ask(resolver({ servers: [server] }));
    expect(reply).toMatchObject({ rcode: "NOERROR", secure: true });
    expect(reply.answers).toMatchObject([{ type: "TLSA", data: { usage: 3, selector: 1, matchingType: 1 } }]);
    const [asked] = server.asked;
    expect(asked?.packet).toMatchObject({ id: 4711, flag_rd: true, flag_ad: true, flag_cd: false });
    expect(asked?.packet.additionals).toMatchObject([{ type: "OPT", udpPayloadSize: 1232, flag_do: true }]);
  });

  it("takes TCP for an answer that was cut off", async () => {
    const server = await start(() => ({ answers: [tlsa], truncated: true, flags: AUTHENTIC_DATA }));
    const reply = await ask(resolver({ servers: [server] }));
    expect(reply).toMatchObject({ rcode: "NOERROR", secure: true, answers: [{ type: "TLSA" }] });
    expect(server.asked.map(({ over }) => over)).toEqual(["udp", "tcp"]);
  });

  it.each([
    ["that is closed at once", () => Buffer.alloc(0)],
    ["that ends in the middle", (whole: Buffer) => whole.subarray(0, whole.length - 3)],
    ["with nonsense in it", (whole: Buffer) => Buffer.concat([whole.subarray(0, 2), Buffer.alloc(whole.length, 0xff)])],
  ])("gives a TCP answer up %s", async (_what, overTcp) => {
    const server = await start(() => ({ answers: [tlsa], truncated: true, overTcp }));
    await expect(ask(resolver({ servers: [server] }))).rejects.toThrow("no name server can be reached");
  });

  it("waits past strays: another id, another question, a query, nonsense", async () => {
    const wrong: Answer = { ...tlsa, data: { ...tlsa.data, certificate: Buffer.alloc(32, 9) } };
    const server = await start(() => ({
      answers: [tlsa],
      strays: [
        (query) => message(query, { answers: [wrong], flags: AUTHENTIC_DATA }, { id: 4712 }),
        (query) =>
          message(query, { answers: [wrong] }, { questions: [{ type: "TLSA", name: "_25._tcp.other.example.org" }] }),
        (query) => message(query, { answers: [wrong] }, { questions: [{ type: "A", name: tlsa.name }] }),
        (query) => message(query, { answers: [wrong] }, { questions: [] }),
        (query) => query,
        () => Buffer.from("nonsense"),
        () => Buffer.alloc(0),
      ],
    }));
    const reply = await ask(resolver({ servers: [server] }));
    expect(reply.answers).toEqual([
      expect.objectContaining({ data: expect.objectContaining({ certificate: Buffer.alloc(32, 7) }) }),
    ]);
    expect(server.asked).toHaveLength(1);
  });

  it("takes nothing from another source", async () => {
    const other = createSocket("udp4");
    other.bind(0, "127.0.0.1");
    await once(other, "listening");
    // The other one knows everything: id, question and the port to answer to.
    const spy = createSocket("udp4");
    spy.on("message", (query, from) => other.send(message(query, { answers: [tlsa] }), from.port, from.address));
    spy.bind(0, "127.0.0.1");
    await once(spy, "listening");
    await expect(ask(resolver({ servers: [{ address: "127.0.0.1", port: spy.address().port }] }), 300)).rejects.toThrow(
      "no name server answered in time",
    );
    other.close();
    spy.close();
  });

  it("believes the AD bit of a loopback server only, unless resolv.conf says trust-ad", async () => {
    const server = await start(() => ({ answers: [tlsa], flags: AUTHENTIC_DATA }));
    const silent = await start(() => ({ answers: [tlsa] }));
    // 0.0.0.0 reaches this host without being one of its loopback addresses.
    const remote = { address: "0.0.0.0", port: server.port };
    const secure = async (options: Partial<ResolverOptions> & Pick<ResolverOptions, "servers">): Promise<boolean> =>
      (await ask(resolver(options))).secure;
    expect(await secure({ servers: [server] })).toBe(true);
    expect(await secure({ servers: [remote] })).toBe(false);
    expect(await secure({ servers: [remote], trustAd: true })).toBe(true);
    expect(await secure({ servers: [silent], trustAd: true })).toBe(false);
  });

  it("goes on to the next server: closed port, SERVFAIL, silence", async () => {
    const good = await start(() => ({ answers: [tlsa] }));
    const failing = await start(() => ({ rcode: 2 }));
    const closed = { address: "127.0.0.1", port: await freePort() };
    expect((await ask(resolver({ servers: [closed, failing, good] }))).answers).toHaveLength(1);
    const mute = await start(() => ({ silent: true }));
    expect((await ask(resolver({ servers: [mute, good] }), 2_000)).answers).toHaveLength(1);
  });

  it("asks again when a datagram was lost", async () => {
    const server = await start((_question, count) => (count === 1 ? { silent: true } : { answers: [tlsa] }));
    expect((await ask(resolver({ servers: [server] }), 2_000)).answers).toHaveLength(1);
    expect(server.asked).toHaveLength(2);
  });

  it("hands on SERVFAIL when nobody knows better, and NXDOMAIN as an answer", async () => {
    const failing = await start(() => ({ rcode: 2 }));
    const nothing = await start(() => ({ rcode: 3 }));
    expect(await ask(resolver({ servers: [failing] }))).toMatchObject({ rcode: "SERVFAIL", answers: [] });
    expect(failing.asked).toHaveLength(1);
    expect(await ask(resolver({ servers: [nothing, failing] }))).toMatchObject({ rcode: "NXDOMAIN" });
    expect(failing.asked).toHaveLength(1);
  });

  it("ends at once where nothing listens, and within its deadline where nobody answers", async () => {
    const closed = { address: "127.0.0.1", port: await freePort() };
    const refused = ask(resolver({ servers: [closed, closed, closed] }), 20_000);
    expect(await elapsed(() => expect(refused).rejects.toThrow("no name server can be reached"))).toBeLessThan(5_000);
    const mute = await start(() => ({ silent: true }));
    const late = (): Promise<unknown> => ask(resolver({ servers: [mute, mute] }), 1_500);
    const took = await elapsed(() => expect(late()).rejects.toThrow("no name server answered in time"));
    expect(took).toBeGreaterThan(1_250);
    // Four attempts share it; a deadline for each would take 6 s.
    expect(took).toBeLessThan(5_000);
  });

  it("stops when the run is stopped", async () => {
    const mute = await start(() => ({ silent: true }));
    const stop = new AbortController();
    const asking = resolver({ servers: [mute] }).ask("example.org", "A", { timeoutMs: 20_000, signal: stop.signal });
    setTimeout(() => stop.abort(new Error("stopped")), 50);
    const took = await elapsed(() => expect(asking).rejects.toThrow("no name server"));
    expect(took).toBeLessThan(5_000);
  });
});

describe("a shared resolver", () => {
  const reply = { rcode: "NOERROR", answers: [], secure: false };

  it("asks each question once within half a minute, failures too", async () => {
    let now = 0;
    let asked = 0;
    const shared = createShared(
      {
        ask: async (name) => {
          asked += 1;
          if (name === "bad") throw new Error("no name server can be reached");
          return reply;
        },
      },
      () => now,
    );
    const options = { timeoutMs: 100, signal: never };
    await Promise.all([shared.ask("a", "A", options), shared.ask("a", "A", options)]);
    await expect(shared.ask("bad", "A", options)).rejects.toThrow("reached");
    await expect(shared.ask("bad", "A", options)).rejects.toThrow("reached");
    await shared.ask("a", "AAAA", options);
    expect(asked).toBe(3);
    now = 30_000;
    await shared.ask("a", "A", options);
    expect(asked).toBe(4);
  });

  it("keeps a thousand answers, the latest", async () => {
    let asked = 0;
    const ask = async () => {
      asked += 1;
      return reply;
    };
    const shared = createShared({ ask }, () => 0);
    const options = { timeoutMs: 100, signal: never };
    for (let at = 0; at < 1_001; at += 1) await shared.ask(`n${at}.example`, "A", options);
    expect(asked).toBe(1_001);
    await shared.ask("n1000.example", "A", options);
    expect(asked).toBe(1_001);
    await shared.ask("n0.example", "A", options);
    expect(asked).toBe(1_002);
  });

  it("has no more than 32 questions under way, and counts the wait", async () => {
    let now = 0;
    let under = 0;
    let most = 0;
    const waits: (() => void)[] = [];
    const shared = createShared(
      {
        ask: async () => {
          most = Math.max(most, (under += 1));
          await new Promise<void>((resolve) => waits.push(resolve));
          under -= 1;
          return reply;
        },
      },
      () => now,
    );
    const all = Array.from({ length: 40 }, (_, index) =>
      shared.ask(`n${index}`, "A", { timeoutMs: 100, signal: never }).then(
        () => "answered",
        (error: Error) => error.message,
      ),
    );
    await new Promise(setImmediate);
    expect(most).toBe(32);
    now = 100;
    for (const wake of waits.splice(0)) wake();
    const results = await Promise.all(all);
    expect(results.filter((one) => one === "answered")).toHaveLength(32);
    expect(results.filter((one) => one === "no name server answered in time")).toHaveLength(8);
  });
});

describe("resolv.conf", () => {
  it("of another place may name nobody: then nobody is asked", async () => {
    const none = await readResolvConf("/dev/null");
    expect(none).toEqual({ servers: [], trustAd: false });
    await expect(ask(resolver(none))).rejects.toThrow("no name server can be reached");
    expect(await readResolvConf("/nonexistent/resolv.conf")).toEqual(none);
  });

  it("names the servers and says whether their word counts", () => {
    const text =
      "# made by hand\nsearch example.org\nnameserver 192.0.2.53\n nameserver\t2001:db8::53 \noptions edns0 trust-ad\n";
    expect(parseResolvConf(text)).toEqual({
      servers: [
        { address: "192.0.2.53", port: 53 },
        { address: "2001:db8::53", port: 53 },
      ],
      trustAd: true,
    });
  });

  it("takes three servers at most, zones, and this host where there is none", () => {
    const many = ["192.0.2.1", "fe80::1%eth0", "192.0.2.3", "192.0.2.4"].map((one) => `nameserver ${one}`).join("\n");
    expect(parseResolvConf(many).servers.map(({ address }) => address)).toEqual([
      "192.0.2.1",
      "fe80::1%eth0",
      "192.0.2.3",
    ]);
    const here = { servers: [{ address: "127.0.0.1", port: 53 }], trustAd: false };
    expect(parseResolvConf("")).toEqual(here);
    expect(parseResolvConf("nameserver resolver.example.org\n;nameserver 192.0.2.1\n#options trust-ad")).toEqual(here);
  });
});
