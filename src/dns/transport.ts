// One question to one name server: over UDP, and over TCP for an answer that did not fit. One deadline, bounded input.
import { createSocket } from "node:dgram";
import { connect } from "node:net";
import { type Message, type Query, encodeQuery, readAnswer } from "./message.ts";
import type { NameServer } from "./resolv-conf.ts";

export interface Exchange {
  readonly server: NameServer;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export interface Attempt extends Exchange {
  readonly query: Query;
}

/** Stray datagrams read before an attempt is given up. */
const mostStrays = 100;

const timedOut = (): NodeJS.ErrnoException => Object.assign(new Error("no answer in time"), { code: "ETIMEDOUT" });

/** Runs `open` until it settles, time is up or the run is stopped; `close` in every case. */
const bounded = <Result>(
  { timeoutMs, signal }: Exchange,
  open: (resolve: (result: Result) => void, reject: (error: unknown) => void) => { close(): void },
): Promise<Result> =>
  new Promise((resolve, reject) => {
    const cleanUp = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
      opened?.close();
    };
    let opened: { close(): void } | undefined;
    let done = false;
    const settle =
      <Value>(how: (value: Value) => void) =>
      (value: Value): void => {
        if (done) return;
        done = true;
        // Not at once: the transport may still be inside its own call.
        setImmediate(cleanUp);
        how(value);
      };
    const fail = settle(reject);
    const stop = (): void => fail(signal.reason);
    const timer = setTimeout(() => fail(timedOut()), timeoutMs);
    signal.addEventListener("abort", stop, { once: true });
    try {
      opened = open(settle(resolve), fail);
    } catch (error) {
      fail(error);
    }
    if (signal.aborted) stop();
  });

/** A connected socket: the kernel lets nothing in that does not come from this server's address and port, and reports a closed port at once. */
export const askUdp = (attempt: Attempt): Promise<Message> =>
  bounded(attempt, (resolve, reject) => {
    const { server, query } = attempt;
    const socket = createSocket(server.address.includes(":") ? "udp6" : "udp4");
    let strays = 0;
    socket.on("error", reject);
    socket.on("message", (bytes) => {
      const answer = readAnswer(query, bytes);
      if (answer) resolve(answer);
      else if ((strays += 1) > mostStrays) reject(new Error("nothing but strays"));
    });
    socket.on("connect", () => {
      socket.send(encodeQuery(query), (error) => {
        if (error) reject(error);
      });
    });
    socket.connect(server.port, server.address);
    let open = true;
    return {
      close: () => {
        if (open) socket.close();
        open = false;
      },
    };
  });

/** RFC 7766: a message behind two octets of length; the first message that comes back. */
export const exchangeTcp = (exchange: Exchange, message: Buffer): Promise<Buffer> =>
  bounded(exchange, (resolve, reject) => {
    const { server } = exchange;
    const socket = connect(server.port, server.address);
    let received = Buffer.alloc(0);
    socket.on("error", reject);
    socket.on("connect", () => {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(message.length);
      socket.write(Buffer.concat([length, message]));
    });
    socket.on("data", (part) => {
      received = Buffer.concat([received, part]);
      if (received.length < 2) return;
      const end = 2 + received.readUInt16BE(0);
      if (received.length >= end) resolve(received.subarray(2, end));
    });
    socket.on("close", () => reject(new Error("the connection was closed before the answer")));
    return { close: () => socket.destroy() };
  });

export const askTcp = async (attempt: Attempt): Promise<Message> => {
  const answer = readAnswer(attempt.query, await exchangeTcp(attempt, encodeQuery(attempt.query)));
  if (!answer || answer.truncated) throw new Error("not the answer to the question");
  return answer;
};
