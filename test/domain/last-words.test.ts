// A program's last words: the end of what it said, and never a part of a private key.
import { generateKeyPairSync } from "node:crypto";
import { expect, test } from "vitest";
import { lastWords } from "../../src/domain/last-words.ts";

test("the last three lines, in one; none said is said", () => {
  expect(lastWords("a\nb\n\nc\nd\n")).toBe("b | c | d");
  expect(lastWords(" \n")).toBe("it said nothing on stderr");
});

test("of a key not a line, whole or cut off at its head", () => {
  const { privateKey } = generateKeyPairSync("ec", {
    namedCurve: "P-256",
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
  const lines = privateKey.trim().split("\n");
  for (const shown of [privateKey, lines.slice(1).join("\n"), lines.slice(2).join("\n")]) {
    const said = lastWords(`cannot load\n${shown}\nbad key\n`);
    expect(said).toMatch(/^cannot load \| .*bad key$/);
    for (const line of lines.slice(1, -1)) expect(said).not.toContain(line.slice(0, 16));
  }
});
