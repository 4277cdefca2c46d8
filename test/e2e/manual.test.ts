// The manual pages in the programs that show them: no warning of groff, man or mandoc, and each page is found by its name and by what it is about.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type MailHost, startMailHost } from "../lab/mail-host.ts";

const folder = join(import.meta.dirname, "../../docs/man");
const pages = readdirSync(folder);

let host: MailHost;

beforeAll(async () => {
  host = await startMailHost({ suite: "trixie", shells: true });
  for (const page of pages)
    await host.write(`/usr/share/man/man${page.at(-1) ?? ""}/${page}`, readFileSync(join(folder, page)));
});

afterAll(() => host.stop());

const silent = { status: 0, stdout: "", stderr: "" };

test("groff, man and mandoc have nothing to say of them", async () => {
  expect(pages.length).toBeGreaterThan(20);
  const each = (command: string): string =>
    `cd /usr/share/man && for page in man?/mailcert*; do ${command} || exit; done`;
  expect(await host.exec(each("groff -man -Tutf8 -ww -K utf8 $page >/dev/null"))).toMatchObject(silent);
  expect(await host.exec(each("man --warnings -E UTF-8 -l $page >/dev/null"))).toMatchObject(silent);
  expect(await host.exec(each("mandoc -T lint -W style $page"))).toMatchObject(silent);
});

test("they are found, and the words of a line fit 80 columns", async () => {
  const shown = await host.must("man mailcert verify | cat", { env: { MANWIDTH: "80" } });
  expect(shown).toMatch(/^MAILCERT-VERIFY\(1\) /);
  expect(shown).toContain("       --only-ca FILE\n              trust nothing else (repeatable)\n");
  const settings = await host.must("man 5 mailcert.yaml | cat", { env: { MANWIDTH: "80" } });
  expect(settings).toContain(
    "       reuse_key (default: true)\n              Whether a renewal keeps the private key.",
  );
  // But for examples, which stay on one line.
  const wide = (text: string): readonly string[] =>
    (text.split("\nEXAMPLES\n")[0] ?? "").split("\n").filter((line) => line.length > 80);
  expect(wide(shown)).toEqual([]);
  expect(wide(settings)).toEqual([]);
  const about = await host.must("cd /usr/share/man && lexgrog man?/mailcert*");
  for (const page of pages) expect(about).toMatch(new RegExp(`${page}: "${page.replace(/\.\d$/, "")} - \\w`));
});
