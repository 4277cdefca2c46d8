// Text that came from a network or a foreign file, made fit to print: bounded, one line, no control characters.

// C0, DEL, C1, line and paragraph separators, bidi controls and zero-width characters that could forge a terminal line.
const unprintable = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+/g;

/** The same without a bound, in which line breaks and tabs stay: the last look at what is printed or stored, whatever was forgotten before. */
export const printable = (text: string): string =>
  text.replace(unprintable, (run) => run.replaceAll(/[^\n\t]/g, "") || " ");

/** `text` in at most `max` characters, control characters replaced by one space, an ellipsis where it was cut. */
export const clean = (text: string, max = 300): string => {
  const plain = text
    .slice(0, max * 4)
    .replace(unprintable, " ")
    .trim();
  return plain.length > max ? `${plain.slice(0, max - 1)}…` : plain;
};
