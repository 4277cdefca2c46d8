// What the settings of rfc2136 say: which server, which key, which zone. Wrong settings are named by their key, never by their value.
import { isIP } from "node:net";
import { Failure } from "../../domain/failure.ts";
import { clean } from "../../domain/text.ts";
import { readSecretFile } from "../../system/secret-file.ts";
import type { NameServer } from "../resolv-conf.ts";
import { type TsigAlgorithm, type TsigKey, tsigAlgorithms } from "../tsig.ts";
import { wireName } from "../wire.ts";
import { readKeyStatement } from "./bind-key.ts";
import type { UpdaterSettings } from "./updater.ts";

export const wrong = (message: string, ...hints: readonly string[]): Failure =>
  new Failure("config", `rfc2136: ${message}`, { hints });

/** `192.0.2.53`, `192.0.2.53:5353`, `2001:db8::53`, `[2001:db8::53]:5353`, or a name in place of the address. */
export const readServer = (text: string): NameServer => {
  if (isIP(text) === 6) return { address: text, port: 53 };
  const [, six, other = "", digits = "53"] = /^(?:\[([^\]]+)\]|([^:[\]\s]+))(?::([0-9]{1,5}))?$/.exec(text) ?? [];
  const address = six ?? other;
  const port = Number(digits);
  const good = six === undefined ? /^[A-Za-z0-9._-]+$/.test(address) : isIP(six) === 6;
  if (!good || port < 1 || port > 65_535)
    throw wrong(
      `server "${clean(text, 80)}" is no address`,
      "write it as ADDRESS, ADDRESS:PORT or [IPV6-ADDRESS]:PORT",
    );
  return { address, port };
};

const algorithmOf = (text: string): TsigAlgorithm => {
  const plain = text.toLowerCase().replace(/\.$/, "");
  const known = tsigAlgorithms.find((one) => one === plain);
  if (known) return known;
  throw wrong(`key_algorithm "${clean(text, 40)}" is not one of ${tsigAlgorithms.join(", ")}`);
};

const keyOf = (name: string, algorithm: string, secret: string, where: string): TsigKey => {
  const bare = secret.trim();
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(bare) || bare === "")
    throw wrong(`${where} is not base64`, "copy it as tsig-keygen or keymgr printed it");
  try {
    wireName(name);
  } catch {
    throw wrong(`key_name "${clean(name, 80)}" is no DNS name`);
  }
  return { name, algorithm: algorithmOf(algorithm), secret: Buffer.from(bare, "base64") };
};

/** Reads the key when it is first needed: a key file may be replaced while we live. @throws Failure `config` at once for settings that cannot be right. */
export const keyReader = (settings: UpdaterSettings): (() => Promise<TsigKey>) => {
  const { key_name: name, key_algorithm: algorithm = "hmac-sha256", key_secret: secret, key_file: file } = settings;
  if (file !== undefined) {
    if (secret !== undefined) throw wrong("key_secret and key_file exclude each other");
    if (!file.startsWith("/")) throw wrong("key_file must be an absolute path");
    return async () => {
      const text = await readSecretFile(file);
      if (text === undefined) throw wrong(`key_file ${clean(file, 200)} does not exist`);
      const found = readKeyStatement(text);
      if (found === undefined)
        throw wrong(
          `key_file ${clean(file, 200)} holds no key statement`,
          'it looks like this: key "NAME" { algorithm hmac-sha256; secret "BASE64"; };  (tsig-keygen NAME writes it)',
        );
      return keyOf(name ?? found.name, found.algorithm, found.secret, `the secret in ${clean(file, 200)}`);
    };
  }
  if (name === undefined || secret === undefined)
    throw wrong("a key is needed: key_name and key_secret, or key_file", "tsig-keygen NAME makes one");
  const key = keyOf(name, algorithm, secret, "key_secret");
  return async () => key;
};
