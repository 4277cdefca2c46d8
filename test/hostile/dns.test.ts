// Hostile DNS: answers that lie, loop, flood or drip end in an answer or in "nobody could say", in time; their words come out clean.
import { type AddressInfo, type Socket, createServer } from "node:net";
import { AUTHENTIC_DATA, type Answer } from "dns-packet";
import * as fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { createDns } from "../../src/dns/index.ts";
import type { Dns } from "../../src/dns/dns.ts";
import { encodeQuery, readAnswer } from "../../src/dns/message.ts";
import { exchangeTcp } from "../../src/dns/transport.ts";
import { lastRecord } from "../../src/dns/wire.ts";
import { type NameServerFake, type Reply, message, startNameServer } from "../dns/name-server.ts";

const servers: { readonly stop: () => Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});
const never = new AbortController().signal;
const ticks = (): number => performance.now();

const dnsOf = (server: NameServerFake): Dns =>
  createDns({ servers: [server], trustAd: true, randomId: () => 4711, ticks, roots: async () => [] });
const start = async (reply: Reply | ((type: string) => Reply)): Promise<Dns> => {
  const server = await startNameServer(({ type }) => (typeof reply === "function" ? reply(type) : reply));
  servers.push(server);
  return dnsOf(server);
};
const options = { timeoutMs: 15_000, signal: never };

const owner = "_25._tcp.mail.example.org";
const tlsa = (length: number): Answer => ({
  type: "TLSA",
  name: owner,
  class: "IN",
  ttl: 60,
  data: { usage: 3, selector: 1, matchingType: 1, certificate: Buffer.alloc(length, 7) },
});

describe("whatever is answered, the question is done with in time", () => {
  /** A header that answers the question, and then this. */
  const after = (counts: Buffer, rest: Buffer) => (query: Buffer) => {
    const whole = message(query, {});
    return Buffer.concat([whole.subarray(0, 6), counts, whole.subarray(12), rest]);
  };
  const counts = (answers: number): Buffer => Buffer.from([answers >> 8, answers & 0xff, 0, 0, 0, 0]);
  const forged: readonly (readonly [string, (query: Buffer) => Buffer])[] = [
    ["65,535 answers, none there", after(counts(65_535), Buffer.alloc(0))],
    ["a name that points at itself", after(counts(1), Buffer.from([0xc0, 0x2a, 0, 52, 0, 1, 0, 0, 0, 0, 0, 0]))],
    ["a name that points ahead", after(counts(1), Buffer.from([0xff, 0xff, 0, 52, 0, 1, 0, 0, 0, 0, 0, 0]))],
    ["data beyond the end", after(counts(1), Buffer.from([0xc0, 12, 0, 52, 0, 1, 0, 0, 0, 0, 0xff, 0xff, 3]))],
    ["nothing but a header", () => Buffer.alloc(12)],
    ["no bytes", () => Buffer.alloc(0)],
    ["the question itself", (query) => query],
    [
      "another question's answer",
      (query) => message(query, {}, { questions: [{ type: "TLSA", name: "x.example", class: "IN" }] }),
    ],
    ["another id", (query) => message(query, {}, { id: 1 })],
  ];
  test.each(forged)("%s", async (_, stray) => {
    const dns = await start({ strays: Array.from({ length: 20 }, () => stray), silent: true });
    const before = ticks();
    expect(await dns.tlsa("mail.example.org", 25, { ...options, timeoutMs: 400 })).toMatchObject({ kind: "unknown" });
    expect(ticks() - before).toBeLessThan(10_000);
  });

  test("a thousand strays and then the answer: it is not waited for without end", async () => {
    const dns = await start({
      strays: Array.from({ length: 1_000 }, () => () => Buffer.alloc(12)),
      answers: [tlsa(32)],
    });
    expect(["unknown", "found"]).toContain((await dns.tlsa("mail.example.org", 25, options)).kind);
  });

  test("500 records, and one of 60 kB: no more than a sender would read", async () => {
    const many = await start({
      truncated: true,
      flags: AUTHENTIC_DATA,
      answers: Array.from({ length: 500 }, () => tlsa(32)),
    });
    const found = await many.tlsa("mail.example.org", 25, options);
    expect(found).toMatchObject({ kind: "found" });
    expect(found.kind === "found" ? found.records.length : 0).toBeLessThanOrEqual(32);
    const long = await start({ truncated: true, answers: [tlsa(50_000)] });
    expect(await long.tlsa("mail.example.org", 25, options)).toMatchObject({ kind: "found" });
  });

  test("aliases in a ring", async () => {
    const alias = (name: string, data: string): Answer => ({ type: "CNAME", name, class: "IN", ttl: 60, data });
    const ring = [
      alias("mail.example.org", "a.example"),
      alias("a.example", "b.example"),
      alias("b.example", "a.example"),
    ];
    const dns = await start((type) => ({ flags: AUTHENTIC_DATA, answers: type === "TLSA" ? [] : ring }));
    expect(await dns.tlsa("mail.example.org", 25, options)).toEqual({ kind: "none" });
  });
});

