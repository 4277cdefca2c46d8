// The generated pages say what the program does now; `npm run docs` writes them.
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { renderAgreement } from "./render-agreement.ts";
import { renderChecks } from "./render-checks.ts";
import { renderClients } from "./render-clients.ts";
import { withTables } from "./render-troubleshooting.ts";
import { renderCommandPages } from "./render-commands.ts";
import { renderManPages } from "./render-man.ts";

const docs = join(import.meta.dirname, "../../docs");
/** Nothing but generated pages. */
const folders = ["commands", "man"];
const writes = process.env["MAILCERT_WRITE_DOCS"] === "1";

const pages = new Map([
  ["agreement.md", renderAgreement()],
  ["checks.md", renderChecks()],
  ["what-clients-say.md", renderClients()],
  ["troubleshooting.md", withTables(readFileSync(join(docs, "troubleshooting.md"), "utf8"))],
]);
for (const [file, text] of await renderCommandPages()) pages.set(`commands/${file}`, text);
for (const [file, text] of await renderManPages()) pages.set(`man/${file}`, text);

if (writes) {
  for (const folder of folders) {
    mkdirSync(join(docs, folder), { recursive: true });
    for (const file of readdirSync(join(docs, folder)))
      if (!pages.has(`${folder}/${file}`)) rmSync(join(docs, folder, file));
  }
  for (const [file, text] of pages) writeFileSync(join(docs, file), text);
}

describe("generated pages", () => {
  it.each([...pages])("%s is up to date (npm run docs)", (file, text) => {
    expect(readFileSync(join(docs, file), "utf8")).toBe(text);
  });

  it.each(folders)("there is no page of a command that is gone in %s", (folder) => {
    const expected = [...pages.keys()]
      .filter((file) => file.startsWith(`${folder}/`))
      .map((file) => file.slice(folder.length + 1));
    expect(readdirSync(join(docs, folder)).toSorted()).toEqual(expected.toSorted());
  });

  it("every command's page shows examples and exit statuses", () => {
    for (const [file, text] of pages) {
      if (!file.startsWith("commands/") || file.endsWith("README.md")) continue;
      expect(text.match(/^ {2}mailcert \S+/gm)?.length ?? 0, file).toBeGreaterThanOrEqual(2);
      expect(text, file).toMatch(/^Exit status:\n {2}0 /m);
    }
  });
});
