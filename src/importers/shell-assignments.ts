// NAME=value lines of a shell script, read and never run: what only a shell could know has no value here.

/** The value's text, or undefined where the line holds more than plain words, quotes and names that are known. */
const wordOf = (text: string, known: ReadonlyMap<string, string>): string | undefined => {
  let value = "";
  let rest = text;
  const expanded = (part: string): string | undefined => {
    let whole = true;
    const done = part.replaceAll(/\\([\\"$`])|\$\{(\w+)\}|\$(\w+)|[$`]/g, (_, escaped, braced, plain) => {
      if (escaped !== undefined) return String(escaped);
      const found = known.get(String(braced ?? plain));
      if (found === undefined) whole = false;
      return found ?? "";
    });
    return whole ? done : undefined;
  };
  while (rest !== "" && !/^\s/.test(rest)) {
    const single = /^'([^']*)'/.exec(rest);
    const double = /^"((?:[^"\\]|\\.)*)"/.exec(rest);
    const escaped = /^\\(.)/.exec(rest);
    const bare = /^[^\s'"\\;|&<>()`]+/.exec(rest);
    const found = single ?? double ?? escaped ?? bare;
    if (found === null) return undefined;
    const part = single ? single[1] : escaped ? escaped[1] : expanded(double?.[1] ?? bare?.[0] ?? "");
    if (part === undefined) return undefined;
    value += part;
    rest = rest.slice(found[0].length);
  }
  // Another word after it makes it the environment of a command.
  return /^\s*(?:#.*)?$/.test(rest) ? value : undefined;
};

/** acme.sh wraps values that hold quotes or line breaks. */
const unwrapped = (value: string): string => {
  const [, inner] = /^__ACME_BASE64__START_([A-Za-z0-9+/=]*)__ACME_BASE64__END_$/.exec(value) ?? [];
  return inner === undefined ? value : Buffer.from(inner, "base64").toString("utf8");
};

/** The last value of each name, `known` being there before. */
export const parseAssignments = (
  text: string | undefined,
  known: ReadonlyMap<string, string> = new Map(),
): ReadonlyMap<string, string> => {
  const values = new Map(known);
  for (const line of (text ?? "").split("\n")) {
    const [, name, right] = /^\s*(?:export\s+)?([A-Za-z_]\w*)=(.*)$/.exec(line.replace(/\r$/, "")) ?? [];
    if (name === undefined || right === undefined) continue;
    const value = wordOf(right, values);
    if (value === undefined) values.delete(name);
    else values.set(name, unwrapped(value));
  }
  return values;
};
