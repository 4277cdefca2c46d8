// Explain: what a word stands for, among ports, labels and the checks that there are.
import { checks } from "../checks/index.ts";
import { type Explanation, explain as lookUp, explainable } from "../domain/explain.ts";
import { Failure } from "../domain/failure.ts";
import { didYouMean } from "../domain/nearest.ts";
import { clean } from "../domain/text.ts";

/** For help. */
export const knownWords = (): readonly string[] => explainable(checks);

/** @throws Failure `usage` for a word that stands for nothing here, with the one that was meant. */
export const explain = (word: string): readonly Explanation[] => {
  const found = lookUp(word, checks);
  if (found.length > 0) return found;
  const shown = clean(word, 60);
  throw new Failure("usage", `nothing is known by "${shown}"`, { hints: [didYouMean(shown, knownWords())] });
};
