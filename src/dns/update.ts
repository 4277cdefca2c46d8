// A DNS UPDATE (RFC 2136) that adds one TXT value to a zone, or takes it away; values beside it stay.
import { uint16, uint32, wireName } from "./wire.ts";

export interface TxtUpdate {
  readonly id: number;
  readonly zone: string;
  readonly name: string;
  /** At most 255 octets. */
  readonly value: string;
  readonly change: { readonly kind: "add"; readonly ttl: number } | { readonly kind: "remove" };
}

const opcodeUpdate = 5;
const typeSoa = 6;
const typeTxt = 16;
const classIn = 1;
/** "This one record of the set" (RFC 2136 §2.5.4). */
const classNone = 254;

export const encodeUpdate = ({ id, zone, name, value, change }: TxtUpdate): Buffer => {
  const text = Buffer.from(value, "utf8");
  if (text.length > 255) throw new RangeError("a TXT value has at most 255 octets");
  const [recordClass, ttl] = change.kind === "add" ? [classIn, change.ttl] : [classNone, 0];
  return Buffer.concat([
    uint16(id),
    uint16(opcodeUpdate << 11),
    uint16(1),
    uint16(0),
    uint16(1),
    uint16(0),
    wireName(zone),
    uint16(typeSoa),
    uint16(classIn),
    wireName(name),
    uint16(typeTxt),
    uint16(recordClass),
    uint32(ttl),
    uint16(1 + text.length),
    Buffer.from([text.length]),
    text,
  ]);
};

const rcodes = "NOERROR FORMERR SERVFAIL NXDOMAIN NOTIMP REFUSED YXDOMAIN YXRRSET NXRRSET NOTAUTH NOTZONE".split(" ");

/** What the reply to an update with this id says; undefined where it is no reply to it. */
export const readUpdateReply = (reply: Buffer, id: number): string | undefined => {
  if (reply.length < 12 || reply.readUInt16BE(0) !== id) return undefined;
  const flags = reply.readUInt16BE(2);
  if (flags >> 15 !== 1 || ((flags >> 11) & 0xf) !== opcodeUpdate) return undefined;
  return rcodes[flags & 0xf] ?? `RCODE ${flags & 0xf}`;
};
