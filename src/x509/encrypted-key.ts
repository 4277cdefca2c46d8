// A private key under a passphrase, as every tool reads it: PKCS#8 with PBES2 (RFC 8018 §6.2), PBKDF2 with HMAC-SHA-256, AES-256-CBC.
import { createCipheriv, createPrivateKey, pbkdf2 } from "node:crypto";
import { promisify } from "node:util";
import { tags, writeElement } from "../domain/der.ts";
import { Failure } from "../domain/failure.ts";
import { readPrivateKey } from "../domain/private-key.ts";
import type { Random } from "./random.ts";

/** What OWASP asks for with HMAC-SHA-256; Node's own export makes 2,048. */
const iterations = 600_000;

const oid = (hex: string): Buffer => writeElement(tags.oid, Buffer.from(hex, "hex"));
const sequence = (...parts: readonly Uint8Array[]): Buffer => writeElement(tags.sequence, ...parts);
const octets = (content: Uint8Array): Buffer => writeElement(tags.octetString, content);

const pbes2 = oid("2a864886f70d01050d");
const pbkdf2Id = oid("2a864886f70d01050c");
const hmacSha256 = sequence(oid("2a864886f70d0209"), writeElement(0x05));
const aes256Cbc = oid("60864801650304012a");

const derive = promisify(pbkdf2);

/** PEM (`ENCRYPTED PRIVATE KEY`) of a key in PEM. */
export const encryptKey = async (privateKey: string, passphrase: string, random: Random): Promise<string> => {
  const salt = Buffer.from(random(16));
  const iv = Buffer.from(random(16));
  const key = await derive(Buffer.from(passphrase, "utf8"), salt, iterations, 32, "sha256");
  const plain = readPrivateKey(privateKey).export({ type: "pkcs8", format: "der" });
  const cipher = createCipheriv("aes-256-cbc", key, iv);
  const encrypted = Buffer.concat([cipher.update(plain), cipher.final()]);
  plain.fill(0);
  key.fill(0);
  const count = writeElement(tags.integer, Buffer.from("0927c0", "hex"));
  const derivation = sequence(pbkdf2Id, sequence(octets(salt), count, hmacSha256));
  const der = sequence(sequence(pbes2, sequence(derivation, sequence(aes256Cbc, octets(iv)))), octets(encrypted));
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN ENCRYPTED PRIVATE KEY-----\n${lines.join("\n")}\n-----END ENCRYPTED PRIVATE KEY-----\n`;
};

/** PKCS#8 PEM. @throws Failure `data` where the passphrase is not the key's, or the text is no key; nothing of it travels on. */
export const decryptKey = (pem: string, passphrase: string, path: string): string => {
  try {
    return createPrivateKey({ key: pem, passphrase }).export({ type: "pkcs8", format: "pem" }).toString();
  } catch {
    throw new Failure("data", `the passphrase does not open ${path}, or it is no private key`);
  }
};
