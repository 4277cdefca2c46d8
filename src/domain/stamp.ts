// The last line of a file that is wholly ours: a checksum that tells later whether anybody changed the file since.
import { sha256Hex } from "./fingerprint.ts";

const words = "# Checksum of the lines above, by which mailcert knows its own file: ";

const stampOf = (body: string): string => `${words}${sha256Hex(Buffer.from(body))}\n`;

/** The text with its stamp; a body of whole lines. */
export const stamped = (body: string): string => `${body}${stampOf(body)}`;

/** Whether this is a text of ours, every byte as it was written. */
export const isStamped = (text: string | undefined): boolean => {
  const at = text?.lastIndexOf(words) ?? -1;
  return text !== undefined && at >= 0 && text.slice(at) === stampOf(text.slice(0, at));
};

/** A text of ours said otherwise, with a stamp of its own; one that somebody changed, or that never had one, gets none. */
export const restamped = (text: string, rewrite: (body: string) => string): string =>
  isStamped(text) ? stamped(rewrite(text.slice(0, text.lastIndexOf(words)))) : rewrite(text);
