// A server of raw TLS bytes for tests: reads a ClientHello by itself (nothing of src/hello is used), and answers with what a script makes of it.
import { type AddressInfo, type Socket, createServer } from "node:net";

/** A ClientHello, taken apart by RFC 5246 §7.4.1.2. */
export interface SeenHello {
  readonly record: number;
  readonly version: number;
  readonly suites: readonly number[];
  readonly compressions: readonly number[];
  readonly extensions: ReadonlyMap<number, Buffer>;
  /** Of the whole record. */
  readonly bytes: number;
}

/** @throws for bytes that are no ClientHello, or when something is left over. */
export const readClientHello = (data: Buffer): SeenHello => {
  let at = 0;
  const number = (size: number): number => {
    if (at + size > data.length) throw new Error("too short");
    at += size;
    return data.readUIntBE(at - size, size);
  };
  const bytes = (lengthSize: number): Buffer => {
    const size = number(lengthSize);
    if (at + size > data.length) throw new Error("too short");
    at += size;
    return data.subarray(at - size, at);
  };
  const pairs = (part: Buffer): number[] =>
    Array.from({ length: part.length / 2 }, (_, index) => part.readUInt16BE(index * 2));
  if (number(1) !== 22) throw new Error("no handshake record");
  const record = number(2);
  if (number(2) !== data.length - 5) throw new Error("record length");
  if (number(1) !== 1) throw new Error("no ClientHello");
  if (number(3) !== data.length - 9) throw new Error("message length");
  const version = number(2);
  at += 32;
  bytes(1);
  const suites = pairs(bytes(2));
  const compressions = [...bytes(1)];
  const extensions = new Map<number, Buffer>();
  if (at < data.length) {
    const end = at + 2 + data.readUInt16BE(at);
    at += 2;
    if (end !== data.length) throw new Error("extensions length");
    const more = (): boolean => at < data.length;
    while (more()) {
      const type = number(2);
      if (extensions.has(type)) throw new Error(`extension ${type} twice`);
      extensions.set(type, bytes(2));
    }
  }
  return { record, version, suites, compressions, extensions, bytes: data.length };
};

export const record = (type: number, version: number, body: Buffer): Buffer =>
  Buffer.concat([Buffer.from([type, version >> 8, version & 0xff, body.length >> 8, body.length & 0xff]), body]);
export const message = (type: number, body: Buffer): Buffer => {
  const head = Buffer.alloc(4);
  head.writeUInt8(type, 0);
  head.writeUIntBE(body.length, 1, 3);
  return Buffer.concat([head, body]);
};
export const alert = (number: number, level = 2, version = 0x0303): Buffer =>
  record(21, version, Buffer.from([level, number]));

export interface ServerHelloParts {
  readonly version: number;
  readonly suite: number;
  readonly compression?: number;
  readonly extensions?: readonly (readonly [number, Buffer])[];
}

const u16 = (value: number): Buffer => Buffer.from([value >> 8, value & 0xff]);
const vector16 = (part: Buffer): Buffer => Buffer.concat([u16(part.length), part]);

export const serverHelloMessage = ({ version, suite, compression = 0, extensions }: ServerHelloParts): Buffer =>
  message(
    2,
    Buffer.concat([
      u16(version),
      Buffer.alloc(32, 7),
      Buffer.from([0]),
      u16(suite),
      Buffer.from([compression]),
      ...(extensions
        ? [vector16(Buffer.concat(extensions.flatMap(([type, content]) => [u16(type), vector16(content)])))]
        : []),
    ]),
  );

export const certificateMessage = (size: number): Buffer => message(11, Buffer.alloc(size, 1));
const vector24 = (part: Buffer): Buffer =>
  Buffer.concat([Buffer.from([part.length >> 16]), u16(part.length & 0xffff), part]);
/** Certificate with one leaf (RFC 5246 §7.4.2). */
export const leafMessage = (leaf: Buffer): Buffer => message(11, vector24(vector24(leaf)));
export const doneMessage = message(14, Buffer.alloc(0));

/** ServerKeyExchange over a named curve; `signature`: the scheme, where the version has one. */
export const curveMessage = (group: number, signature?: number): Buffer =>
  message(
    12,
    Buffer.concat([
      Buffer.from([3]),
      u16(group),
      Buffer.from([4, 1, 2, 3, 4]),
      ...(signature === undefined ? [] : [u16(signature), vector16(Buffer.alloc(8))]),
    ]),
  );

/** ServerKeyExchange with a prime whose first byte is `first`. */
export const dhMessage = (bytes: number, first = 0xff, signature?: number): Buffer =>
  message(
    12,
    Buffer.concat([
      vector16(Buffer.concat([Buffer.from([first]), Buffer.alloc(bytes - 1, 3)])),
      vector16(Buffer.from([2])),
      vector16(Buffer.alloc(bytes, 5)),
      ...(signature === undefined ? [] : [u16(signature), vector16(Buffer.alloc(8))]),
    ]),
  );

export interface HelloServer {
  readonly port: number;
  readonly hellos: readonly SeenHello[];
  /** What clients sent behind their ClientHello. */
  readonly behind: readonly Buffer[];
  close(): Promise<void>;
}

/** `script` gets each ClientHello and the socket; what it returns is sent. */
export const startHelloServer = async (
  script: (hello: SeenHello, socket: Socket, count: number) => Buffer | undefined | Promise<Buffer | undefined>,
): Promise<HelloServer> => {
  const sockets = new Set<Socket>();
  const hellos: SeenHello[] = [];
  const behind: Buffer[] = [];
  const server = createServer((socket) => {
    sockets.add(socket);
    let seen: Buffer = Buffer.alloc(0);
    let done = false;
    socket.on("error", () => undefined).on("close", () => sockets.delete(socket));
    socket.on("data", (part: Buffer) => {
      if (done) {
        behind.push(part);
        return;
      }
      seen = Buffer.concat([seen, part]);
      if (seen.length < 5 || seen.length < 5 + seen.readUInt16BE(3)) return;
      done = true;
      const hello = readClientHello(seen);
      hellos.push(hello);
      void Promise.resolve(script(hello, socket, hellos.length)).then((answer) => {
        if (answer && !socket.destroyed) socket.write(answer);
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    hellos,
    behind,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};
