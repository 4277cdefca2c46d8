// Reads a private key that somebody else keeps (PEM; other things may stand in the file): as PKCS#8, with what is to be said about the file.
import { Failure } from "../domain/failure.ts";
import { readPrivateKey } from "../domain/private-key.ts";
import { readPlainFile } from "./plain-file.ts";

export interface KeyFile {
  /** PKCS#8 PEM. Never leaves this process but into 0600 files. */
  readonly privateKey: string;
  /** One sentence each. */
  readonly warnings: readonly string[];
}

/** Keys with a chain behind them are smaller. */
const mostBytes = 1 << 20;

const block = /-----BEGIN ((?:RSA |EC |ENCRYPTED )?PRIVATE KEY)-----[A-Za-z0-9+/=\s:,-]*?-----END \1-----/;

const noKey = (path: string, what: string, ...hints: readonly string[]): Failure =>
  new Failure("data", `${path} ${what}`, { hints });

/** The key in a file's text, as PKCS#8 PEM. @throws Failure `data` naming the file; nothing of the text travels on. */
export const privateKeyIn = (path: string, text: string): string => {
  const [pem, label] = block.exec(text) ?? [];
  if (pem === undefined)
    throw noKey(path, "holds no private key in PEM", "DER becomes PEM with: openssl pkey -inform DER");
  if (label === "ENCRYPTED PRIVATE KEY" || pem.includes("Proc-Type: 4,ENCRYPTED"))
    throw noKey(
      path,
      "holds a private key that is protected by a passphrase",
      `take it off into a file that only root can read: (umask 077; openssl pkey -in ${path} -out FILE)`,
    );
  try {
    return readPrivateKey(pem).export({ type: "pkcs8", format: "pem" }) as string;
  } catch {
    // Without the cause: it saw the key's text.
    throw noKey(path, "holds a private key that cannot be read");
  }
};

/** @throws Failure `data` for a file that holds no usable key, `no-permission` or `data` where it cannot be read; nothing of the content travels on. */
export const readKeyFile = async (path: string): Promise<KeyFile> => {
  const { content, facts } = await readPlainFile(path, { mostBytes, what: "a private key" });
  const [text, mode] = [content.toString("utf8"), facts.mode];
  const privateKey = privateKeyIn(path, text);
  const exposed =
    (mode & 0o077) === 0
      ? []
      : [
          `${path} can be read by others than its owner (mode ${(mode & 0o777).toString(8).padStart(4, "0")}): whoever read it can pose as your server; --new-key makes a fresh one`,
        ];
  return { privateKey, warnings: exposed };
};
