// A program's words about a configuration: what it quotes from a file that not everybody may read is left out, its place stays.
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { sayable } from "../../src/servers/program.ts";

let dir: string;
const file = (name: string, mode: number): string => {
  writeFileSync(join(dir, name), "");
  chmodSync(join(dir, name), mode);
  return join(dir, name);
};
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "mailcert-sayable-"));
  chmodSync(dir, 0o755);
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

it("of files that everybody reads all is said, of others the place alone: HAProxy's, nginx's and Cyrus's way to name it", async () => {
  const open = file("open.cfg", 0o644);
  const closed = file("closed.cfg", 0o640);
  const said = (where: string) => `${where} : unknown keyword 'SECRET'`;
  expect(await sayable(said(`[${open}:3]`), [open])).toBe(said(`[${open}:3]`));
  for (const words of [
    said(`[${closed}:3]`),
    `unknown directive "SECRET" in ${closed}:3`,
    `invalid option name SECRET on line 3 of configuration file ${closed}`,
    `"${closed}" line 3: "SECRET"`,
  ])
    expect(await sayable(words, [closed])).toBe(
      `${closed} line 3, in words that are left out here: not everybody may read ${closed}`,
    );
  expect(await sayable(`${closed}: SECRET`, [closed])).toBe(
    `${closed}, in words that are left out here: not everybody may read ${closed}`,
  );
  // One that a file of everybody's includes, and a key whose path alone is named.
  expect(await sayable(`unknown directive "SECRET" in ${closed}:3`, [open])).not.toContain("SECRET");
  expect(await sayable(`cannot load certificate "${closed}"`, [open])).toBe(`cannot load certificate "${closed}"`);
  expect(await sayable("no such file", [join(dir, "none")])).toBe("no such file");
  // Behind a folder that is shut it is as closed.
  chmodSync(dir, 0o700);
  expect(await sayable(said(`[${open}:3]`), [open])).not.toContain("SECRET");
});
