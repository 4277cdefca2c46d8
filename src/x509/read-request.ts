// Reads a certificate signing request (PKCS#10, RFC 2986) that was made elsewhere: its key, its names, and that its key signed it.
import { Pkcs10CertificateRequest, SubjectAlternativeNameExtension } from "@peculiar/x509";
import { createPublicKey } from "node:crypto";
import { Failure } from "../domain/failure.ts";
import { algorithmOfPublicKey } from "../domain/keys.ts";
import type { ReadRequest } from "../domain/subject-key.ts";

const block =
  /-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----([A-Za-z0-9+/=\s]+?)-----END (?:NEW )?CERTIFICATE REQUEST-----/;

const derOf = (content: Buffer): Buffer => {
  const [, base64] = block.exec(content.toString("latin1")) ?? [];
  return base64 === undefined ? content : Buffer.from(base64, "base64");
};

const unreadable = (path: string, what: string, hints: readonly string[] = []): Failure =>
  new Failure("data", `${path} ${what}`, { hints });

/** Everything that is read of it: what others made may be malformed anywhere. @throws whatever the parser does. */
const read = (request: Pkcs10CertificateRequest): ReadRequest => {
  const der = Buffer.from(request.rawData);
  const spki = Buffer.from(request.publicKey.rawData);
  const named = request.extensions
    .flatMap((extension) => (extension instanceof SubjectAlternativeNameExtension ? [extension] : []))
    .flatMap((extension) => extension.names.items.map(({ type, value }) => ({ type, value })));
  const ours = named.filter(({ type }) => type === "dns" || type === "ip");
  return {
    der,
    spki,
    pem: `${request.toString("pem")}\n`,
    algorithm: algorithmOfPublicKey(createPublicKey({ key: spki, format: "der", type: "spki" })),
    names: ours.map(({ value }) => value),
    otherNames: [...new Set(named.filter((name) => !ours.includes(name)).map(({ type }) => type))],
  };
};

/** PEM or DER. @throws Failure `data` for anything that is no request, or that its own key did not sign. `path` is for messages. */
export const readRequest = async (content: Buffer, path: string): Promise<ReadRequest> => {
  let request: Pkcs10CertificateRequest;
  try {
    request = new Pkcs10CertificateRequest(derOf(content));
  } catch {
    throw unreadable(path, "is no certificate signing request (PKCS#10, PEM or DER)", [
      "make one where the key is: openssl req -new -key KEY -subj / -addext subjectAltName=DNS:mail.example.org",
    ]);
  }
  const signed = await request.verify().catch(() => false);
  if (!signed) throw unreadable(path, "is damaged: its own key did not sign it");
  try {
    return read(request);
  } catch {
    throw unreadable(path, "is a certificate signing request with an extension or a key that cannot be read", [
      "make another one where the key is; `openssl req -in FILE -noout -text` shows what stands in this one",
    ]);
  }
};
