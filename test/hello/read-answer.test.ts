// Answers to a ClientHello, read from bytes that are cut anywhere, and from bytes that are none.
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { HelloAnswer } from "../../src/hello/answer.ts";
import type { Offer } from "../../src/hello/client-hello.ts";
import { answerReader } from "../../src/hello/read-answer.ts";
import { only, today } from "../../src/hello/questions.ts";

const weak = only(["weak"], false);
import {
  alert,
  certificateMessage,
  curveMessage,
  dhMessage,
  doneMessage,
  message,
  record,
  serverHelloMessage,
} from "../fakes/hello-server.ts";

const offer: Offer = { version: "TLSv1.2", suites: [0xc02f, 0x009e, 0x009c, 0xc018, 0x0034], groups: [0x1d] };

/** As sockets bring it. */
const read = (bytes: Buffer, cuts: readonly number[] = [], asked: Offer = offer): HelloAnswer => {
  const reader = answerReader(asked);
  const edges = [0, ...[...cuts].sort((left, right) => left - right), bytes.length];
  for (let index = 1; index < edges.length; index += 1) {
    const answer = reader.feed(bytes.subarray(edges[index - 1], edges[index]));
    if (answer) return answer;
  }
  return reader.end("closed");
};

const tls12 = (body: Buffer): Buffer => record(22, 0x0303, body);
const extensions = [
  [23, Buffer.alloc(0)],
  [0xff01, Buffer.from([0])],
] as const;
const flight = Buffer.concat([
  tls12(serverHelloMessage({ version: 0x0303, suite: 0xc02f, extensions })),
  tls12(certificateMessage(3_000)),
  tls12(curveMessage(0x1d, 0x0201)),
  tls12(doneMessage),
]);
const agreed = {
  kind: "hello",
  version: "TLSv1.2",
  suite: 0xc02f,
  compression: 0,
  extensions: new Set([23, 0xff01]),
  group: 0x1d,
  signature: 0x0201,
};

describe("what comes", () => {
  test("a flight of records, and the same as one record", () => {
    expect(read(flight)).toEqual(agreed);
    const messages = [
      serverHelloMessage({ version: 0x0303, suite: 0xc02f, extensions }),
      certificateMessage(3_000),
      curveMessage(0x1d, 0x0201),
    ];
    expect(read(tls12(Buffer.concat(messages)))).toEqual(agreed);
  });

  test("however it is cut", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(flight.length), { maxLength: 30 }), (cuts) => {
        expect(read(flight, cuts)).toEqual(agreed);
      }),
    );
    expect(
      read(
        flight,
        Array.from(flight, (_, index) => index),
      ),
    ).toEqual(agreed);
  });

  test("messages across records", () => {
    const all = Buffer.concat([
      serverHelloMessage({ version: 0x0303, suite: 0xc02f, extensions }),
      curveMessage(0x1d, 0x0201),
    ]);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: all.length - 1 }), (at) => {
        expect(read(Buffer.concat([tls12(all.subarray(0, at)), tls12(all.subarray(at))]))).toEqual(agreed);
      }),
    );
  });

  test("static RSA has no key exchange to wait for", () => {
    expect(read(tls12(serverHelloMessage({ version: 0x0303, suite: 0x009c, compression: 1 })))).toMatchObject({
      kind: "hello",
      suite: 0x009c,
      compression: 1,
      extensions: new Set(),
    });
  });

  test("the prime of Diffie-Hellman in bits, leading zeroes aside", () => {
    const of = (bytes: number, first: number): HelloAnswer =>
      read(
        Buffer.concat([
          tls12(serverHelloMessage({ version: 0x0303, suite: 0x009e })),
          tls12(dhMessage(bytes, first, 0x0401)),
        ]),
      );
    expect(of(128, 0xff)).toMatchObject({ dhBits: 1024, signature: 0x0401 });
    expect(of(128, 0x01)).toMatchObject({ dhBits: 1017 });
    expect(of(129, 0x00)).toMatchObject({ dhBits: 1018 });
  });

  test("nobody signs an anonymous key exchange, nor says how before TLS 1.2", () => {
    const anonymous = Buffer.concat([
      tls12(serverHelloMessage({ version: 0x0303, suite: 0xc018 })),
      tls12(curveMessage(0x17)),
    ]);
    expect(read(anonymous)).toEqual({
      ...agreed,
      suite: 0xc018,
      group: 0x17,
      extensions: new Set(),
      signature: undefined,
    });
    const old: Offer = { version: "TLSv1.1", suites: [0xc013], groups: [0x17] };
    const bytes = Buffer.concat([
      record(22, 0x0301, serverHelloMessage({ version: 0x0301, suite: 0xc013 })),
      record(22, 0x0301, curveMessage(0x17)),
    ]);
    expect(read(bytes, [], old)).toMatchObject({ version: "TLSv1", group: 0x17 });
  });

  test("a curve that the server describes itself", () => {
    const described = message(12, Buffer.from([1, 2, 3, 4]));
    expect(
      read(Buffer.concat([tls12(serverHelloMessage({ version: 0x0303, suite: 0xc02f })), tls12(described)])),
    ).toMatchObject({ kind: "hello", group: 0xff01 });
  });

  test("a HelloRetryRequest names the group", () => {
    const retry = serverHelloMessage({
      version: 0x0303,
      suite: 0x1301,
      extensions: [
        [43, Buffer.from([3, 4])],
        [51, Buffer.from([0x11, 0xec])],
      ],
    });
    expect(read(tls12(retry), [], today("TLSv1.3", { large: false }))).toMatchObject({
      version: "TLSv1.3",
      group: 0x11ec,
    });
  });

  test("no, in every way", () => {
    expect(read(alert(40))).toEqual({ kind: "refused", how: "alert", alert: 40 });
    expect(read(alert(70))).toEqual({ kind: "refused", how: "alert", alert: 70 });
    expect(read(alert(0, 1))).toEqual({ kind: "refused", how: "closed" });
    expect(read(Buffer.alloc(0))).toEqual({ kind: "refused", how: "closed" });
    expect(answerReader(offer).end("reset")).toEqual({ kind: "refused", how: "reset" });
    // Broken off behind its ServerHello: the choice was made.
    expect(read(flight.subarray(0, 200))).toMatchObject({ kind: "hello", version: "TLSv1.2", suite: 0xc02f });
    const hello = tls12(serverHelloMessage({ version: 0x0303, suite: 0xc02f }));
    expect(read(Buffer.concat([hello, alert(80)]))).toEqual({ kind: "refused", how: "alert", alert: 80 });
  });

  test("a warning is no answer: unrecognized_name comes before the ServerHello", () => {
    expect(read(Buffer.concat([alert(112, 1), flight]))).toEqual(agreed);
    const weakOnly = tls12(serverHelloMessage({ version: 0x0303, suite: 0x002f }));
    expect(read(Buffer.concat([alert(112, 1), weakOnly]), [], weak)).toMatchObject({ suite: 0x002f });
  });
});

