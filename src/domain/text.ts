// Text that came from a network or a foreign file, made fit to print: bounded, one line, no control characters.

/** A character that a person cannot see: soft hyphen, zero width, bidi controls, fillers, variation selectors, tags, separators of lines. */
const invisibles =
  "\\p{Cf}\\u034f\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u2028\\u2029\\u2060-\\u206f\\u3164\\ufe00-\\ufe0f\\uffa0\\u{e0100}-\\u{e01ef}";
export const invisible = new RegExp(`[${invisibles}]`, "u");

// Beside those: C0, DEL and C1, which could forge a terminal line.
const unprintable = new RegExp(`[\\u0000-\\u001f\\u007f-\\u009f${invisibles}]+`, "gu");

const keyHeader = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----/;
const keyBlock = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----|$)/g;

/** Does a private key in PEM begin in it (RFC 7468 §10)? The words alone are nobody's secret. */
export const holdsKey = (text: string): boolean => keyHeader.test(text);

/** A CA quotes the page that it found, a server what it was sent: whatever it is, no key is told or written further. */
export const withoutKeys = (text: string): string => text.replaceAll(keyBlock, "(private key)");

/** `text` without control characters, unbounded, line breaks and tabs kept: the last look at what is printed or stored, whatever was forgotten before. */
export const printable = (text: string): string =>
  text.replace(unprintable, (run) => run.replaceAll(/[^\n\t]/g, "") || " ");

/** `text` in at most `max` characters, control characters replaced by one space, private keys left out, an ellipsis where it was cut. */
export const clean = (text: string, max = 300): string => {
  const plain = withoutKeys(text.slice(0, max * 4).replace(unprintable, " ")).trim();
  return plain.length > max ? `${plain.slice(0, max - 1)}…` : plain;
};
