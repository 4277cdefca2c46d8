// What a program said last before it failed, fit to print: the reason mostly comes last.
import { clean, withoutKeys } from "./text.ts";

const shownLines = 3;

/** Of a key whose first line is not among what was kept. */
const partOfPem = /^(?:[A-Za-z0-9+/]{24,}={0,2}|-----(?:BEGIN|END) [A-Z ]+-----)$/;

/** The last lines of its standard error, in one. */
export const lastWords = (stderr: string): string => {
  const lines = withoutKeys(stderr)
    .split("\n")
    .filter((line) => line.trim() !== "" && !partOfPem.test(line.trim()));
  const shown = lines.slice(-shownLines).map((line) => clean(line, 200));
  return shown.length === 0 ? "it said nothing on stderr" : shown.join(" | ");
};