describe("what no TLS server says is no answer", () => {
  const none = (bytes: Buffer, asked = offer): string => {
    const answer = read(bytes, [], asked);
    expect(answer.kind).toBe("none");
    return answer.kind === "none" ? answer.why : "";
  };

  test.each([
    ["plain text", Buffer.from("220 mail.example.org ESMTP\r\n")],
    ["HTTP", Buffer.from("HTTP/1.1 400 Bad Request\r\n")],
    ["a record of another protocol", Buffer.from([22, 9, 9, 0, 1, 0])],
    ["another message first", tls12(doneMessage)],
    ["a suite that was not offered", tls12(serverHelloMessage({ version: 0x0303, suite: 0x0005 }))],
    ["a version above what was offered", tls12(serverHelloMessage({ version: 0x0304, suite: 0x009c }))],
    ["a version that nobody knows", tls12(serverHelloMessage({ version: 0x0209, suite: 0x009c }))],
    ["a message cut short inside", tls12(message(2, Buffer.from([3, 3, 0])))],
    ["a message of megabytes", tls12(Buffer.from([2, 0xff, 0xff, 0xff, 0]))],
    ["an empty alert", record(21, 0x0303, Buffer.alloc(0))],
  ])("%s", (_name, bytes) => {
    const why = none(bytes);
    expect(why).toMatch(/^[\x20-\x7e]{10,200}$/);
  });

  test("TLS 1.2 where TLS 1.3 alone was asked for", () => {
    none(tls12(serverHelloMessage({ version: 0x0303, suite: 0x1301 })), today("TLSv1.3", { large: false }));
  });

  test("a flood of records that say nothing ends", () => {
    const reader = answerReader(offer);
    const warnings = Buffer.concat(Array.from({ length: 1_000 }, () => alert(112, 1)));
    let fed = 0;
    let answer: HelloAnswer | undefined;
    while (!answer && fed < 200_000) {
      answer = reader.feed(warnings);
      fed += warnings.length;
    }
    expect(answer?.kind).toBe("none");
    expect(fed).toBeLessThan(80_000);
  });

  test("whatever comes, it is the same however it is cut", () => {
    const cuts = fc.array(fc.nat(600), { maxLength: 12 });
    const same = (bytes: Buffer, at: readonly number[]): void => {
      const inside = at.map((one) => one % (bytes.length + 1));
      expect(read(bytes, inside)).toEqual(read(bytes));
    };
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), cuts, (bytes, at) => same(Buffer.from(bytes), at)));
    // Alerts and handshake records with anything in them, whose lengths may lie.
    const some = fc.record({
      type: fc.constantFrom(21, 22),
      lie: fc.constantFrom(0, 0, 0, 1, -1, 300, 60_000),
      body: fc.uint8Array({ maxLength: 60 }),
    });
    fc.assert(
      fc.property(fc.array(some, { maxLength: 5 }), cuts, (records, at) => {
        const bytes = records.map(({ type, lie, body }) => {
          const whole = record(type, 0x0303, Buffer.from(body));
          whole.writeUInt16BE(Math.max(0, body.length + lie), 3);
          return whole;
        });
        same(Buffer.concat(bytes), at);
      }),
    );
    // A sound answer with one byte changed.
    fc.assert(
      fc.property(fc.nat(400), fc.nat(255), cuts, (where, byte, at) => {
        const changed = Buffer.concat([flight.subarray(0, 300), flight.subarray(3_000)]);
        changed[where % changed.length] = byte;
        same(changed, at);
      }),
    );
  });

  test("a record that is longer than records are", () => {
    expect(none(Buffer.from([22, 3, 3, 0xff, 0xff]))).toBe("the answer cannot be read: a record of more than 18 KiB");
  });

  test("any bytes whatever end in an answer or in none, and never throw", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        expect(["hello", "refused", "none"]).toContain(read(Buffer.from(bytes)).kind);
      }),
    );
    // Nearly right ones, too.
    fc.assert(
      fc.property(fc.nat(200), fc.nat(255), (at, byte) => {
        const changed = Buffer.from(flight);
        changed[at] = byte;
        expect(["hello", "refused", "none"]).toContain(read(changed).kind);
      }),
    );
  });
});
