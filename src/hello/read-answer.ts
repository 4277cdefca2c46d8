// The server's bytes, as they come, to an answer: records, alerts, handshake messages across records (RFC 5246 §6.2, §7.2). Bounded.
import { clean } from "../domain/text.ts";
import type { HelloAnswer, ServerHello } from "./answer.ts";
import { MalformedHello } from "./bytes.ts";
import { type Offer, versionCodes } from "./client-hello.ts";
import { hasKeyExchange, readKeyExchange, readLeaf, readServerHello } from "./server-hello.ts";

export interface AnswerReader {
  /** @returns the answer as soon as it is known. */
  feed(part: Buffer): HelloAnswer | undefined;
  /** Nothing more will come. */
  end(how: "closed" | "reset"): HelloAnswer;
}

const mostBytes = 64 * 1024;
/** Of a record's content: 2^14 and what encryption may add (RFC 5246 §6.2.3). */
const mostRecord = 16_384 + 2_048;
const content = { alert: 21, handshake: 22 } as const;
const message = { serverHello: 2, certificate: 11, serverKeyExchange: 12, serverHelloDone: 14 } as const;
const warning = 1;
/** close_notify: a way of closing, not of saying no. */
const closeNotify = 0;

const none = (why: string): HelloAnswer => ({ kind: "none", why });

export const answerReader = (offer: Offer): AnswerReader => {
  let records: Buffer = Buffer.alloc(0);
  let messages: Buffer = Buffer.alloc(0);
  let hello: ServerHello | undefined;
  let received = 0;

  const onAlert = (alert: Buffer): HelloAnswer | undefined => {
    const [level, number] = alert;
    if (level === undefined || number === undefined) throw new MalformedHello("an alert without content");
    // `unrecognized_name` and the like: the answer still comes.
    if (level === warning && number !== closeNotify) return undefined;
    return number === closeNotify
      ? { kind: "refused", how: "closed" }
      : { kind: "refused", how: "alert", alert: number };
  };

  /** A server that answers with something else than it was offered says nothing about what was. */
  const accepted = (answer: ServerHello): ServerHello => {
    const exact = offer.version === "TLSv1.3";
    const fits = exact ? answer.version === offer.version : versionCodes[answer.version] <= versionCodes[offer.version];
    if (!fits || !offer.suites.includes(answer.suite)) throw new MalformedHello("it answers with what was not offered");
    return answer;
  };

  const onMessage = (type: number, body: Buffer): HelloAnswer | undefined => {
    if (!hello) {
      if (type !== message.serverHello) throw new MalformedHello("no ServerHello comes first");
      hello = accepted(readServerHello(body));
      // Up to TLS 1.2 certificates come in clear.
      return hasKeyExchange(hello) || (offer.unnamed === true && hello.version !== "TLSv1.3") ? undefined : hello;
    }
    if (type === message.certificate && offer.unnamed === true) hello = readLeaf(hello, body);
    if (type === message.serverKeyExchange) return readKeyExchange(hello, body);
    return type === message.serverHelloDone ? hello : undefined;
  };

  const nextMessage = (): HelloAnswer | undefined => {
    while (messages.length >= 4) {
      const end = 4 + messages.readUIntBE(1, 3);
      if (end > mostBytes) throw new MalformedHello("a message of more than 64 KiB");
      if (messages.length < end) return undefined;
      const answer = onMessage(messages[0] ?? 0, messages.subarray(4, end));
      messages = messages.subarray(end);
      if (answer) return answer;
    }
    return undefined;
  };

  const nextRecord = (): HelloAnswer | undefined => {
    while (records.length > 0) {
      const type = records[0];
      if (type !== content.alert && type !== content.handshake) throw new MalformedHello("what comes is not TLS");
      if (records.length < 5) return undefined;
      if (records[1] !== 3) throw new MalformedHello("what comes is not TLS");
      const end = 5 + records.readUInt16BE(3);
      if (end > 5 + mostRecord) throw new MalformedHello("a record of more than 18 KiB");
      if (records.length < end) return undefined;
      const body = records.subarray(5, end);
      records = records.subarray(end);
      if (type === content.alert) {
        const answer = onAlert(body);
        if (answer) return answer;
      } else {
        messages = Buffer.concat([messages, body]);
        const answer = nextMessage();
        if (answer) return answer;
      }
    }
    return undefined;
  };

  return {
    feed: (part) => {
      received += part.length;
      records = Buffer.concat([records, part]);
      try {
        return nextRecord() ?? (received > mostBytes ? none("it sends more than 64 KiB and no answer") : undefined);
      } catch (error) {
        if (!(error instanceof MalformedHello)) throw error;
        return none(clean(`the answer cannot be read: ${error.message}`, 200));
      }
    },
    // Behind a ServerHello the choice is made, whatever becomes of the rest.
    end: (how) => hello ?? { kind: "refused", how },
  };
};
