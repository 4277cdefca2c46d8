// docs/configuration.md is true: its examples parse, it lists every key, and its defaults are the program's.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { certificateKeys } from "../../src/config/certificate-entry.ts";
import { parseConfig } from "../../src/config/parse.ts";
import { configWarnings } from "../../src/domain/config-warnings.ts";
import { defaults } from "../../src/domain/certificate-defaults.ts";

const text = readFileSync(new URL("../../docs/configuration.md", import.meta.url), "utf8");
const examples = [...text.matchAll(/```yaml\n(.*?)```/gs)].map(([, yaml]) => yaml ?? "");
/** The second cell of each key's row is its default. */
const rows = new Map(
  [...text.matchAll(/^\| `(\w+)` +\|([^|]*)\|/gm)].map(([, key, value]) => [key ?? "", (value ?? "").trim()]),
);

describe("docs/configuration.md", () => {
  test("has examples, and each is a configuration", () => {
    expect(examples.length).toBeGreaterThan(0);
    for (const yaml of examples) expect(parseConfig([{ path: "example", text: yaml }])).toHaveProperty("config");
  });

  test("none of them has anything that config check would warn of", () => {
    for (const yaml of examples) {
      const parsed = parseConfig([{ path: "example", text: yaml }]);
      expect("config" in parsed ? configWarnings(parsed.config.certificates) : parsed.problems).toEqual([]);
    }
  });

  test("has a row for every key of an entry, and for no other", () => {
    expect([...rows.keys()].sort()).toEqual([...certificateKeys].sort());
  });

  test.each(Object.entries(defaults))("gives the default of %s", (key, value) => {
    expect(rows.get(key)).toBe(`\`${Array.isArray(value) ? value.join(", ") : String(value)}\``);
  });
});
