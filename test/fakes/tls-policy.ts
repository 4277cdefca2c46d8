// A server's answers to raw ClientHellos by a policy: what it takes, and what its ServerHello says. Ordinary clients go on to a real TLS server.
import { kindOf } from "../../src/hello/suite-kinds.ts";
import { suiteName } from "../../src/hello/suites.ts";
import {
  type SeenHello,
  alert,
  curveMessage,
  dhMessage,
  doneMessage,
  leafMessage,
  readClientHello,
  record,
  serverHelloMessage,
} from "./hello-server.ts";
import { type Script, mailServer } from "./mail-server.ts";

/** What differs from a sound server of today. Numbers as on the wire. */
export interface TlsPolicy {
  /** Shown in clear up to TLS 1.2. DER. */
  readonly leaf?: Buffer;
  /** No recommended suite in TLS 1.2. */
  readonly noneGood?: true;
  /** Agreed to by ALPN where it is offered. */
  readonly alpn?: string;
  readonly versions?: readonly number[];
  /** By IANA name, besides the good ones. */
  readonly suites?: RegExp;
  /** Before the good ones of the client's list. */
  readonly groups?: readonly number[];
  readonly compression?: number;
  /** Without encrypt_then_mac (22), extended_master_secret (23), renegotiation_info (0xff01). */
  readonly without?: readonly number[];
  readonly signature?: number;
  /** Of the prime of finite-field Diffie-Hellman. */
  readonly dhBytes?: number;
  /** Larger ClientHellos are reset, those of ordinary clients too. */
  readonly largest?: number;
}

const pairs = (bytes: Buffer): readonly number[] =>
  Array.from({ length: Math.floor(bytes.length / 2) }, (_, index) => bytes.readUInt16BE(index * 2));

const offeredVersions = ({ version, extensions }: SeenHello): ((one: number) => boolean) => {
  const list = extensions.get(43);
  const named = list && pairs(list.subarray(1));
  return (one) => (named ? named.includes(one) : one <= version && one < 0x0304);
};

/** A key share or a place for a session ticket comes with it: a client that means to go on. */
const isOrdinary = ({ extensions }: SeenHello): boolean => (extensions.get(51)?.length ?? 0) > 2 || extensions.has(35);

const u16 = (value: number): Buffer => Buffer.from([value >> 8, value & 0xff]);

/** A list of one protocol (RFC 7301 §3.1). */
const agreed = (protocol: string): Buffer =>
  Buffer.concat([u16(protocol.length + 1), Buffer.from([protocol.length]), Buffer.from(protocol, "latin1")]);

/** `reset`: no answer. */
export const answerBy = (hello: SeenHello, policy: TlsPolicy): Buffer | "reset" => {
  const { versions = [0x0303, 0x0304], suites = /^(?!)/, groups = [0x11ec, 0x001d, 0x0017], without = [] } = policy;
  if (hello.bytes > (policy.largest ?? 16_384)) return "reset";
  const offered = offeredVersions(hello);
  const version = versions.filter(offered).toSorted((left, right) => right - left)[0];
  if (version === undefined) return alert(70);
  const takes = (suite: number): boolean => {
    const name = suiteName(suite);
    if (version === 0x0304) return suite >> 8 === 0x13;
    const good = kindOf(name) === "good" && version === 0x0303 && policy.noneGood !== true;
    return suite >> 8 !== 0x13 && (good || suites.test(name));
  };
  const list = hello.extensions.get(10);
  const known = list ? pairs(list.subarray(2)) : [0x0017];
  const group = groups.find((one) => known.includes(one));
  const elliptic = (suite: number): boolean => version === 0x0304 || suiteName(suite).startsWith("TLS_ECDH");
  const suite = hello.suites.find((one) => takes(one) && (!elliptic(one) || group !== undefined));
  if (suite === undefined) return alert(40);
  if (version === 0x0304) {
    const retry = [[43, u16(version)] as const, [51, u16(group ?? 0)] as const];
    return record(22, 0x0303, serverHelloMessage({ version: 0x0303, suite, extensions: retry }));
  }
  const sent = [22, 23, 0xff01].filter((one) => !without.includes(one) && hello.extensions.has(one));
  const name = suiteName(suite);
  const chosen = policy.alpn !== undefined && hello.extensions.get(16)?.includes(policy.alpn) ? policy.alpn : undefined;
  const alpn = chosen === undefined ? [] : [[16, agreed(chosen)] as const];
  const signature = version < 0x0303 || name.includes("_anon_") ? undefined : (policy.signature ?? 0x0403);
  const messages = [
    serverHelloMessage({
      version,
      suite,
      compression: hello.compressions.includes(policy.compression ?? 0) ? (policy.compression ?? 0) : 0,
      extensions: [...sent.map((one) => [one, Buffer.from(one === 0xff01 ? [0] : [])] as const), ...alpn],
    }),
    leafMessage(policy.leaf ?? Buffer.alloc(800, 1)),
    ...(elliptic(suite) ? [curveMessage(group ?? 0, signature)] : []),
    ...(/^TLS_DHE?_/.test(name) ? [dhMessage(policy.dhBytes ?? 256, 0xff, signature)] : []),
    doneMessage,
  ];
  return Buffer.concat(messages.map((message) => record(22, version, message)));
};

const wholeRecord = (buffer: string): number => {
  if (buffer.length < 5) return 0;
  const end = 5 + buffer.charCodeAt(3) * 256 + buffer.charCodeAt(4);
  return buffer.length >= end ? end : 0;
};

/** IMAP with TLS at once: ordinary clients find a healthy server, raw ClientHellos an answer by the policy. */
export const byPolicy = (policy: TlsPolicy): Script => {
  const healthy = mailServer("imap", "implicit");
  return async (talk) => {
    const taken = await talk.bytes(wholeRecord);
    const hello = readClientHello(Buffer.from(taken, "latin1"));
    const answer = answerBy(hello, policy);
    if (answer === "reset") return talk.reset();
    if (isOrdinary(hello)) return healthy({ ...talk, startTls: () => talk.startTls(taken) });
    await talk.send(answer.toString("latin1"));
    // The client says that it has changed its mind, or just goes.
    await talk.bytes((buffer) => buffer.length);
  };
};
