// Reads the commands of a page: its blocks of shell, the command lines in its text, and the words of each.

export interface Fence {
  readonly word: string;
  /** Where the first line of its content stands. */
  readonly line: number;
  readonly text: string;
  /** The line above it that is not empty. */
  readonly above: string;
}

/** Every fenced block in order. @throws where one has no end. */
export const fencesIn = (page: string): readonly Fence[] => {
  const fences: Fence[] = [];
  let open: { word: string; line: number; above: string; lines: string[] } | undefined;
  let above = "";
  for (const [index, line] of page.split("\n").entries()) {
    if (open === undefined && line.startsWith("```")) {
      open = { word: line.slice(3), line: index + 2, above, lines: [] };
    } else if (open !== undefined && line === "```") {
      const { lines, ...rest } = open;
      fences.push({ ...rest, text: lines.join("\n") });
      [open, above] = [undefined, ""];
    } else if (open === undefined) above = line.trim() === "" ? above : line;
    else open.lines.push(line);
  }
  if (open !== undefined) throw new Error(`line ${open.line - 1}: a fence without an end`);
  return fences;
};

/** What stands in code marks in the text itself, with its line. */
export const codeIn = (page: string): readonly { readonly line: number; readonly text: string }[] => {
  const plain = page.replaceAll(/^```[\s\S]*?^```$/gm, (block) => block.replaceAll(/[^\n]+/g, ""));
  return plain
    .split("\n")
    .flatMap((line, index) =>
      [...line.matchAll(/`([^`]+)`/g)].map(([, text = ""]) => ({ line: index + 1, text: text.replaceAll("\\|", "|") })),
    );
};

const word = /'[^']*'|"(?:\\.|[^"\\])*"|\\[^\n]|[^\s'"\\;&|<>()#]|(?<=\S)#/y;
const between = /\\\n|[ \t]+|(?:\d*(?:>>|>&|[<>])|&>)[ \t]*(?:&?\d|[^\s;&|<>()]+)|(?<=^|\s)#[^\n]*/y;
const end = /&&|\|\||[<>]\(|[;&|()\n]/y;

/** Without what stands in a document for a program, on as many lines. */
const withoutDocuments = (script: string): string =>
  script.replaceAll(
    /<<(['"]?)(\w+)\1([^\n]*)\n([\s\S]*?\n)?\2$/gm,
    (all, _quote, _end, rest: string) => `${rest}${"\n".repeat(all.split("\n").length - 1)}`,
  );

const unquoted = (text: string): string =>
  text.replace(
    /^'([\s\S]*)'$|^"([\s\S]*)"$|^\\(.)$/,
    (_, ...[single, double, one]: string[]) => single ?? double ?? one ?? "",
  );

/** The simple commands of a script, each as its words, with the line of its first one: what quotes, comments, lists and pipes of a shell make of it; redirections are left out. */
export const commandsIn = (text: string): readonly { readonly line: number; readonly words: readonly string[] }[] => {
  const script = withoutDocuments(text);
  const all: { line: number; words: string[] }[] = [];
  let [words, at, inWord, line]: [string[], number, boolean, number] = [[], 0, false, 1];
  const finish = (): void => {
    if (words.length > 0) all.push({ line, words });
    [words, inWord] = [[], false];
  };
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const [found] = pattern.exec(script) ?? [];
    if (found !== undefined) at = pattern.lastIndex;
    return found;
  };
  while (at < script.length) {
    const part = inWord ? undefined : take(between);
    if (part !== undefined) continue;
    const start = at;
    const taken = take(word);
    if (taken !== undefined) {
      if (words.length === 0) line = script.slice(0, start).split("\n").length;
      if (inWord) words.push(`${words.pop() ?? ""}${unquoted(taken)}`);
      else words.push(unquoted(taken));
      inWord = true;
    } else if (take(between) !== undefined) inWord = false;
    else if (take(end) !== undefined) finish();
    else throw new Error(`not understood: ${script.slice(at, at + 40)}`);
  }
  finish();
  return all;
};

/** What may stand before the program itself. */
const prefix = (one: string): boolean =>
  ["npx", "sudo", "exec", "time", "if", "then", "while", "do", "!"].includes(one) || /^[A-Z_]+=/.test(one);

/** The words behind `mailcert`, where the command is one of ours. */
export const ours = (words: readonly string[]): readonly string[] | undefined => {
  const at = words.findIndex((one) => !prefix(one));
  return words[at] === "mailcert" ? words.slice(at + 1) : undefined;
};

export interface PageSteps {
  readonly run: readonly { readonly line: number; readonly text: string }[];
  /** Marked in a comment above the block: `<!-- not run: needs a phone -->`. */
  readonly notRun: readonly { readonly line: number; readonly text: string; readonly why: string }[];
}

/** A page's blocks for a shell, line by line; one that ends in `\` goes on in the next. */
export const stepsIn = (page: string): PageSteps => {
  const blocks = fencesIn(page).filter(({ word: language }) => language === "sh");
  const steps = blocks.flatMap(({ line, text, above }) => {
    const why = /^<!-- not run: (.+) -->$/.exec(above)?.[1];
    let at = line;
    return text.split(/(?<!\\)\n/).flatMap((one) => {
      const step = { line: at, text: one.replace(/\s+# .*$/, ""), why };
      at += one.split("\n").length;
      return /^\s*(?:#|$)/.test(one) ? [] : [step];
    });
  });
  return {
    run: steps.flatMap(({ why, ...step }) => (why === undefined ? [step] : [])),
    notRun: steps.flatMap(({ why, ...step }) => (why === undefined ? [] : [{ ...step, why }])),
  };
};
