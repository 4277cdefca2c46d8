// A small strict reader of XML 1.0 for tests: it takes elements, attributes in double quotes, text and references, and refuses everything else.

export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  /** Of this element itself, references resolved. */
  readonly text: string;
}

// XML 1.0 §2.2 `Char`, with the control characters that it discourages left out.
const legal = /^[\t\n\r\u0020-\u007e\u0085\u00a0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]*$/u;
const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

const resolve = (raw: string, attribute: boolean): string => {
  if (raw.includes("<") || (!attribute && raw.includes("]]>"))) throw new Error(`markup in text: ${raw.slice(0, 80)}`);
  if (attribute && /[\t\n\r]/.test(raw)) throw new Error("white space in a value becomes a plain space");
  return raw.replace(/&([^;]*);?/g, (whole, name: string) => {
    const code = /^#(\d+)$/.exec(name)?.[1];
    const found = code === undefined ? entities[name] : String.fromCodePoint(Number(code));
    if (found === undefined || !whole.endsWith(";") || !legal.test(found)) throw new Error(`no reference: ${whole}`);
    return found;
  });
};

/** @throws Error for what is not well-formed. */
export const readXml = (text: string): XmlElement => {
  if (!legal.test(text)) throw new Error("a character that XML does not have");
  const prolog = /^<\?xml version="1\.0" encoding="UTF-8"\?>\n/.exec(text);
  if (!prolog) throw new Error("no XML declaration");
  let rest = text.slice(prolog[0].length);
  const take = (pattern: RegExp): RegExpExecArray => {
    const found = pattern.exec(rest);
    if (!found || found.index !== 0) throw new Error(`not well-formed at: ${rest.slice(0, 80)}`);
    rest = rest.slice(found[0].length);
    return found;
  };
  const readElement = (): XmlElement => {
    const [, name = "", inside = "", empty] = take(/<([A-Za-z][A-Za-z-]*)((?:\s+[a-z][\w-]*="[^"]*")*)\s*(\/?)>/);
    const attributes: Record<string, string> = {};
    for (const [, key = "", value = ""] of inside.matchAll(/\s+([a-z][\w-]*)="([^"]*)"/g)) {
      if (key in attributes) throw new Error(`${key} twice`);
      attributes[key] = resolve(value, true);
    }
    const children: XmlElement[] = [];
    let own = "";
    if (empty !== "/") {
      for (;;) {
        own += resolve(take(/[^<]*/)[0], false);
        if (rest.startsWith("</")) break;
        children.push(readElement());
      }
      if (take(/<\/([A-Za-z][A-Za-z-]*)>/)[1] !== name) throw new Error(`${name} is not closed`);
    }
    return { name, attributes, children, text: own };
  };
  const root = readElement();
  if (rest.trim() !== "") throw new Error(`behind the end: ${rest.slice(0, 80)}`);
  return root;
};
