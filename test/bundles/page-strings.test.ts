// The page's strings: every language says the same things, in its own words, with the same marks and placeholders.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Strings, languages } from "../../src/bundles/page-text.ts";
import { bundleOf, pageMaterial, pageWith } from "../fakes/client-page.ts";

const folder = join(import.meta.dirname, "../../templates");
const stringsOf = (language: string): Strings =>
  JSON.parse(readFileSync(join(folder, `client-page.${language}.json`), "utf8")) as Strings;

const flat = (value: Strings[string], path = ""): readonly (readonly [string, string])[] =>
  typeof value === "string"
    ? [[path, value]]
    : Object.entries(value).flatMap(([key, one]) => flat(one, path === "" ? key : `${path}.${key}`));

const all = new Map(languages.map((language) => [language, new Map(flat(stringsOf(language)))]));
const english = all.get("en") ?? new Map<string, string>();
const placeholders = (text: string): readonly string[] => [...new Set(text.match(/\{\w+\}/g))].toSorted();
const codes = (text: string): readonly string[] => (text.match(/`[^`]*`/g) ?? []).toSorted();
const strong = (text: string): number => (text.match(/\*\*[^*]+\*\*/g) ?? []).length;

test("there is a file for each language, and none that nobody knows", () => {
  const files = readdirSync(folder).filter((file) => /^client-page\..*\.json$/.test(file));
  expect(files.toSorted()).toEqual(languages.map((language) => `client-page.${language}.json`).toSorted());
});

/** Names, and words that two languages share. */
const alike =
  /^(?:list|import\.(?:windows|macos|android|linux)|ways\.(?:thunderbird|terminal)\.title|ways\.(?:ios\w*|selfIos|selfThunderbird)\.title|settings\.(?:server|port)|months\.\d+|date|first)$/;
/** Words that stand in every other sentence of a language and in no sentence of the others. */
const common: Readonly<Record<string, RegExp>> = {
  en: /\b(?:the|your|you|and|with|this|that|which|from|have|for|not|is|of)\b/i,
  de: /\b(?:der|das|und|Sie|ist|nicht|mit|dem|den|ein|eine|für|wird|auf|zu)\b/,
  fr: /\b(?:le|les|et|vous|votre|est|une|pour|avec|dans|sur|qui|pas)\b/i,
};

describe.each(languages)("%s", (language) => {
  const own = all.get(language) ?? new Map<string, string>();

  test("has the same strings, each with the same placeholders, commands and stresses", () => {
    expect([...own.keys()]).toEqual([...english.keys()]);
    for (const [key, text] of own) {
      const other = english.get(key) ?? "";
      expect([key, placeholders(text)]).toEqual([key, placeholders(other)]);
      expect([key, codes(text)]).toEqual([key, codes(other)]);
      expect([key, strong(text)]).toEqual([key, strong(other)]);
    }
  });

  test("has no empty string, no markup, no tag of a template, no space too many", () => {
    expect([...own].filter(([key, text]) => key !== "list" && (text.trim() !== text || text === ""))).toEqual([]);
    expect([...own].filter(([, text]) => /[<>]|\{\{|\}\}| {2}|\*\*\*/.test(text))).toEqual([]);
    expect([...own].filter(([, text]) => (text.split("`").length - 1) % 2 === 1)).toEqual([]);
  });

  test("has no string of another language in it", () => {
    const words = (text: string): string => text.replaceAll(/`[^`]*`|\{\w+\}|[“„«][^”“»]*[”“»]/g, " ");
    for (const other of languages.filter((one) => one !== language)) {
      const pattern = common[other] ?? /^$/;
      // Client's own words of another language may stand in quotes only.
      const found = [...own].filter(([, text]) => pattern.test(words(text)));
      expect(found).toEqual([]);
      if (language === "en") continue;
      const same = [...own].filter(
        ([key, text]) => !alike.test(key) && english.get(key) === text && /[a-z]{4}/.test(words(text)),
      );
      expect(
        same.filter(([key]) => !/^ways\.(?:terminal|linuxClick)\.steps/.test(key) && !key.endsWith("Script.steps.0")),
      ).toEqual([]);
    }
  });
});

test("German addresses people as Sie, French as vous", () => {
  for (const text of all.get("de")?.values() ?? []) expect(text).not.toMatch(/\b(?:du|dein|deine|dich|dir)\b/i);
  for (const text of all.get("fr")?.values() ?? []) expect(text).not.toMatch(/\b(?:tu|ton|ta|tes|toi)\b/i);
});

test("French puts a space that cannot break before its double signs", () => {
  for (const text of all.get("fr")?.values() ?? [])
    expect(text.replaceAll(/`[^`]*`/g, "")).not.toMatch(/[ \w][;:?!»](?:\s|$)|«[^\u00a0]/);
});

test("no string is there that no page shows", async () => {
  const files = Object.keys((stringsOf("en")["files"] as { readonly names: Strings }).names).map((key) =>
    key === "config-v1_1_xml" ? "config-v1.1.xml" : key.replace(/_(\w+)$/, ".$1"),
  );
  const bare = { entries: [] };
  const given = await Promise.all((["private-ca", "self-signed", "public"] as const).map((one) => pageMaterial(one)));
  const scripts = ["install-windows.cmd", "install-macos.sh", "install-linux.sh", "account.mobileconfig"];
  const [privately] = given;
  if (privately === undefined) throw new Error("no material");
  const pages = await Promise.all([
    pageWith(privately, ["ca.crt"]).then((page) => ({ page })),
    ...given.map((one) => bundleOf(one, files)),
    ...given.map((one) => bundleOf(one, scripts)),
    ...given.map((one) => bundleOf({ ...one, ...bare })),
    ...given.map((one) =>
      bundleOf({ ...one, entries: [{ protocol: "pop3", mode: "implicit", host: "x.example", port: 995 }] }),
    ),
    bundleOf({ ...privately, olderRoots: [privately.leaf] }),
    bundleOf({ ...privately, newerRoot: privately.leaf }),
  ]);
  const shown = pages
    .map(({ page }) =>
      page
        .replaceAll(/<[^>]*>/g, "")
        .replaceAll("&amp;", "&")
        .replaceAll("&quot;", '"'),
    )
    .join("\n");
  const attributes = pages
    .map(({ page }) => (page.match(/(?:aria-label|data-title)="[^"]*"/g) ?? []).join("\n"))
    .join("\n");
  const parts = (text: string): readonly string[] =>
    text
      .split(/\{\w+\}|`|\*\*/)
      .map((part) => part.trim())
      .filter((part) => part.length > 3);
  const unused = [...english].filter(
    ([key, text]) =>
      !/^(?:months|date|first|list)/.test(key) &&
      !key.startsWith("unlimited") &&
      !key.startsWith("compare.older") &&
      !parts(text).every((part) => shown.includes(part) || attributes.includes(part)),
  );
  expect(unused).toEqual([]);
});
