// The page's words: one file of strings for each language (templates/client-page.LANGUAGE.json), their marks and placeholders resolved into pieces.
import type { Bundle } from "./bundle.ts";

/** In the order in which the page offers them; the first is shown where no script runs, and to whom none of them is their language. */
export const languages = ["en", "de", "fr"] as const;
export type Language = (typeof languages)[number];

export type Strings = { readonly [key: string]: string | readonly string[] | Strings };

interface Piece {
  readonly text: string;
  readonly isCode: boolean;
  readonly isStrong: boolean;
  readonly isPlain: boolean;
}

/** What the template shows of one string: `pieces` as text, `plain` in an attribute. */
export interface Words {
  readonly pieces: readonly Piece[];
  readonly plain: string;
}

/** What a template gets of strings: the same tree with words as its leaves. */
export interface Said {
  readonly [key: string]: Words | readonly Words[] | Said;
}

export type Values = Readonly<Record<string, string>>;

/** A file of strings has no tags: rendering it gives its text. */
export const readStrings = (render: Parameters<Bundle>[1], language: Language): Strings =>
  JSON.parse(render(`client-page.${language}.json`, {})) as Strings;

const fill = (text: string, values: Values): string =>
  text.replace(/\{([a-z0-9]+)\}/gi, (_all, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`the page's strings: no value for {${name}} in "${text}"`);
    return value;
  });

/** `code` and **strong** are marks of the strings; what stands in for a placeholder comes later and can be neither. */
export const wordsOf = (text: string, values: Values): Words => {
  const pieces = text
    .split(/(`[^`]+`|\*\*[^*]+\*\*)/)
    .filter((part) => part !== "")
    .map((part) => {
      const isCode = part.startsWith("`");
      const isStrong = part.startsWith("**");
      const bare = isCode ? part.slice(1, -1) : isStrong ? part.slice(2, -2) : part;
      return { text: fill(bare, values), isCode, isStrong, isPlain: !isCode && !isStrong };
    });
  return { pieces, plain: pieces.map((piece) => piece.text).join("") };
};

// Array.isArray does not tell readonly lists.
const isList = (value: readonly string[] | Strings): value is readonly string[] => Array.isArray(value);

/** The whole tree. @throws Error for a placeholder that has no value */
export const say = (strings: Strings, values: Values): Said =>
  Object.fromEntries(
    Object.entries(strings).map(([key, value]) => [
      key,
      typeof value === "string"
        ? wordsOf(value, values)
        : isList(value)
          ? value.map((one) => wordsOf(one, values))
          : say(value, values),
    ]),
  );

/** A string by its path. */
export const stringAt = (strings: Strings, ...path: readonly string[]): string => {
  let value: string | readonly string[] | Strings | undefined = strings;
  for (const key of path)
    value = typeof value === "object" && !isList(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  if (typeof value !== "string") throw new Error(`the page's strings: nothing at ${path.join(".")}`);
  return value;
};

/** `20 November 2026` in the language, by UTC. */
export const dateIn = (strings: Strings, date: Date): string => {
  const months = strings["months"];
  if (!Array.isArray(months)) throw new Error("the page's strings: no months");
  const day = date.getUTCDate();
  return fill(stringAt(strings, day === 1 ? "first" : "date"), {
    day: String(day),
    month: String(months[date.getUTCMonth()]),
    year: String(date.getUTCFullYear()),
  });
};
