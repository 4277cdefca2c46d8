// A mark of its own for each line of ours in somebody's file: found again by that alone, wherever it has moved to, and told from others that read alike.
import { sha256Hex } from "../domain/fingerprint.ts";

const digits = 8;
const pattern = new RegExp(`\\bmailcert [0-9a-f]{${digits}}\\b`);

/** The mark for what takes the place of a line, from 1: `mailcert 3f2a9c1d`. The same for the same text, and none that stands in it already. */
export type Marks = (line: number) => string;

export const marksIn = (path: string, text: string): Marks => {
  const lines = text.split("\n");
  const taken = new Set<string>();
  return (line) => {
    for (let tries = 0; ; tries += 1) {
      const word = sha256Hex(Buffer.from([path, line, tries, lines[line - 1]].join("\0"))).slice(0, digits);
      if (taken.has(word) || text.includes(word)) continue;
      taken.add(word);
      return `mailcert ${word}`;
    }
  };
};

/** The mark in a text of ours; undefined: it has none. */
export const markIn = (text: string): string | undefined => pattern.exec(text)?.[0];
