// A name server that takes signed updates of TXT records over TCP; its TSIG is made here anew, from RFC 8945, to judge ours.
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";

export interface UpdateServer {
  readonly port: number;
  /** Values by name. */
  readonly texts: Map<string, string[]>;
  readonly updates: { readonly zone: string; readonly name: string; readonly add: boolean; readonly ttl: number }[];
  readonly stop: () => Promise<void>;
}

export interface Behaviour {
  readonly key: { readonly name: string; readonly algorithm: string; readonly secret: Buffer };
  /** Seconds since 1970. */
  readonly now: () => number;
  readonly rcode?: number;
  /** A TSIG error instead of an answer: 16 BADSIG, 17 BADKEY (unsigned), 18 BADTIME (signed). */
  readonly tsigError?: number;
  /** What becomes of the finished reply. */
  readonly spoil?: (reply: Buffer) => Buffer | undefined;
}

const name = (bytes: Buffer, at: number): [string, number] => {
  const labels: string[] = [];
  let here = at;
  for (;;) {
    const length = bytes[here] ?? 0;
    here += 1;
    if (length === 0) return [labels.join("."), here];
    labels.push(bytes.toString("latin1", here, here + length));
    here += length;
  }
};
const wire = (text: string): Buffer =>
  Buffer.concat([
    ...text.split(".").map((label) => Buffer.from([label.length, ...Buffer.from(label)])),
    Buffer.from([0]),
  ]);
const number = (value: number, size: number): Buffer => {
  const bytes = Buffer.alloc(size);
  bytes.writeUIntBE(value, 0, size);
  return bytes;
};

export const startUpdateServer = async (behaviour: () => Behaviour): Promise<UpdateServer> => {
  const texts = new Map<string, string[]>();
  const updates: UpdateServer["updates"] = [];
  const answer = (query: Buffer): Buffer | undefined => {
    const { key, now, rcode = 0, tsigError = 0, spoil = (reply) => reply } = behaviour();
    const [zone, afterZone] = name(query, 12);
    const [owner, at] = name(query, afterZone + 4);
    const [kind, recordClass, ttl, length] = [
      query.readUInt16BE(at),
      query.readUInt16BE(at + 2),
      query.readUInt32BE(at + 4),
      query.readUInt16BE(at + 8),
    ];
    if (kind !== 16) throw new Error("not a TXT record");
    const value = query.toString("utf8", at + 11, at + 10 + length);
    const tsigAt = at + 10 + length;
    const [keyName, afterKey] = name(query, tsigAt);
    const [algorithm, timeAt] = name(query, afterKey + 10);
    const size = query.readUInt16BE(timeAt + 8);
    const mac = query.subarray(timeAt + 10, timeAt + 10 + size);
    const variables = (time: Buffer, error: number, other: Buffer): Buffer =>
      Buffer.concat([
        wire(key.name),
        number(255, 2),
        number(0, 4),
        wire(key.algorithm),
        time,
        number(300, 2),
        number(error, 2),
        number(other.length, 2),
        other,
      ]);
    const hmac = (...parts: readonly Buffer[]): Buffer =>
      createHmac(key.algorithm.slice(5), key.secret).update(Buffer.concat(parts)).digest();
    const unsigned = Buffer.from(query.subarray(0, tsigAt));
    unsigned.writeUInt16BE(0, 10);
    const time = query.subarray(timeAt, timeAt + 6);
    const good =
      keyName === key.name &&
      algorithm === key.algorithm &&
      hmac(unsigned, variables(time, 0, Buffer.alloc(0))).equals(mac);
    const error = tsigError || (keyName === key.name ? (good ? 0 : 16) : 17);
    const said = error === 0 ? rcode : 9;
    if (said === 0) {
      updates.push({ zone, name: owner, add: recordClass === 1, ttl });
      const others = (texts.get(owner) ?? []).filter((one) => one !== value);
      texts.set(owner, recordClass === 1 ? [...others, value] : others);
    }
    const head = Buffer.concat([
      query.subarray(0, 2),
      number(0xa800 | said, 2),
      number(1, 2),
      Buffer.alloc(6),
      query.subarray(12, afterZone + 4),
    ]);
    const other = error === 18 ? number(now(), 6) : Buffer.alloc(0);
    const at2 = error === 18 ? time : number(now(), 6);
    const signature =
      error === 16 || error === 17
        ? Buffer.alloc(0)
        : hmac(number(mac.length, 2), mac, head, variables(at2, error, other));
    const data = Buffer.concat([
      wire(algorithm),
      at2,
      number(300, 2),
      number(signature.length, 2),
      signature,
      query.subarray(0, 2),
      number(error, 2),
      number(other.length, 2),
      other,
    ]);
    const whole = Buffer.concat([
      head,
      wire(keyName),
      number(250, 2),
      number(255, 2),
      number(0, 4),
      number(data.length, 2),
      data,
    ]);
    whole.writeUInt16BE(1, 10);
    return spoil(whole);
  };
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", (data) => {
      const reply = answer(data.subarray(2));
      if (reply) socket.end(Buffer.concat([number(reply.length, 2), reply]));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    texts,
    updates,
    stop: async () => {
      server.close();
      await once(server, "close");
    },
  };
};
