// What `bundle` says of what it wrote: never a command that cannot work, never a file that is not there.
import { describe, expect, test } from "vitest";
import { bundleDocument, bundleText } from "../../src/reports/bundle.ts";
import type { BundleResult } from "../../src/usecases/bundle.ts";
import { complaints } from "../docs/schemas.ts";

const result = (more: Partial<BundleResult> = {}): BundleResult => ({
  certificate: "mail.example.org",
  dir: "/srv/mail",
  dryRun: false,
  imports: "root",
  fingerprint: { title: "example.org CA", sha256: "ab".repeat(32), sha1: "cd".repeat(20) },
  files: [],
  ...more,
});
const flat = (text: string): string => text.replaceAll(/\s+/g, " ");

describe("names that the certificate lacks", () => {
  const account = { domain: "example.net", login: "address", proven: [], unproven: [], omitted: [] } as const;
  const missing = ["autoconfig.example.net"];

  test("a command that adds them", () => {
    const given = result({ account: { ...account, names: { missing, add: "mailcert setup a b" } } });
    expect(bundleText(given)).toContain("\n  mailcert setup a b\n");
    expect(complaints(bundleDocument(given))).toEqual([]);
  });

  test("where the authority may not certify them: the domain's own web server, or another root", () => {
    const limited = { to: ["example.org"], widen: "mailcert ca rotate default --ca-domains example.org,example.net" };
    const given = result({ account: { ...account, names: { missing, limited } } });
    expect(flat(bundleText(given))).toContain("and cannot have: its authority is limited to example.org. Publish");
    expect(bundleText(given)).toContain(`\n  ${limited.widen})`);
    expect(bundleText(given)).not.toContain("mailcert setup");
    expect(complaints(bundleDocument(given))).toEqual([]);
  });
});

describe("what to do next", () => {
  const file = (path: string) => ({ path, summary: "said of it", change: "written" }) as const;

  test("whoever tells people what to click is named where it is there", () => {
    const both = result({ files: [file("README.txt"), file("index.html")] });
    expect(flat(bundleText(both))).toContain("index.html, or README.txt in plain text, tells each of them");
    expect(flat(bundleText(result({ files: [file("README.txt")] })))).toContain("publish it: README.txt tells each");
    const neither = flat(bundleText(result({ files: [file("account.mobileconfig")] })));
    expect(neither).toContain("is not made by this run: mailcert bundle --format readme page");
    expect(neither).not.toMatch(/index\.html|README\.txt/);
  });
});
