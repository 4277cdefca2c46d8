// The part of configobj's syntax that certbot's renewal files use: sections, and values that may be quoted or lists.

/** By section (`""`, `renewalparams`, `renewalparams/webroot_map`), then key. A value is always a list. */
export type Sections = ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>;

/** `a, "b, c",` -> a; b, c. A `#` outside quotes ends the value. */
const valuesOf = (text: string): readonly string[] => {
  const values: string[] = [];
  const part = /\s*(?:"([^"]*)"|'([^']*)'|([^,#"'][^,#]*)?)\s*(,|#|$)/y;
  while (part.lastIndex < text.length) {
    const at = part.lastIndex;
    const found = part.exec(text);
    if (found === null) return [text.trim()];
    const value = found[1] ?? found[2] ?? found[3]?.trim();
    if (value !== undefined) values.push(value);
    if (found[4] === "#" || part.lastIndex === at) break;
  }
  return values;
};

export const parseConfigObj = (text: string): Sections => {
  const sections = new Map<string, Map<string, readonly string[]>>([["", new Map()]]);
  let path: string[] = [];
  for (const line of text.split("\n").map((one) => one.trim())) {
    if (line === "" || line.startsWith("#")) continue;
    const header = /^(\[+)\s*(.*?)\s*\]+/.exec(line);
    if (header) {
      path = [...path.slice(0, (header[1] ?? "[").length - 1), (header[2] ?? "").replace(/^["']|["']$/g, "")];
      sections.set(path.join("/"), new Map());
      continue;
    }
    const [, key, value] = /^["']?([^=]*?)["']?\s*=\s*(.*)$/.exec(line) ?? [];
    if (key !== undefined && value !== undefined) sections.get(path.join("/"))?.set(key, valuesOf(value));
  }
  return sections;
};
