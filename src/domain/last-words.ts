// What a program said last before it failed, fit to print: the reason mostly comes last.
import { clean } from "./text.ts";

const shownLines = 3;

/** The last lines of its standard error, in one. */
export const lastWords = (stderr: string): string => {
  const lines = stderr.split("\n").filter((line) => line.trim() !== "");
  const shown = lines.slice(-shownLines).map((line) => clean(line, 200));
  return shown.length === 0 ? "it said nothing on stderr" : shown.join(" | ");
};
