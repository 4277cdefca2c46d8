// Follows the aliases inside one answer: a recursive server sends the whole way from the name asked for to the records.
import type { Answer } from "dns-packet";

const mostAliases = 8;

const same = (left: string, right: string): boolean => left.toLowerCase() === right.toLowerCase();

/** The name that `name` stands for by the CNAME records among `answers`; `name` itself where it is no alias. */
export const canonicalOwner = (name: string, answers: readonly Answer[]): string => {
  let owner = name;
  for (let hops = 0; hops < mostAliases; hops += 1) {
    const alias = answers.find((answer) => answer.type === "CNAME" && same(answer.name, owner));
    if (alias?.type !== "CNAME") break;
    owner = alias.data.replace(/\.$/, "");
  }
  return owner;
};

/** The records of one type that `name` leads to. */
export const recordsOf = <Type extends Answer["type"]>(
  name: string,
  type: Type,
  answers: readonly Answer[],
): readonly Extract<Answer, { readonly type: Type }>[] => {
  const owner = canonicalOwner(name, answers);
  return answers.filter(
    (answer): answer is Extract<Answer, { readonly type: Type }> => answer.type === type && same(answer.name, owner),
  );
};
