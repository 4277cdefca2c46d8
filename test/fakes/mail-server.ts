// Scripted mail servers on 127.0.0.1, port 0: each connection runs one async script that can split, stall, inject and hang up.
import { type AddressInfo, type Socket, createServer } from "node:net";
import { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { type SecureContextOptions, TLSSocket, type TlsOptions } from "node:tls";
import type { Mode, ProtocolName } from "../../src/domain/entry-point.ts";
import { ldapServer } from "./ldap-server.ts";
import { lineTexts } from "./server-texts.ts";
import { xmppServer } from "./xmpp-server.ts";

export interface Talk {
  /** Lines are sent as they are: give CRLF. With `cuts`, the bytes go out in pieces, cut at these offsets. */
  send(text: string, cuts?: readonly number[]): Promise<void>;
  /** The next line of the client; rejects when it hangs up. */
  line(): Promise<string>;
  /** As many characters (latin1) as `size` finds in what has come, when it is no longer 0. */
  take(size: (buffer: string) => number): Promise<string>;
  /** The same for what is no text: nothing is left out at its end, and it is not kept among the lines. */
  bytes(size: (buffer: string) => number): Promise<string>;
  /** `taken`: bytes of the client's (latin1) that were taken and belong to TLS. */
  startTls(taken?: string): Promise<void>;
  end(): void;
  reset(): void;
  readonly sleep: (ms: number) => Promise<void>;
}

/** Groups that Node 20 can name also over OpenSSL 3.5, which would agree on a hybrid one by itself. */
const namedGroups = "X25519:P-256:P-384";

/** Of the server's end. */
export type ServerTls = SecureContextOptions & Pick<TlsOptions, "SNICallback">;

export type Script = (talk: Talk) => Promise<void>;

export interface FakeServer {
  readonly port: number;
  /** Every line that clients sent, in order of arrival. */
  readonly lines: string[];
  connections: number;
  close(): Promise<void>;
}

/** `place` is an address of this machine, or the path of a unix socket. `wished` is the port, 0: any that is free. */
export const startServer = async (
  script: Script,
  tls?: ServerTls,
  place = "127.0.0.1",
  wished = 0,
): Promise<FakeServer> => {
  const sockets = new Set<Socket>();
  const lines: string[] = [];
  const server = createServer((socket) => {
    fake.connections += 1;
    sockets.add(socket);
    socket.setNoDelay(true).on("error", () => undefined);
    socket.on("close", () => sockets.delete(socket));
    script(talkOver(socket, lines, tls)).catch(() => socket.destroy());
  });
  const path = place.startsWith("/");
  await new Promise<void>((resolve, reject) =>
    server.once("error", reject).listen(path ? { path: place } : { port: wished, host: place }, resolve),
  );
  const fake: FakeServer = {
    port: path ? 0 : (server.address() as AddressInfo).port,
    lines,
    connections: 0,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return fake;
};

const endOfLine = (buffer: string): number => {
  const at = buffer.indexOf("\r\n");
  return at < 0 ? 0 : at + 2;
};

/** What the client says is kept in `lines`, however it is taken. */
const readers = (take: Talk["take"], lines: string[]): Pick<Talk, "line" | "take" | "bytes"> => {
  const kept = async (size: (buffer: string) => number): Promise<string> => {
    const part = (await take(size)).replace(/\r\n$/, "");
    lines.push(part);
    return part;
  };
  return { take: kept, line: () => kept(endOfLine), bytes: take };
};

const talkOver = (raw: Socket, lines: string[], tls: ServerTls | undefined): Talk => {
  let stream: Socket = raw;
  let buffer = "";
  let wake: (() => void) | undefined;
  let closed = false;
  const onData = (part: Buffer): void => {
    buffer += part.toString("latin1");
    wake?.();
  };
  const onEnd = (): void => {
    closed = true;
    wake?.();
  };
  const listen = (): void => {
    stream.on("data", onData).on("end", onEnd).on("close", onEnd);
  };
  // Read only when asked, so that a ClientHello that follows at once is left for TLS.
  let listening = false;
  const take = async (size: (buffer: string) => number): Promise<string> => {
    if (!listening) listen();
    listening = true;
    for (;;) {
      const count = size(buffer);
      if (count > 0) {
        const part = buffer.slice(0, count);
        buffer = buffer.slice(count);
        return part;
      }
      if (closed) throw new Error("client hung up");
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  return {
    ...readers(take, lines),
    sleep: (ms) => sleep(ms),
    send: async (text, cuts = []) => {
      const bytes = Buffer.from(text, "latin1");
      const edges = [0, ...[...cuts].sort((a, b) => a - b), bytes.length];
      for (let index = 1; index < edges.length; index += 1) {
        const part = bytes.subarray(edges[index - 1], edges[index]);
        if (part.length === 0) continue;
        stream.write(part);
        if (index < edges.length - 1) await sleep(1);
      }
    },
    startTls: (taken = "") =>
      new Promise((resolve, reject) => {
        stream.off("data", onData).off("end", onEnd).off("close", onEnd).pause();
        listening = false;
        // What came behind the request is forgotten (RFC 3207 §6).
        buffer = "";
        // What is put back is read first by the TLS engine.
        if (taken !== "") stream.unshift(Buffer.from(taken, "latin1"));
        if (!tls) return reject(new Error("no certificate given"));
        const secure = new TLSSocket(raw, { isServer: true, ecdhCurve: namedGroups, ...tls });
        secure.on("error", (error) => {
          raw.destroy();
          reject(error);
        });
        secure.once("secure", () => {
          stream = secure;
          resolve();
        });
        secure.once("close", () => reject(new Error("closed in handshake")));
      }),
    end: () => stream.end(),
    reset: () => raw.resetAndDestroy(),
  };
};

/** Where a well-behaved server's script can be changed. */
export interface Behaviour {
  readonly greeting?: string;
  /** The whole capability reply in clear. */
  readonly capabilities?: string;
  readonly goAhead?: string;
  /** The whole capability reply inside TLS. */
  readonly inside?: string;
  readonly cuts?: (text: string) => readonly number[];
  readonly greetDelayMs?: number;
}

/** A server of this protocol and mode that does all as it should, except where `behaviour` says otherwise. */
export const mailServer = (protocol: ProtocolName, mode: Mode, behaviour: Behaviour = {}): Script => {
  if (protocol === "xmpp-client" || protocol === "xmpp-server") return xmppServer(mode, behaviour);
  if (protocol === "ldap") return ldapServer(mode, behaviour);
  const texts = { ...lineTexts[protocol], ...behaviour };
  return async (talk) => {
    let secure = mode === "implicit";
    const send = (text: string, tag = ""): Promise<void> => {
      const ready = text.replaceAll("$TAG", tag);
      return talk.send(ready, behaviour.cuts?.(ready));
    };
    if (secure) await talk.startTls();
    if (behaviour.greetDelayMs) await talk.sleep(behaviour.greetDelayMs);
    const insideGreeting = protocol === "sieve" ? texts.inside : texts.greeting.replace(/ \[CAPABILITY[^\]]*\]/, "");
    await send(secure ? insideGreeting : texts.greeting);
    for (;;) {
      const line = await talk.line();
      const [first = "", second = ""] = line.split(" ");
      const tag = protocol === "imap" ? first : "";
      const verb = (protocol === "imap" ? second : first).toUpperCase();
      switch (verb) {
        case "EHLO":
        case "LHLO":
        case "CAPABILITY":
        case "CAPA":
        case "CAPABILITIES":
        case "FEAT":
          await send(secure ? texts.inside : texts.capabilities, tag);
          break;
        case "STARTTLS":
        case "STLS":
        case "AUTH":
          await send(texts.goAhead, tag);
          if (!/^(?:220|234|382|\+OK|OK|\S+ OK)/i.test(texts.goAhead.replaceAll("$TAG", tag))) break;
          await talk.startTls();
          secure = true;
          if (protocol === "sieve") await send(texts.inside);
          break;
        case "QUIT":
        case "LOGOUT":
          await send(
            protocol === "imap"
              ? "* BYE\r\n$TAG OK bye\r\n"
              : protocol === "pop3"
                ? "+OK\r\n"
                : protocol === "sieve"
                  ? "OK\r\n"
                  : "221 bye\r\n",
            tag,
          );
          talk.end();
          return;
        default:
          await send(
            protocol === "imap"
              ? "$TAG BAD what\r\n"
              : protocol === "pop3"
                ? "-ERR what\r\n"
                : protocol === "sieve"
                  ? "NO\r\n"
                  : "500 what\r\n",
            tag,
          );
      }
    }
  };
};

/** The same scripts without a network: the client's end of a stream in memory. TLS never starts there. */
export const memoryServer = (script: Script): { readonly client: Duplex; readonly lines: readonly string[] } => {
  const lines: string[] = [];
  let buffer = "";
  let wake: (() => void) | undefined;
  const client = new Duplex({
    read: () => undefined,
    write: (part: Buffer, _encoding, done) => {
      buffer += part.toString("latin1");
      wake?.();
      done();
    },
  });
  const take = async (size: (buffer: string) => number): Promise<string> => {
    for (;;) {
      const count = size(buffer);
      if (count > 0) {
        const part = buffer.slice(0, count);
        buffer = buffer.slice(count);
        return part;
      }
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  const talk: Talk = {
    ...readers(take, lines),
    sleep: (ms) => sleep(ms),
    send: async (text, cuts = []) => {
      const bytes = Buffer.from(text, "latin1");
      const edges = [0, ...[...cuts].sort((a, b) => a - b), bytes.length];
      for (let index = 1; index < edges.length; index += 1) {
        const part = bytes.subarray(edges[index - 1], edges[index]);
        if (part.length > 0) client.push(part);
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
    startTls: () => new Promise(() => undefined),
    end: () => void client.push(null),
    reset: () => void client.destroy(),
  };
  void script(talk);
  return { client, lines };
};
