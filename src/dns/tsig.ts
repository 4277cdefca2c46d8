// Messages that are signed with a shared key (TSIG, RFC 8945): ours is signed, the reply to it is verified.
import { createHmac, timingSafeEqual } from "node:crypto";
import { lastRecord, readName, uint16, uint32, uint48, wireName } from "./wire.ts";

/** RFC 8945 §6; those with MD5 and SHA-1 are not offered. */
export const tsigAlgorithms = ["hmac-sha256", "hmac-sha384", "hmac-sha512"] as const;
export type TsigAlgorithm = (typeof tsigAlgorithms)[number];

export interface TsigKey {
  readonly name: string;
  readonly algorithm: TsigAlgorithm;
  readonly secret: Buffer;
}

export interface Signed {
  readonly message: Buffer;
  /** Goes into the signature of the reply. */
  readonly mac: Buffer;
}

/** The clocks of the two may be so many seconds apart (RFC 8945 §10). */
const fudge = 300;
const typeTsig = 250;
const classAny = 255;
const tsigErrors: Readonly<Record<number, string>> = { 16: "BADSIG", 17: "BADKEY", 18: "BADTIME", 22: "BADTRUNC" };

const hmac = (key: TsigKey, parts: readonly Buffer[]): Buffer => {
  const made = createHmac(key.algorithm.slice("hmac-".length), key.secret);
  for (const part of parts) made.update(part);
  return made.digest();
};

interface Variables {
  /** Seconds since 1970. */
  readonly time: number;
  readonly fudge: number;
  readonly error: number;
  readonly other: Buffer;
}

/** RFC 8945 §4.3.3. */
const variables = (key: TsigKey, { time, fudge: span, error, other }: Variables): Buffer =>
  Buffer.concat([
    wireName(key.name),
    uint16(classAny),
    uint32(0),
    wireName(key.algorithm),
    uint48(time),
    uint16(span),
    uint16(error),
    uint16(other.length),
    other,
  ]);

const withAdditional = (message: Buffer, difference: number): Buffer => {
  const changed = Buffer.from(message);
  changed.writeUInt16BE(changed.readUInt16BE(10) + difference, 10);
  return changed;
};

export const sign = (message: Buffer, key: TsigKey, now: Date): Signed => {
  const said: Variables = { time: Math.floor(now.getTime() / 1000), fudge, error: 0, other: Buffer.alloc(0) };
  const mac = hmac(key, [message, variables(key, said)]);
  const data = Buffer.concat([
    wireName(key.algorithm),
    uint48(said.time),
    uint16(said.fudge),
    uint16(mac.length),
    mac,
    message.subarray(0, 2),
    uint16(0),
    uint16(0),
  ]);
  const head = [wireName(key.name), uint16(typeTsig), uint16(classAny), uint32(0), uint16(data.length)];
  return { message: Buffer.concat([withAdditional(message, 1), ...head, data]), mac };
};

export type Verdict =
  /** The holder of the key said it, now. `error`: what it did not like about our own signature (BADTIME), and its clock. */
  | { readonly kind: "genuine"; readonly error?: string; readonly serverTime?: number }
  /** `error`: BADSIG, BADKEY: it could not sign. Otherwise no signature, or one that is not right. */
  | { readonly kind: "unproven"; readonly error?: string };

/** Whether the reply to a message that we signed comes from one who has the key (RFC 8945 §5.3). @throws RangeError where it cannot be read. */
export const verifyReply = (reply: Buffer, key: TsigKey, requestMac: Buffer, now: Date): Verdict => {
  const record = lastRecord(reply);
  if (record?.type !== typeTsig) return { kind: "unproven" };
  const { name: algorithm, next } = readName(reply, record.data);
  const time = reply.readUIntBE(next, 6);
  const span = reply.readUInt16BE(next + 6);
  const macEnd = next + 10 + reply.readUInt16BE(next + 8);
  const mac = reply.subarray(next + 10, macEnd);
  const error = reply.readUInt16BE(macEnd + 2);
  const other = reply.subarray(macEnd + 6, macEnd + 6 + reply.readUInt16BE(macEnd + 4));
  const word = error === 0 ? {} : { error: tsigErrors[error] ?? `TSIG error ${error}` };
  if (record.name !== key.name.toLowerCase().replace(/\.$/, "") || algorithm !== key.algorithm)
    return { kind: "unproven", ...word };
  const original = withAdditional(reply.subarray(0, record.start), -1);
  reply.copy(original, 0, macEnd, macEnd + 2);
  const expected = hmac(key, [
    uint16(requestMac.length),
    requestMac,
    original,
    variables(key, { time, fudge: span, error, other }),
  ]);
  if (mac.length !== expected.length || !timingSafeEqual(mac, expected)) return { kind: "unproven", ...word };
  const serverTime = other.length === 6 ? other.readUIntBE(0, 6) : time;
  // With BADTIME the time is our own again, and the other data has the server's clock.
  if (error === 0 && Math.abs(now.getTime() / 1000 - time) > span) return { kind: "unproven", error: "BADTIME" };
  return { kind: "genuine", ...word, serverTime };
};
