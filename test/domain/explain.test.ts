// explain: whatever a person reads in a program, a report or a firewall leads to words and to what to set.
import { describe, expect, it, test } from "vitest";
import { checks } from "../../src/checks/index.ts";
import { explain, explainable } from "../../src/domain/explain.ts";
import { labels, ports } from "../../src/domain/vocabulary.ts";
import { protocols } from "../../src/protocols/index.ts";
import { explainDocument, explainText } from "../../src/reports/explain.ts";
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

  it("no two labels are the same word", () => {
    const all = labels.flatMap((one) => one.labels.map((label) => label.toLowerCase().replaceAll(/[^a-z0-9]/g, "")));
    expect(new Set(all).size).toBe(all.length);
  });
});

test.each(["993", "SSL", "cert-expiry"])("the text of %s names both vocabularies in lines that fit", (word) => {
  const found = explain(word, checks);
  const text = explainText(found, 80);
  expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
  expect(text).toMatch(/programs:|means:|people see:/);
  expect(complaints(explainDocument(word, found))).toEqual([]);
});