describe("over TCP", () => {
  const listen = async (
    script: (socket: Socket) => void,
  ): Promise<{ readonly port: number; pushed(): number; open(): number }> => {
    const sockets = new Set<Socket>();
    let pushed = 0;
    const server = createServer((socket) => {
      sockets.add(socket);
      socket
        .on("error", () => undefined)
        .on("close", () => {
          pushed += socket.bytesWritten - socket.writableLength;
          sockets.delete(socket);
        });
      socket.once("data", () => script(socket));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    servers.push({
      stop: async () => {
        for (const socket of sockets) socket.destroy();
        await new Promise((resolve) => server.close(resolve));
      },
    });
    return { port: (server.address() as AddressInfo).port, pushed: () => pushed, open: () => sockets.size };
  };
  const exchange = (port: number, timeoutMs: number): Promise<Buffer> =>
    exchangeTcp({ server: { address: "127.0.0.1", port }, timeoutMs, signal: never }, Buffer.alloc(12));

  test("a flood behind the answer is not taken in", async () => {
    const block = Buffer.alloc(65_536, 0xff);
    const server = await listen((socket) => {
      const push = (): void => {
        while (!socket.destroyed && socket.bytesWritten < 1 << 28) if (!socket.write(block)) break;
      };
      socket.on("drain", push);
      push();
    });
    expect(await exchange(server.port, 15_000)).toHaveLength(65_535);
    await expect.poll(() => server.open(), { timeout: 10_000 }).toBe(0);
    expect(server.pushed()).toBeLessThan(12 * 1024 * 1024);
  });

  test("a byte now and then: the time ends it", async () => {
    const server = await listen((socket) => {
      const timer = setInterval(() => socket.write("\xff"), 30);
      socket.on("close", () => clearInterval(timer));
    });
    await expect(exchange(server.port, 500)).rejects.toMatchObject({ code: "ETIMEDOUT" });
    await expect.poll(() => server.open(), { timeout: 10_000 }).toBe(0);
  });
});

describe("any bytes", () => {
  const query = { id: 4711, name: owner, type: "TLSA" } as const;
  const sound = message(encodeQuery(query), { answers: [tlsa(32), tlsa(64)] });

  test("are an answer or none", () => {
    expect(readAnswer(query, sound)?.answers).toHaveLength(2);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
        readAnswer(query, Buffer.from(bytes));
        // Behind a header and a question that fit.
        readAnswer(query, Buffer.concat([sound.subarray(0, 45), Buffer.from(bytes)]));
      }),
      { numRuns: 300 },
    );
    fc.assert(
      fc.property(fc.nat(sound.length - 1), fc.nat(255), (at, byte) => {
        const changed = Buffer.from(sound);
        changed[at] = byte;
        readAnswer(query, changed);
      }),
      { numRuns: 300 },
    );
  });

  test("the reader of a message's last record throws a RangeError and nothing else", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        try {
          lastRecord(Buffer.from(bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
      { numRuns: 300 },
    );
  });
});

test("names with escapes in MX and SRV records come out clean", async () => {
  const nasty = "\x1b[31mowned\x07.example";
  const mx: Answer = {
    type: "MX",
    name: "example.org",
    class: "IN",
    ttl: 60,
    data: { preference: 10, exchange: nasty },
  };
  const dns = await start((type) => (type === "MX" ? { answers: [mx] } : { rcode: 3 }));
  const found = await dns.mx("example.org", options);
  const { mxHost } = await import("../../src/checks/mx-host.ts");
  const findings = mxHost.judge({ domain: "example.org", mx: found });
  expect(findings).toHaveLength(1);
  expect(findings[0]?.message).toContain("owned");
  // eslint-disable-next-line no-control-regex
  expect(findings[0]?.message).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
});
