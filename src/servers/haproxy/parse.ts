// HAProxy's configuration as sections of lines, each line as words with their places (configuration.txt, 2.2 "Quoting and escaping").

export interface Word {
  readonly text: string;
  /** Offsets in its line. */
  readonly start: number;
  readonly end: number;
  /** It holds an environment variable, whose value is HAProxy's alone. */
  readonly expands: boolean;
}

export interface ConfigurationLine {
  readonly path: string;
  /** From 1. */
  readonly line: number;
  /** As it stands. */
  readonly text: string;
  readonly words: readonly Word[];
}

export interface Section {
  /** `global`, `defaults`, `frontend`, `listen`, ... */
  readonly kind: string;
  readonly name: string;
  readonly lines: readonly ConfigurationLine[];
  /** Of a frontend or listen: its own `mode`, or that of its defaults; `tcp` where nothing says it. */
  readonly mode: string;
}

/** A line's words; a comment ends it. */
export const wordsOf = (text: string): readonly Word[] => {
  const words: Word[] = [];
  let at = 0;
  while (at < text.length) {
    while (/\s/.test(text[at] ?? "")) at += 1;
    if (at >= text.length || text[at] === "#") break;
    const start = at;
    let word = "";
    let expands = false;
    let quote = "";
    for (; at < text.length; at += 1) {
      const sign = text[at] ?? "";
      if (quote === "" && (/\s/.test(sign) || sign === "#")) break;
      if (sign === quote) quote = "";
      else if (quote === "" && (sign === '"' || sign === "'")) quote = sign;
      else if (sign === "\\" && quote !== "'") {
        at += 1;
        word += text[at] ?? "";
      } else {
        if (sign === "$" && quote === '"') expands = true;
        word += sign;
      }
    }
    words.push({ text: word, start, end: Math.min(at, text.length), expands });
  }
  return words;
};

export const sectionNames: ReadonlySet<string> = new Set(
  "global defaults frontend listen backend peers resolvers userlist program mailers cache ring log-forward log-profile http-errors fcgi-app crt-store acme traces".split(
    " ",
  ),
);

const modeIn = (lines: readonly ConfigurationLine[]): string | undefined =>
  lines.findLast(({ words }) => words[0]?.text === "mode")?.words[1]?.text;

/** `files` in the order in which HAProxy reads them. */
export const parseHaproxy = (
  files: readonly { readonly path: string; readonly text: string }[],
): readonly Section[] => {
  const sections: Section[] = [];
  const named = new Map<string, string>();
  let inherited = "tcp";
  let kind = "";
  let name = "";
  let from: string | undefined;
  let lines: ConfigurationLine[] = [];
  const finish = (): void => {
    const around = from === undefined ? inherited : (named.get(from) ?? inherited);
    const mode = modeIn(lines) ?? (kind === "defaults" && from === undefined ? "tcp" : around);
    if (kind === "defaults") {
      inherited = mode;
      if (name !== "") named.set(name, mode);
    }
    if (kind !== "") sections.push({ kind, name, lines, mode });
    lines = [];
  };
  for (const { path, text } of files) {
    for (const [index, raw] of text.split("\n").entries()) {
      const words = wordsOf(raw);
      const first = words[0]?.text ?? "";
      if (sectionNames.has(first) && words[0]?.start !== undefined) {
        finish();
        kind = first;
        name = words[1]?.text === "from" ? "" : (words[1]?.text ?? "");
        from = words[words.findIndex((word) => word.text === "from") + 1 || words.length]?.text;
      } else if (words.length > 0) lines.push({ path, line: index + 1, text: raw, words });
    }
  }
  finish();
  return sections;
};
