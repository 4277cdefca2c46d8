// A certificate of a server's own settings, which is served again once ours are taken out: whether its files are there and belong together.
import { Failure } from "./failure.ts";
import { certifiedKeyOf, publicKeyOf } from "./key-match.ts";

/** A setting that names a file, in the server's own words with its place: `smtpd_tls_cert_file = /etc/ssl/mail.pem in /etc/postfix/main.cf`. */
export interface FormerSetting {
  readonly setting: string;
  readonly file: string;
}

/** A file's text; or there is none; or this user may not look. */
export type FormerFile = { readonly text: string } | "missing" | "unknown";

const keysIn = (text: string): readonly string[] =>
  text.match(/-----BEGIN (?:RSA |EC )?PRIVATE KEY-----[^-]+-----END (?:RSA |EC )?PRIVATE KEY-----/g) ?? [];

/** A leaf comes before its chain. */
const leafIn = (text: string): string | undefined =>
  /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/.exec(text)?.[0];

/** undefined: nobody can tell. */
const readable = (read: () => Buffer): Buffer | undefined => {
  try {
    return read();
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
};

/** None of the keys that can be read is that of any of the certificates. */
const fitsNowhere = (texts: readonly string[]): boolean => {
  const keys = texts.flatMap(keysIn).flatMap((pem) => readable(() => publicKeyOf(pem)) ?? []);
  const leaves = texts
    .flatMap((text) => leafIn(text) ?? [])
    .flatMap((pem) => readable(() => certifiedKeyOf(pem)) ?? []);
  return keys.length > 0 && leaves.length > 0 && !keys.some((key) => leaves.some((leaf) => key.equals(leaf)));
};

/** `settings`: of one certificate, or of several that count together. What keeps a server from serving it, in sentences that hold nothing of the files; none: nothing that is known. */
export const formerTroubles = (
  settings: readonly FormerSetting[],
  look: (file: string) => FormerFile,
): readonly string[] => {
  const missing = settings.filter(({ file }) => look(file) === "missing");
  if (missing.length > 0) return missing.map(({ setting }) => `${setting}, which is not there`);
  const texts = settings.flatMap(({ file }) => {
    const found = look(file);
    return typeof found === "string" ? [] : [found.text];
  });
  const [first] = settings;
  // Another key may be in the file that nobody may look at.
  if (!first || texts.length < settings.length || !fitsNowhere(texts)) return [];
  return [`${settings.map(({ setting }) => setting).join(", ")}, whose key is not that of its certificate`];
};
