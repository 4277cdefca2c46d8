// docs/dns-providers.md is true: a section for every provider, a row for every setting, examples that the program takes.
import { describe, expect, it } from "vitest";
import { readUpdaterFile } from "../../src/config/secrets.ts";
import { updaters } from "../../src/dns/updaters/index.ts";
import { apiDeps } from "../contract/api-updater.ts";
import { readMarkdown } from "./markdown.ts";

const sections = (file: string, mark: string): ReadonlyMap<string, string> =>
  new Map(
    readMarkdown(file)
      .split(new RegExp(`^${mark} `, "m"))
      .slice(1)
      .map((section) => [/^[\w-]+/.exec(section)?.[0] ?? "", section]),
  );
const pages = new Map([...sections("docs/dns.md", "###"), ...sections("docs/dns-providers.md", "##")]);

describe.each(Object.entries(updaters))("%s", (provider, entry) => {
  const section = pages.get(provider) ?? "";

  it("has a section with a row for each setting, and no other", () => {
    const rows = [...section.matchAll(/^\| `(\w+)` +\|/gm)].map(([, key = ""]) => key);
    expect(rows.toSorted()).toEqual(Object.keys(entry.settings).toSorted());
  });

  // The example of rfc2136 is further up on its page.
  if (provider !== "rfc2136")
    it("has an example that the program takes", async () => {
      const example =
        /```yaml\n(# \/etc\/mailcert\/secrets\/[\w-]+\.yaml, mode 0600\n.*?)```/s.exec(section)?.[1] ?? "";
      const file = readUpdaterFile({ path: "example.yaml", text: example }, "other", updaters);
      expect(file.provider).toBe(provider);
      expect((await entry.load())(file.settings, apiDeps())).toHaveProperty("add");
    });
});
