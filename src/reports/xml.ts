// XML text from values that may hold anything.

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  // Also inside text: `]]>` may not stand there (XML 1.0 §2.4).
  ">": "&gt;",
  '"': "&quot;",
  "\t": "&#9;",
  "\n": "&#10;",
  "\r": "&#13;",
};

/** XML 1.0 §2.2 has no way to write these, not even as references: most control characters, halves of surrogate pairs, two that are none. */
const unwritable =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u0084\u0086-\u009f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

const writable = (text: string): string => text.replace(unwritable, "\ufffd");

export const xmlText = (text: string): string =>
  writable(text)
    .replaceAll("\r", "\n")
    .replace(/[&<>]/g, (character) => entities[character] ?? character);

/** For a value in double quotes: line breaks and tabs stay what they are. */
const xmlValue = (text: string): string =>
  writable(text).replace(/[&<>"\t\n\r]/g, (character) => entities[character] ?? character);

/** ` name="value" ...` */
const attributes = (values: Readonly<Record<string, string | number>>): string =>
  Object.entries(values)
    .map(([name, value]) => ` ${name}="${xmlValue(String(value))}"`)
    .join("");

/** An element in lines, what is inside already being XML. */
export const element = (
  name: string,
  values: Readonly<Record<string, string | number>>,
  inside: readonly string[] = [],
): string => {
  const content = inside.filter((text) => text !== "");
  return content.length === 0
    ? `<${name}${attributes(values)}/>`
    : `<${name}${attributes(values)}>\n${content.join("\n")}\n</${name}>`;
};

/** An element that holds text: nothing is added to it. */
export const textElement = (name: string, values: Readonly<Record<string, string | number>>, text: string): string =>
  `<${name}${attributes(values)}>${xmlText(text)}</${name}>`;
