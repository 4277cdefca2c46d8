// Explain: what a word stands for, among ports, labels and the checks that there are.
import { checks } from "../checks/index.ts";
import { type Explanation, explain as lookUp, explainMessage, explainable } from "../domain/explain.ts";
import { Failure } from "../domain/failure.ts";
import { nearest } from "../domain/nearest.ts";
import { clean } from "../domain/text.ts";

/** For help. */
export const knownWords = (): readonly string[] => explainable(checks);

const refusal = (word: string): Failure => {
  const shown = clean(word, 60);
  const near = nearest(shown, knownWords());
  return new Failure("usage", `nothing is known by "${shown}"`, {
    hints:
      near === undefined
        ? [
            "`mailcert explain --help` lists what is known",
            "more of what programs and logs say: docs/troubleshooting.md; what each client takes: `mailcert bundle --explain`; of commands: `mailcert COMMAND --help`",
          ]
        : [`did you mean ${near}?`],
  });
};

/** Characters of a line of a log that are looked at. */
const longest = 2000;

/** Words that stand for one thing together (`TLS (old Outlook)`), else the message that a program or a log has them in, else each of them. @throws Failure `usage` for one that stands for nothing here, with the one that was meant. */
export const explain = (words: readonly string[]): readonly Explanation[] => {
  const text = words.join(" ");
  const together = lookUp(text, checks);
  if (together.length > 0) return together;
  const said = explainMessage(text.slice(0, longest));
  if (said.length > 0) return said;
  const each = words.map((word) => ({ word, found: lookUp(word, checks) }));
  const unknown = each.find(({ found }) => found.length === 0);
  if (unknown === undefined) return each.flatMap(({ found }) => found);
  // A label that was mistyped is one word, not its parts.
  throw refusal(each.some(({ found }) => found.length > 0) ? unknown.word : text);
};
