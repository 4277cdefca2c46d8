// explain: whatever a person reads in a program, a report or a firewall leads to words and to what to set.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, test } from "vitest";
import { checks } from "../../src/checks/index.ts";
import { explain, explainable } from "../../src/domain/explain.ts";
import { findingWords } from "../../src/domain/finding-words.ts";
import { labels, ports } from "../../src/domain/vocabulary.ts";
import { protocols } from "../../src/protocols/index.ts";
import { explainDocument, explainText } from "../../src/reports/explain.ts";
import { explain as explainWords } from "../../src/usecases/explain.ts";
import { complaints } from "../docs/schemas.ts";

const kinds = (word: string): readonly string[] => explain(word, checks).map(({ kind }) => kind);

describe("explain", () => {
  it.each([
    ["993", ["port"]],
    [" 587 ", ["port"]],
    ["ssl", ["label"]],
    ["SSL/TLS", ["label"]],
    ["tls (OLD outlook)", ["label"]],
    ["STARTTLS", ["label"]],
    ["Cert-Name", ["check"]],
    ["CERT_NAME", ["check"]],
    ["deploy-override", ["finding"]],
    ["renew_overdue", ["finding"]],
    ["8080", []],
    ["", []],
    ["...", []],
  ])("%s", (word, expected) => {
    expect(kinds(word)).toEqual(expected);
  });

  it("knows every check by its id, and all that it says it knows", () => {
    for (const { id } of checks) expect(kinds(id)).toEqual(["check"]);
    for (const word of explainable(checks)) expect(explain(word, checks), word).not.toEqual([]);
  });

  it("knows the usual port of every protocol that a bare host name is looked at", () => {
    const usual = Object.values(protocols).flatMap((protocol) => Object.values(protocol.ports));
    const known = new Set(ports.map(({ port }) => port));
    expect(usual.filter((port) => !known.has(port))).toEqual([]);
  });

  it("knows every finding that the program prints, each in one place", () => {
    const src = join(import.meta.dirname, "../../src");
    const files = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
    const printed = files.flatMap((file) =>
      [
        ...readFileSync(join(src, file), "utf8").matchAll(
          /(?:\bcheck: |\b(?:finding|trouble|nobody|tell)\(\s*)"([a-z0-9]+(?:-[a-z0-9]+)+)"/g,
        ),
      ].map((match) => match[1] ?? ""),
    );
    expect(printed.length).toBeGreaterThan(50);
    expect([...new Set(printed)].filter((id) => explain(id, checks).length === 0)).toEqual([]);
    const ids = [...checks, ...findingWords].map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("no two labels are the same word", () => {
    const all = labels.flatMap((one) => one.labels.map((label) => label.toLowerCase().replaceAll(/[^a-z0-9]/g, "")));
    expect(new Set(all).size).toBe(all.length);
  });
});

test.each(["993", "SSL", "cert-expiry", "deploy-stale", "preflight-caa"])(
  "the text of %s names both vocabularies in lines that fit",
  (word) => {
    const found = explain(word, checks);
    const text = explainText(found, 80);
    expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(text).toMatch(/programs:|means:|people see:/);
    expect(complaints(explainDocument(word, found))).toEqual([]);
  },
);

test("several words: together where they are one label, else each", () => {
  const kindsOf = (...words: readonly string[]) => explainWords(words).map(({ kind }) => kind);
  expect(kindsOf("25", "587")).toEqual(["port", "port"]);
  expect(kindsOf("TLS", "(old", "Outlook)")).toEqual(["label"]);
  expect(kindsOf("993", "deploy-stale")).toEqual(["port", "finding"]);
  expect(() => explainWords(["25", "cert-nmae"])).toThrow('nothing is known by "cert-nmae"');
});

test("what leads nowhere has a short hint", () => {
  const hintOf = (word: string): unknown => {
    try {
      return explainWords([word]);
    } catch (error) {
      return (error as { hints: readonly string[] }).hints;
    }
  };
  const elsewhere =
    "more of what programs and logs say: docs/troubleshooting.md; what each client takes: `mailcert bundle --explain`; of commands: `mailcert COMMAND --help`";
  expect(hintOf("deploy-overide")).toEqual(["did you mean deploy-override?"]);
  expect(hintOf("gopherspace")).toEqual(["`mailcert explain --help` lists what is known", elsewhere]);
});

test("a finding's words show no Markdown links", () => {
  for (const { id } of findingWords) expect(explainText(explain(id, checks), 80)).not.toMatch(/\]\(/);
});
