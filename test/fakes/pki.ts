// A throw-away CA for tests: roots, intermediates and leaves with any dates, keys and extensions. Keys live in memory only.
import { createHash, randomBytes, webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";

x509.cryptoProvider.set(webcrypto as unknown as Parameters<typeof x509.cryptoProvider.set>[0]);

export interface Issued {
  readonly pem: string;
  readonly der: Buffer;
  readonly sha256: string;
  readonly privateKey: string;
  readonly keys: webcrypto.CryptoKeyPair;
  readonly certificate: x509.X509Certificate;
}

/** A SAN as openssl writes it, with otherNames: SRV-IDs (RFC 4985) and XMPP addresses (RFC 6120 §13.7.1.4). For `raw`. */
export const sanWith = (names: {
  readonly dns?: readonly string[];
  readonly srv?: readonly string[];
  readonly xmpp?: readonly string[];
}): readonly [string, string] => {
  const element = (tag: number, ...parts: readonly Buffer[]): Buffer => {
    const content = Buffer.concat(parts);
    if (content.length > 127) throw new Error("too long for this fake");
    return Buffer.concat([Buffer.from([tag, content.length]), content]);
  };
  const other = (type: number, tag: number, text: string): Buffer =>
    element(
      0xa0,
      element(0x06, Buffer.from([0x2b, 6, 1, 5, 5, 7, 8, type])),
      element(0xa0, element(tag, Buffer.from(text))),
    );
  const entries = [
    ...(names.dns ?? []).map((name) => element(0x82, Buffer.from(name))),
    ...(names.srv ?? []).map((name) => other(7, 0x16, name)),
    ...(names.xmpp ?? []).map((name) => other(5, 0x0c, name)),
  ];
  return ["2.5.29.17", element(0x30, ...entries).toString("hex")];
};

export interface IssueOptions {
  /** As text, or by parts where a value holds what no text may. */
  readonly subject?: string | x509.JsonName | x509.Name;
  /** SAN; default none for CAs. */
  readonly names?: readonly string[];
  readonly ips?: readonly string[];
  readonly by?: Issued;
  readonly ca?: boolean;
  readonly key?: "P-256" | "P-384" | "P-521" | "RSA-2048" | "RSA-1024" | "Ed25519";
  /** true: neither basic constraints nor a key usage. */
  readonly plain?: true;
  /** CAs that may stand between it and a leaf. */
  readonly pathLength?: number;
  /** Rather than new ones: a root once more, with other dates or by another CA. */
  readonly keys?: webcrypto.CryptoKeyPair;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  /** OIDs; default serverAuth for leaves. */
  readonly eku?: readonly string[];
  readonly hash?: "SHA-1" | "SHA-256";
  /** false: a key usage without digitalSignature. */
  readonly signs?: boolean;
  /** Further extensions: OID and value in hex. */
  readonly raw?: readonly (readonly [string, string])[];
}

const algorithmOf = (
  key: NonNullable<IssueOptions["key"]>,
  hash: string,
): webcrypto.EcKeyGenParams | webcrypto.RsaHashedKeyGenParams =>
  key === "Ed25519"
    ? { name: key, namedCurve: key }
    : key.startsWith("P-")
      ? { name: "ECDSA", namedCurve: key }
      : {
          name: "RSASSA-PKCS1-v1_5",
          hash,
          modulusLength: Number(key.slice(4)),
          publicExponent: new Uint8Array([1, 0, 1]),
        };

const toPem = (label: string, der: ArrayBuffer): string =>
  `-----BEGIN ${label}-----\n${Buffer.from(der)
    .toString("base64")
    .replace(/(.{64})/g, "$1\n")
    .trimEnd()}\n-----END ${label}-----\n`;

export const day = 86_400_000;

export const issue = async (options: IssueOptions = {}): Promise<Issued> => {
  const {
    by,
    ca = false,
    names = [],
    ips = [],
    key = "P-256",
    hash = "SHA-256",
    eku = ["1.3.6.1.5.5.7.3.1"],
    signs = true,
  } = options;
  const keys = options.keys ?? (await webcrypto.subtle.generateKey(algorithmOf(key, hash), true, ["sign", "verify"]));
  const subject = options.subject ?? `CN=${names[0] ?? "Test CA"}`;
  const signer = by ?? undefined;
  const san = [
    ...names.map((value) => ({ type: "dns" as const, value })),
    ...ips.map((value) => ({ type: "ip" as const, value })),
  ];
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: `00${randomBytes(15).toString("hex")}`,
    subject,
    issuer: signer?.certificate.subjectName ?? subject,
    notBefore: options.notBefore ?? new Date(Date.now() - day),
    notAfter: options.notAfter ?? new Date(Date.now() + 90 * day),
    publicKey: keys.publicKey,
    signingKey: (signer?.keys ?? keys).privateKey,
    signingAlgorithm: { name: (signer?.keys ?? keys).privateKey.algorithm.name, hash },
    extensions: [
      ...(options.plain
        ? []
        : [
            new x509.BasicConstraintsExtension(ca, options.pathLength, true),
            new x509.KeyUsagesExtension(
              ca
                ? x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign
                : signs
                  ? x509.KeyUsageFlags.digitalSignature
                  : x509.KeyUsageFlags.keyAgreement,
              true,
            ),
          ]),
      ...(ca || eku.length === 0 ? [] : [new x509.ExtendedKeyUsageExtension([...eku])]),
      ...(san.length > 0 ? [new x509.SubjectAlternativeNameExtension(san)] : []),
      ...(options.raw ?? []).map(([oid, hex]) => new x509.Extension(oid, false, Buffer.from(hex, "hex"))),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create((signer?.keys ?? keys).publicKey),
    ],
  });
  const der = Buffer.from(certificate.rawData);
  return {
    pem: toPem("CERTIFICATE", certificate.rawData),
    der,
    sha256: createHash("sha256").update(der).digest("hex"),
    privateKey: toPem("PRIVATE KEY", await webcrypto.subtle.exportKey("pkcs8", keys.privateKey)),
    keys,
    certificate,
  };
};

export interface Pki {
  readonly root: Issued;
  readonly intermediate: Issued;
  readonly leaf: Issued;
  /** What a server is given: key and chain. */
  readonly served: Served;
}

export interface Served {
  readonly key: string;
  readonly cert: string;
}

/** Key and certificates as node:tls takes them. */
export const served = (leaf: Issued, ...chain: readonly Issued[]): Served => ({
  key: leaf.privateKey,
  cert: [leaf, ...chain].map(({ pem }) => pem).join(""),
});

/** root -> intermediate -> leaf for `name`. */
export const makePki = async (name = "mail.example.org"): Promise<Pki> => {
  const root = await issue({ subject: "CN=Test Root", ca: true, notAfter: new Date(Date.now() + 3650 * day) });
  const intermediate = await issue({
    subject: "CN=Test Intermediate",
    ca: true,
    by: root,
    notAfter: new Date(Date.now() + 1825 * day),
  });
  const leaf = await issue({ names: [name], by: intermediate });
  return { root, intermediate, leaf, served: served(leaf, intermediate) };
};
