// The words behind a command's options in its --help, as man(7): text, lists of two columns, examples.
import { bold, example, filled, item, literal, paragraph } from "./roff.ts";

export interface HelpParts {
  readonly prose: string;
  readonly examples: readonly string[];
  /** What stands behind the exit statuses. */
  readonly afterwards: string;
}

const row = /^( *)(\S(?:.{0,26}?\S)?) {2,}(\S.*)$/;

/** Lines as they stand in the help. A row begins with a word, two blanks and what it means; what is indented further goes on with it. */
const proseOf = (lines: readonly string[]): string => {
  const out: string[] = [];
  let text: string[] = [];
  let term: { readonly indent: number; readonly word: string; readonly text: string[] } | undefined;
  const end = (): void => {
    if (term) out.push(item(bold(term.word), literal(term.text.join(" "))));
    if (text.length > 0) out.push(paragraph(literal(text.join(" "))));
    term = undefined;
    text = [];
  };
  for (const line of lines) {
    const [, indent = "", word = "", meaning = ""] = row.exec(line) ?? [];
    const depth = line.length - line.trimStart().length;
    if (line.trim() === "") end();
    else if (term && depth > term.indent + 2) term.text.push(line.trim());
    else if (word !== "") {
      end();
      term = { indent: indent.length, word, text: [meaning] };
    } else {
      if (term) end();
      text.push(line.trim());
    }
  }
  end();
  return out.join("\n");
};

/** @param after everything that the help shows behind the options */
export const helpParts = (after: string): HelpParts => {
  const lines = after.split("\n");
  const examples = lines.indexOf("Examples:");
  const statuses = lines.indexOf("Exit status:");
  const isStatus = (line: string): boolean => /^ {2}\d+ /.test(line);
  return {
    prose: proseOf(lines.slice(0, examples)),
    examples: lines.slice(examples + 1, statuses).flatMap((line) => (line.trim() === "" ? [] : [line.trim()])),
    afterwards: filled(
      literal(
        lines
          .slice(statuses + 1)
          .filter((line) => !isStatus(line))
          .join(" "),
      ),
    ),
  };
};

/** Flags of an option: the words that are typed bold, what they stand for in italics. */
export const flagsOf = (flags: string): string =>
  flags
    .split(/([<[][^>\]]+[>\]])/)
    .map((part, index) => {
      if (index % 2 === 0) return part.replaceAll(/-[\w-]+/g, (one) => `\\fB${literal(one)}\\fR`);
      const inner = `\\fI${literal(part.slice(1, -1))}\\fR`;
      return part.startsWith("[") ? `[${inner}]` : inner;
    })
    .join("");

export const examplesOf = (lines: readonly string[]): string => example(lines);
