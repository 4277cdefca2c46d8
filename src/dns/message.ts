// DNS messages: the question as it goes out (EDNS0, DO and AD set), and an answer taken only when it is the answer to it.
import {
  type Answer,
  AUTHENTIC_DATA,
  type DecodedPacket,
  DNSSEC_OK,
  type OptAnswer,
  RECURSION_DESIRED,
  type RecordType,
  decode,
  encode,
} from "dns-packet";

export interface Query {
  readonly id: number;
  /** Without a trailing dot. */
  readonly name: string;
  readonly type: RecordType;
  /** Ask to go and find out (RD), as one asks a resolver; default true. */
  readonly recursion?: boolean;
}

export interface Message {
  /** `NOERROR`, `NXDOMAIN`, `SERVFAIL`, ... */
  readonly rcode: string;
  readonly answers: readonly Answer[];
  readonly truncated: boolean;
  /** The AD bit: whoever answered says that DNSSEC vouches for it. */
  readonly authenticData: boolean;
  /** The AA bit: whoever answered has the zone itself. */
  readonly authoritative: boolean;
}

/** What goes through every network unfragmented (DNS flag day 2020). */
const udpPayloadSize = 1232;

export const encodeQuery = ({ id, name, type, recursion = true }: Query): Buffer => {
  const opt: OptAnswer = {
    type: "OPT",
    name: ".",
    udpPayloadSize,
    extendedRcode: 0,
    ednsVersion: 0,
    flags: DNSSEC_OK,
    flag_do: true,
    options: [],
  };
  // AD in a question asks for AD in the answer (RFC 6840 §5.7).
  const flags = (recursion ? RECURSION_DESIRED : 0) | AUTHENTIC_DATA;
  return encode({ type: "query", id, flags, questions: [{ type, name, class: "IN" }], additionals: [opt] });
};

const truncatedBit = 0x02;

/** The message when it answers this very question, else undefined: a stray, a forgery or nonsense. */
export const readAnswer = (query: Query, bytes: Buffer): Message | undefined => {
  const truncated = bytes.length >= 12 && ((bytes[2] ?? 0) & truncatedBit) !== 0;
  let packet: DecodedPacket & { readonly rcode?: string };
  try {
    // A truncated message may end in the middle of a record: no more than its question is read.
    packet = decode(truncated ? Buffer.concat([bytes.subarray(0, 6), Buffer.alloc(6), bytes.subarray(12)]) : bytes);
  } catch {
    return undefined;
  }
  const [question, ...more] = packet.questions ?? [];
  const same =
    packet.flag_qr &&
    packet.id === query.id &&
    more.length === 0 &&
    question?.type === query.type &&
    question.class === "IN" &&
    question.name.toLowerCase() === query.name.toLowerCase();
  if (!same) return undefined;
  return {
    rcode: packet.rcode ?? "NOERROR",
    answers: packet.answers ?? [],
    truncated,
    authenticData: packet.flag_ad,
    authoritative: packet.flag_aa,
  };
};
