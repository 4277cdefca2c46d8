// Encryption and integrity by a password as PKCS#12 has them: what every system reads, and what is strong today (RFC 7292, RFC 8018).
import { createCipheriv, createHmac, hash as digest, pbkdf2Sync } from "node:crypto";
import { algorithm, implicitOctets, integer, nothing, octetString, oid, sequence, utf16 } from "./asn1.ts";

const ids = {
  pbeWithSha1And3Des: "1.2.840.113549.1.12.1.3",
  pbes2: "1.2.840.113549.1.5.13",
  pbkdf2: "1.2.840.113549.1.5.12",
  hmacWithSha256: "1.2.840.113549.2.9",
  aes256Cbc: "2.16.840.1.101.3.4.1.42",
  data: "1.2.840.113549.1.7.1",
  sha1: "1.3.14.3.2.26",
  sha256: "2.16.840.1.101.3.4.2.1",
} as const;

export type Hash = "sha1" | "sha256";

/** Octets that nobody can foretell, as many as asked for. */
export type Random = (count: number) => Uint8Array;

export interface PasswordUse {
  readonly password: string;
  readonly iterations: number;
  readonly random: Random;
}

/** What a derived key is for (RFC 7292 B.3). */
const purposes = { key: 1, iv: 2, mac: 3 } as const;

/** Both hashes work on blocks of 64 octets. */
const block = 64;

const repeated = (octets: Uint8Array, length: number): Buffer => Buffer.alloc(length, octets);

/** Octets for a purpose, from a password (RFC 7292 B.2), which is UTF-16 with two zero octets behind it. */
export const pkcs12Key = (
  hash: Hash,
  purpose: keyof typeof purposes,
  { password, salt, iterations }: { readonly password: string; readonly salt: Uint8Array; readonly iterations: number },
  length: number,
): Buffer => {
  const whole = (octets: Uint8Array): Buffer => repeated(octets, block * Math.ceil(octets.length / block));
  const diversifier = Buffer.alloc(block, purposes[purpose]);
  const input = Buffer.concat([whole(salt), whole(utf16(`${password}\0`))]);
  const found: Buffer[] = [];
  for (let have = 0; have < length; have += found.at(-1)?.length ?? length) {
    // Thousands of rounds: in one call each, which takes half as long.
    let octets: Buffer = digest(hash, Buffer.concat([diversifier, input]), "buffer");
    for (let round = 1; round < iterations; round += 1) octets = digest(hash, octets, "buffer");
    found.push(octets);
    const added = repeated(octets, block);
    for (let start = 0; start < input.length; start += block) {
      // Each block of the input plus these plus one, without what carries over.
      let carry = 1;
      for (let at = block - 1; at >= 0; at -= 1) {
        carry += (input[start + at] ?? 0) + (added[at] ?? 0);
        input[start + at] = carry & 0xff;
        carry >>= 8;
      }
    }
  }
  return Buffer.concat(found).subarray(0, length);
};

/** Encrypts; `algorithm` says how, and with which salts, to whoever knows the password. */
interface Encrypted {
  readonly algorithm: Buffer;
  readonly octets: Buffer;
}

export type Encrypt = (plain: Uint8Array) => Encrypted;

const enciphered = (cipher: string, key: Uint8Array, iv: Uint8Array, plain: Uint8Array): Buffer => {
  const encryption = createCipheriv(cipher, key, iv);
  return Buffer.concat([encryption.update(plain), encryption.final()]);
};

/** pbeWithSHAAnd3-KeyTripleDES-CBC (RFC 7292 appendix C). */
export const encryptFor3Des =
  ({ password, iterations, random }: PasswordUse): Encrypt =>
  (plain) => {
    const salt = random(8);
    const from = { password, salt, iterations };
    const key = pkcs12Key("sha1", "key", from, 24);
    const iv = pkcs12Key("sha1", "iv", from, 8);
    return {
      algorithm: algorithm(ids.pbeWithSha1And3Des, sequence(octetString(salt), integer(iterations))),
      octets: enciphered("des-ede3-cbc", key, iv, plain),
    };
  };

/** PBES2 with AES-256-CBC and HMAC-SHA-256 (RFC 8018 §6.2); the password as UTF-8. */
export const encryptForAes =
  ({ password, iterations, random }: PasswordUse): Encrypt =>
  (plain) => {
    const [salt, iv] = [random(16), random(16)];
    const key = pbkdf2Sync(Buffer.from(password, "utf8"), salt, iterations, 32, "sha256");
    const derivation = sequence(octetString(salt), integer(iterations), algorithm(ids.hmacWithSha256, nothing));
    return {
      algorithm: algorithm(
        ids.pbes2,
        sequence(algorithm(ids.pbkdf2, derivation), algorithm(ids.aes256Cbc, octetString(iv))),
      ),
      octets: enciphered("aes-256-cbc", key, iv, plain),
    };
  };

/** EncryptedPrivateKeyInfo (RFC 5958 §3). @param key PKCS#8 in DER */
export const encryptedKey = (encrypt: Encrypt, key: Uint8Array): Buffer => {
  const encrypted = encrypt(key);
  return sequence(encrypted.algorithm, octetString(encrypted.octets));
};

/** EncryptedContentInfo of data (RFC 5652 §6.1). */
export const encryptedContent = (encrypt: Encrypt, content: Uint8Array): Buffer => {
  const encrypted = encrypt(content);
  return sequence(oid(ids.data), encrypted.algorithm, implicitOctets(0, encrypted.octets));
};

/** MacData (RFC 7292 §4). A salt of 8 octets: some versions of macOS refuse longer ones. */
export const macData = (hash: Hash, { password, iterations, random }: PasswordUse, content: Uint8Array): Buffer => {
  const salt = random(8);
  const key = pkcs12Key(hash, "mac", { password, salt, iterations }, hash === "sha1" ? 20 : 32);
  const mac = createHmac(hash, key).update(content).digest();
  return sequence(sequence(algorithm(ids[hash], nothing), octetString(mac)), octetString(salt), integer(iterations));
};
