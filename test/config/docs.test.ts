// docs/configuration.md is true: its examples parse, it lists every key, and its defaults are the program's.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { certificateKeys } from "../../src/config/certificate-entry.ts";
import { parseConfig } from "../../src/config/parse.ts";
import { defaults } from "../../src/domain/certificate-defaults.ts";

const text = readFileSync(new URL("../../docs/configuration.md", import.meta.url), "utf8");
const examples = [...text.matchAll(/```yaml\n(.*?)```/gs)].map(([, yaml]) => yaml ?? "");
const rows = new Map(
  [...text.matchAll(/^\| `(\w+)` +\| ([^|]*) \|/gm)].map(([, key, value]) => [key ?? "", (value ?? "").trim()]),
);

test.each(examples)("example %#", (yaml) => {
  expect(parseConfig([{ path: "example", text: yaml }])).toHaveProperty("config");
});

test("there are examples, and together they use every key", () => {
  expect(examples.length).toBeGreaterThan(2);
  for (const key of certificateKeys) expect(examples.join("")).toMatch(new RegExp(`^ +${key}:`, "m"));
});

test("every key of an entry has its row, and no other", () => {
  expect([...rows.keys()].sort()).toEqual([...certificateKeys].sort());
});

test.each(Object.entries(defaults))("default of %s", (key, value) => {
  expect(rows.get(key)).toBe(`\`${Array.isArray(value) ? value.join(", ") : String(value)}\``);
});
