// nginx's configuration as a tree of directives, each with its place: words, quotes, comments, blocks (ngx_conf_file.c).

export interface Directive {
  readonly name: string;
  readonly args: readonly string[];
  readonly path: string;
  /** Offsets in the file's text, from the name to behind the `;`, or to the `{` of a block. */
  readonly start: number;
  readonly end: number;
  /** From 1, of `start`. */
  readonly line: number;
  /** Of a block. */
  readonly children?: readonly Directive[];
}

interface Token {
  /** undefined: one of `;`, `{`, `}`, which `sign` says. */
  readonly word?: string;
  readonly sign?: string;
  readonly start: number;
  readonly end: number;
}

const isSpace = (sign: string | undefined): boolean => sign !== undefined && /\s/.test(sign);

/** One quoted word from `at` on (the quote), with its end. */
const quoted = (text: string, at: number): Token => {
  const quote = text[at];
  let word = "";
  let index = at + 1;
  for (; index < text.length && text[index] !== quote; index += 1) {
    if (text[index] === "\\" && index + 1 < text.length) index += 1;
    word += text[index] ?? "";
  }
  return { word, start: at, end: Math.min(index + 1, text.length) };
};

/** A word without quotes; `${name}` is a part of it. */
const plain = (text: string, at: number): Token => {
  let word = "";
  let index = at;
  for (; index < text.length; index += 1) {
    const sign = text[index] ?? "";
    if (isSpace(sign) || sign === ";" || (sign === "{" && text[index - 1] !== "$")) break;
    if (sign === "\\" && index + 1 < text.length) {
      index += 1;
      word += text[index] ?? "";
    } else word += sign;
  }
  return { word, start: at, end: index };
};

const tokenAt = (text: string, from: number): Token | undefined => {
  let at = from;
  for (;;) {
    while (isSpace(text[at])) at += 1;
    if (text[at] !== "#") break;
    const newline = text.indexOf("\n", at);
    if (newline < 0) return undefined;
    at = newline;
  }
  const sign = text[at];
  if (sign === undefined) return undefined;
  if (sign === ";" || sign === "{" || sign === "}") return { sign, start: at, end: at + 1 };
  return sign === '"' || sign === "'" ? quoted(text, at) : plain(text, at);
};

/** Whether a comment may stand at this offset, the end of a line: not inside of quotes that go on on the next one. */
export const isBetweenWords = (text: string, offset: number): boolean => {
  for (let token = tokenAt(text, 0); token && token.start < offset; token = tokenAt(text, token.end))
    if (token.end > offset) return false;
  return true;
};

/** Behind the brace that closes the one before `from`: scripts of other languages have other words. */
const behindScript = (text: string, from: number): number => {
  let depth = 1;
  let at = from;
  for (; at < text.length && depth > 0; at += 1) {
    if (text[at] === "{") depth += 1;
    else if (text[at] === "}") depth -= 1;
  }
  return at;
};

/** What is not whole at the end of the text is left out: nginx refuses it. */
export const parseNginx = (path: string, text: string): readonly Directive[] => {
  let at = 0;
  let counted = 0;
  let line = 1;
  const lineOf = (offset: number): number => {
    for (; counted < offset; counted += 1) if (text[counted] === "\n") line += 1;
    return line;
  };
  const block = (depth: number): readonly Directive[] => {
    const found: Directive[] = [];
    let words: string[] = [];
    let start = 0;
    for (let token = tokenAt(text, at); token; token = tokenAt(text, at)) {
      at = token.end;
      if (token.word !== undefined) {
        if (words.length === 0) start = token.start;
        words.push(token.word);
        continue;
      }
      if (token.sign === "}") return found;
      const [name = "", ...args] = words;
      words = [];
      const place = { name, args, path, start, end: token.end, line: lineOf(start) };
      if (token.sign === ";") found.push(place);
      else if (name.endsWith("_by_lua_block")) at = behindScript(text, token.end);
      else if (depth < 32) found.push({ ...place, children: block(depth + 1) });
      else return found;
    }
    return found;
  };
  return block(0);
};
