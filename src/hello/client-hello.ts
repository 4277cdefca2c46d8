// A ClientHello as bytes (RFC 5246 §7.4.1.2, RFC 8446 §4.1.2), with whatever is to be offered; no secret is in it, no key exchange ever follows.
import type { ProtocolVersion } from "../domain/tls-profile.ts";

export interface Offer {
  /** The highest one (up to TLS 1.2), or TLS 1.3 alone. */
  readonly version: ProtocolVersion;
  readonly suites: readonly number[];
  readonly groups: readonly number[];
  /** Bytes of the whole ClientHello; shorter ones are padded (RFC 7685). */
  readonly padTo?: number;
  /** Offer DEFLATE (RFC 3749) before none. */
  readonly compression?: boolean;
  /** Names of protocols for ALPN (RFC 7301). */
  readonly alpn?: readonly string[];
  /** Send no name (SNI), and read the certificate that comes then. */
  readonly unnamed?: boolean;
}

export const versionCodes: Readonly<Record<ProtocolVersion, number>> = {
  SSLv3: 0x0300,
  TLSv1: 0x0301,
  "TLSv1.1": 0x0302,
  "TLSv1.2": 0x0303,
  "TLSv1.3": 0x0304,
};

export const extensions = {
  serverName: 0,
  supportedGroups: 10,
  pointFormats: 11,
  signatureAlgorithms: 13,
  alpn: 16,
  padding: 21,
  encryptThenMac: 22,
  extendedMasterSecret: 23,
  supportedVersions: 43,
  keyShare: 51,
  renegotiationInfo: 0xff01,
} as const;

/** TLS_EMPTY_RENEGOTIATION_INFO_SCSV (RFC 5746 §3.3), where there are no extensions. */
const renegotiationSuite = 0x00ff;

// Strong ones first: whoever signs with SHA-1 or MD5 although it could do better, does it for everybody.
const signatureSchemes = [
  0x0403, 0x0503, 0x0603, 0x0804, 0x0805, 0x0806, 0x0807, 0x0808, 0x0401, 0x0501, 0x0601, 0x0203, 0x0201, 0x0101,
];

const u8 = (value: number): Buffer => Buffer.from([value]);
const u16 = (value: number): Buffer => Buffer.from([value >> 8, value & 0xff]);
const u16s = (values: readonly number[]): Buffer => Buffer.concat(values.map(u16));
/** With its length before it, in one, two or three bytes. */
const vector = (bytes: 1 | 2 | 3, content: Buffer): Buffer => {
  const length = Buffer.alloc(bytes);
  length.writeUIntBE(content.length, 0, bytes);
  return Buffer.concat([length, content]);
};
const extension = (type: number, content: Buffer): Buffer => Buffer.concat([u16(type), vector(2, content)]);

const protocolName = (name: string): Buffer => vector(1, Buffer.from(name, "latin1"));

const extensionsOf = (
  { version, groups, alpn = [], unnamed = false }: Offer,
  sni: string | undefined,
): readonly Buffer[] => {
  const modern = version === "TLSv1.3";
  return [
    ...(sni === undefined || unnamed
      ? []
      : [extension(extensions.serverName, vector(2, Buffer.concat([u8(0), vector(2, Buffer.from(sni, "latin1"))])))]),
    extension(extensions.supportedGroups, vector(2, u16s(groups))),
    ...(modern ? [] : [extension(extensions.pointFormats, vector(1, u8(0)))]),
    ...(modern || version === "TLSv1.2"
      ? [extension(extensions.signatureAlgorithms, vector(2, u16s(signatureSchemes)))]
      : []),
    ...(alpn.length === 0 ? [] : [extension(extensions.alpn, vector(2, Buffer.concat(alpn.map(protocolName))))]),
    ...(modern
      ? [
          extension(extensions.supportedVersions, vector(1, u16(versionCodes[version]))),
          // No share at all: the server answers with a HelloRetryRequest that names its group (RFC 8446 §4.1.4), and nobody computes anything.
          extension(extensions.keyShare, vector(2, Buffer.alloc(0))),
        ]
      : [
          extension(extensions.encryptThenMac, Buffer.alloc(0)),
          extension(extensions.extendedMasterSecret, Buffer.alloc(0)),
          extension(extensions.renegotiationInfo, vector(1, Buffer.alloc(0))),
        ]),
  ];
};

/** The record with the ClientHello. `random`: 64 bytes, of which the last 32 are the session id that TLS 1.3 wants (RFC 8446 D.4). */
export const clientHello = (offer: Offer, sni: string | undefined, random: Uint8Array): Buffer => {
  const { version, suites, padTo = 0, compression = false } = offer;
  const old = version === "SSLv3";
  const modern = version === "TLSv1.3";
  const before = Buffer.concat([
    u16(Math.min(versionCodes[version], versionCodes["TLSv1.2"])),
    random.subarray(0, 32),
    vector(1, modern ? Buffer.from(random.subarray(32, 64)) : Buffer.alloc(0)),
    vector(2, u16s(old ? [...suites, renegotiationSuite] : suites)),
    vector(1, compression ? Buffer.from([1, 0]) : u8(0)),
  ]);
  // Servers of SSLv3's time may choke on extensions, which came later.
  const known = old ? [] : extensionsOf(offer, sni);
  const size = 4 + before.length + 2 + Buffer.concat(known).length;
  const all =
    !old && padTo > size + 4 ? [...known, extension(extensions.padding, Buffer.alloc(padTo - size - 4))] : known;
  const body = Buffer.concat([before, ...(old ? [] : [vector(2, Buffer.concat(all))])]);
  const handshake = Buffer.concat([u8(1), vector(3, body)]);
  return Buffer.concat([u8(22), u16(old ? 0x0300 : 0x0301), vector(2, handshake)]);
};

/** What a client says that has changed its mind (RFC 5246 §7.2.1, user_canceled), then close_notify. */
export const goodbye = (version: ProtocolVersion): Buffer => {
  const record = u16(Math.min(versionCodes[version], versionCodes["TLSv1.2"]));
  return Buffer.concat([90, 0].map((alert) => Buffer.concat([u8(21), record, u16(2), u8(1), u8(alert)])));
};
