// ServerHello (with HelloRetryRequest) and ServerKeyExchange, parsed (RFC 5246 §7.4.1.3 and §7.4.3, RFC 8422 §5.4, RFC 8446 §4.1.3).
import { type ProtocolVersion, protocolVersions } from "../domain/tls-profile.ts";
import type { ServerHello } from "./answer.ts";
import { MalformedHello, byteReader } from "./bytes.ts";
import { extensions, versionCodes } from "./client-hello.ts";
import { explicitCurve } from "./groups.ts";
import { suites } from "./suites.ts";

const versionOf = (code: number): ProtocolVersion => {
  const found = protocolVersions.find((version) => versionCodes[version] === code);
  if (!found) throw new MalformedHello(`it names a version that nobody knows (0x${code.toString(16)})`);
  return found;
};

export const readServerHello = (message: Buffer): ServerHello => {
  const reader = byteReader(message);
  const legacy = reader.number(2);
  reader.take(32);
  reader.vector(1);
  const suite = reader.number(2);
  const compression = reader.number(1);
  const sent = new Map<number, Buffer>();
  if (reader.left > 0) {
    const all = byteReader(reader.vector(2));
    while (all.left > 0) {
      const type = all.number(2);
      sent.set(type, all.vector(2));
    }
  }
  const chosen = sent.get(extensions.supportedVersions);
  const share = sent.get(extensions.keyShare);
  const alpn = sent.get(extensions.alpn);
  return {
    kind: "hello",
    version: versionOf(chosen ? byteReader(chosen).number(2) : legacy),
    suite,
    compression,
    extensions: new Set(sent.keys()),
    // In a HelloRetryRequest the group is all that stands there.
    ...(share ? { group: byteReader(share).number(2) } : {}),
    // A list of one (RFC 7301 §3.1).
    ...(alpn ? { alpn: byteReader(byteReader(alpn).vector(2)).vector(1).toString("latin1") } : {}),
  };
};

/** Whether the server's part of the key exchange comes in a message of its own. */
export const hasKeyExchange = ({ version, suite }: ServerHello): boolean =>
  version !== "TLSv1.3" && /^TLS_(?:(?:EC)?DHE|(?:EC)?DH_anon)_/.test(suites.get(suite) ?? "");

/** The first of a Certificate message up to TLS 1.2 (RFC 5246 §7.4.2); an empty list has none. */
export const readLeaf = (hello: ServerHello, message: Buffer): ServerHello => {
  const list = byteReader(byteReader(message).vector(3));
  return list.left === 0 ? hello : { ...hello, leaf: list.vector(3) };
};

const bitsOf = (number: Buffer): number => {
  const start = number.findIndex((byte) => byte !== 0);
  return start < 0 ? 0 : (number.length - start - 1) * 8 + (32 - Math.clz32(number[start] ?? 0));
};

/** Curve types (RFC 8422 §5.4): 3 names it, 1 and 2 describe it. */
const namedCurve = 3;

export const readKeyExchange = (hello: ServerHello, message: Buffer): ServerHello => {
  const reader = byteReader(message);
  const name = suites.get(hello.suite) ?? "";
  const found: { group?: number; dhBits?: number } = {};
  if (name.startsWith("TLS_ECDH")) {
    if (reader.number(1) !== namedCurve) return { ...hello, group: explicitCurve };
    found.group = reader.number(2);
    reader.vector(1);
  } else {
    found.dhBits = bitsOf(reader.vector(2));
    reader.vector(2);
    reader.vector(2);
  }
  const signed = hello.version === "TLSv1.2" && !name.includes("_anon_");
  return { ...hello, ...found, ...(signed ? { signature: reader.number(2) } : {}) };
};
