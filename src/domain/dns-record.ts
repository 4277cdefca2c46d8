// A DNS record to publish: a line of a zone file, and what the web forms of DNS hosters ask for.
import { type TlsaRecord, tlsaText } from "./tlsa.ts";

/** What a record is for. `dane`: RFC 7672, `caa`: RFC 8659, `mta-sts`: RFC 8461, `tlsrpt`: RFC 8460, `srv`: RFC 6186 and RFC 8314. */
export type RecordTopic = "dane" | "caa" | "mta-sts" | "tlsrpt" | "srv";

export interface DnsRecord {
  readonly topic: RecordTopic;
  /** Without a dot at the end. */
  readonly owner: string;
  readonly type: "TLSA" | "CAA" | "TXT" | "SRV";
  /** As a zone file has it (RFC 1035 §5.1). */
  readonly data: string;
  /** The fields of a web form, in its order. */
  readonly fields: Readonly<Record<string, string | number>>;
}

export const zoneLine = ({ owner, type, data }: DnsRecord): string => `${owner}. IN ${type} ${data}`;

/** Octets as a zone file has them (RFC 1035 §5.1): quotes and backslashes escaped, and whatever is not printable ASCII by its number. */
const quoted = (octets: Uint8Array): string => {
  const shown = Array.from(octets, (octet) => {
    if (octet < 0x20 || octet > 0x7e) return `\\${String(octet).padStart(3, "0")}`;
    const character = String.fromCharCode(octet);
    return character === '"' || character === "\\" ? `\\${character}` : character;
  });
  return `"${shown.join("")}"`;
};

/** A TXT record holds character strings of 255 octets at most (RFC 1035 §3.3.14). */
const longest = 255;

const strings = (text: string): string => {
  const octets = Buffer.from(text);
  const parts = Math.max(1, Math.ceil(octets.length / longest));
  return Array.from({ length: parts }, (_, at) => quoted(octets.subarray(at * longest, (at + 1) * longest))).join(" ");
};

export const tlsaToPublish = (owner: string, record: TlsaRecord): DnsRecord => ({
  topic: "dane",
  owner,
  type: "TLSA",
  data: tlsaText(record),
  fields: {
    usage: record.usage,
    selector: record.selector,
    "matching type": record.matchingType,
    data: record.data,
  },
});

export const caaToPublish = (owner: string, tag: "issue" | "issuewild", value: string): DnsRecord => ({
  topic: "caa",
  owner,
  type: "CAA",
  // One value of any length, no character strings (RFC 8659 §4.1).
  data: `0 ${tag} ${quoted(Buffer.from(value))}`,
  fields: { flags: 0, tag, value },
});

export const textToPublish = (topic: RecordTopic, owner: string, text: string): DnsRecord => ({
  topic,
  owner,
  type: "TXT",
  data: strings(text),
  fields: { text },
});

export interface ServiceAt {
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  /** Without a dot at the end. */
  readonly target: string;
}

export const serviceToPublish = (owner: string, { priority, weight, port, target }: ServiceAt): DnsRecord => ({
  topic: "srv",
  owner,
  type: "SRV",
  data: `${priority} ${weight} ${port} ${target}.`,
  fields: { priority, weight, port, target },
});
