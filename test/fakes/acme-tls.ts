// A throw-away HTTPS identity for a server on loopback, and the root that signed it. Keys live in memory only.
import { webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;

export interface ServerTls {
  /** PEM of the root. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

const pem = (label: string, der: ArrayBuffer): string =>
  `-----BEGIN ${label}-----\n${Buffer.from(der)
    .toString("base64")
    .replaceAll(/.{64}/g, "$&\n")}\n-----END ${label}-----\n`;

const day = 86_400_000;

export const makeServerTls = async (
  o: { names?: readonly string[]; notBefore?: Date; notAfter?: Date } = {},
): Promise<ServerTls> => {
  x509.cryptoProvider.set(webcrypto as never);
  const rootKeys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const now = Date.now();
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=test root ${now}`,
    notBefore: new Date(now - 40 * day),
    notAfter: new Date(now + 40 * day),
    keys: rootKeys as never,
    signingAlgorithm: algorithm,
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
  });
  const names = o.names ?? ["localhost", "127.0.0.1"];
  const leaf = await x509.X509CertificateGenerator.create({
    issuer: root.subject,
    subject: "",
    notBefore: o.notBefore ?? new Date(now - day),
    notAfter: o.notAfter ?? new Date(now + 30 * day),
    publicKey: keys.publicKey as never,
    signingKey: rootKeys.privateKey as never,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.SubjectAlternativeNameExtension(
        names.map((value) => ({ type: /^[0-9.]+$/.test(value) ? "ip" : "dns", value })),
        true,
      ),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
    ],
  });
  return {
    ca: `${root.toString("pem")}\n`,
    cert: `${leaf.toString("pem")}\n${root.toString("pem")}\n`,
    key: pem("PRIVATE KEY", await webcrypto.subtle.exportKey("pkcs8", keys.privateKey)),
  };
};
