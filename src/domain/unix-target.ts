// A target that is a unix socket: `lmtp+unix:///run/dovecot/lmtp`. There is no host, so the certificate is for nobody in particular.
import type { EntryPoint } from "./entry-point.ts";
import { Failure } from "./failure.ts";
import { clean } from "./text.ts";

/** What a socket's certificate is known by where nothing else is said (--sni). */
export const socketHost = "localhost";

/** sun_path has 108 bytes, the last one is NUL (unix(7)). */
const longest = 107;

const example = "write it as lmtp+unix:///run/dovecot/lmtp, with three slashes";

const refuse = (message: string): Failure => new Failure("usage", message, { hints: [example] });

/** `word` and `rest` stand before and behind `://`. Undefined: another kind of target. @throws Failure `usage`. */
export const readSocketUrl = (word: string, rest: string): EntryPoint | undefined => {
  if (!/\+unix$/i.test(word)) return undefined;
  const shown = clean(`${word}://${rest}`, 120);
  if (!/^lmtp\+unix$/i.test(word)) throw refuse(`"${shown}": only LMTP is spoken over a unix socket`);
  if (!rest.startsWith("/")) throw refuse(`"${shown}" names no absolute path`);
  if (!/^[\x21-\x7e]+$/.test(rest)) throw refuse(`"${shown}" has a space or a control character in its path`);
  if (rest.length > longest) throw refuse(`"${shown}": a unix socket's path has at most ${longest} bytes`);
  if (/(?:^|\/)\.\.?(?:\/|$)|\/\/|.\/$/.test(rest) || rest === "/")
    throw refuse(`"${shown}" is no plain path of a socket`);
  return { protocol: "lmtp", mode: "starttls", host: socketHost, address: rest, port: 0 };
};
