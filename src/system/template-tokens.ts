// Templates cut into mustache's tokens, line by line: mustache's own parser makes a token of every letter first, which for a page takes as long as all the rest.

/** As mustache.js has them: kind, text or name, start, end; of a section, what is in it and where it ends; of a partial, what stands before it in its line. */
type Token = [
  kind: "text" | "name" | "#" | "^" | "/" | ">" | "!",
  value: string,
  start: number,
  end: number,
  more?: Token[] | string,
  at?: number,
  lineHasText?: boolean,
];

/** Two braces, a mark, a name. */
const tagIn = /\{\{\s*([#^/>{&=!]?)\s*([^]*?)\s*\}\}/g;

/** Text next to text becomes one token. */
const joined = (tokens: readonly Token[]): readonly Token[] => {
  const all: Token[] = [];
  for (const token of tokens) {
    const last = all.at(-1);
    if (token[0] === "text" && last?.[0] === "text") {
      last[1] += token[1];
      last[3] = token[3];
    } else all.push(token);
  }
  return all;
};

/** What stands in a section goes into it. undefined: sections do not close as they open. */
const nested = (tokens: readonly Token[]): Token[] | undefined => {
  const top: Token[] = [];
  const open: { readonly section: Token; readonly inside: Token[] }[] = [];
  for (const token of tokens) {
    const inside = open.at(-1)?.inside ?? top;
    if (token[0] === "/") {
      const closed = open.pop();
      if (closed?.section[1] !== token[1]) return undefined;
      closed.section[5] = token[2];
    } else inside.push(token);
    if (token[0] === "#" || token[0] === "^") {
      const section: Token[] = [];
      token[4] = section;
      open.push({ section: token, inside: section });
    }
  }
  return open.length === 0 ? top : undefined;
};

/**
 * The tokens that mustache.js makes of a template, where it has names, sections, partials and comments alone.
 * undefined: there is something else in it, which mustache.js reads or refuses itself.
 */
export const tokensOf = (template: string): Token[] | undefined => {
  const tokens: Token[] = [];
  /** Of the line that is being read: its texts, whether it has a tag, a text or a value, its blanks, and how many tags. */
  let line = { texts: [] as Token[], hasTag: false, hasValue: false, hasText: false, indentation: "", tags: 0 };
  const endLine = (): void => {
    // A line of blanks around sections, partials and comments is none.
    if (line.hasTag && !line.hasValue) for (const text of line.texts) text[1] = "";
    line = { texts: [], hasTag: false, hasValue: false, hasText: false, indentation: "", tags: 0 };
  };
  const addText = (value: string, start: number): void => {
    const token: Token = ["text", value, start, start + value.length];
    tokens.push(token);
    line.texts.push(token);
    if (!/\S/.test(value)) line.indentation += value;
    else {
      line.hasText = true;
      line.hasValue = true;
      line.indentation += value.replace(/\S/g, " ");
    }
  };
  /** The rest of a line, whole lines, the beginning of one. */
  const addTexts = (start: number, end: number): void => {
    const first = template.indexOf("\n", start) + 1;
    if (first === 0 || first > end) {
      if (end > start) addText(template.slice(start, end), start);
      return;
    }
    addText(template.slice(start, first), start);
    endLine();
    const last = template.lastIndexOf("\n", end - 1) + 1;
    if (last > first) tokens.push(["text", template.slice(first, last), first, last]);
    if (end > last) addText(template.slice(last, end), last);
  };
  let at = 0;
  for (const { index, 0: whole, 1: mark = "", 2: name = "" } of template.matchAll(tagIn)) {
    if (mark === "{" || mark === "&" || mark === "=") return undefined;
    addTexts(at, index);
    at = index + whole.length;
    const kind = (mark === "" ? "name" : mark) as Token[0];
    line.hasTag = true;
    if (kind === ">") tokens.push([kind, name, index, at, line.indentation, line.tags, line.hasText]);
    else tokens.push([kind, name, index, at]);
    if (kind === "name") line.hasValue = true;
    line.tags += 1;
  }
  if (template.includes("{{", at)) return undefined;
  addTexts(at, template.length);
  endLine();
  const kept = tokens.filter(([kind, value]) => kind !== "text" || value !== "");
  return nested(joined(kept));
};
