// Holds that no name of a unit can be an option of systemctl's: `-H` would have root's ssh go where somebody likes.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const src = fileURLToPath(new URL("../../src", import.meta.url));

/** From the word to the end of its statement. */
const callsIn = (text: string): readonly string[] =>
  [...text.matchAll(/(?:"systemctl", ?|\bsystemctl\()([^;]*);/g)].map((match) => match[1] ?? "");

it("every unit stands behind `--`", () => {
  const calls = readdirSync(src, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts"))
    .flatMap((path) => callsIn(readFileSync(join(src, path), "utf8")).map((call) => `${path}: ${call}`));
  const withUnit = calls.filter((call) => /\b(?:unit|timer|service)\b/.test(call.replace(/^.*?: /, "")));
  expect(withUnit.length).toBeGreaterThan(10);
  expect(withUnit.filter((call) => !call.includes('"--"'))).toEqual([]);
});
