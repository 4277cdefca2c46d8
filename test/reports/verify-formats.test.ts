// The forms of verify's report: golden files for a result that has everything in it, and hostile texts in every one of them.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { readCertificate } from "../../src/domain/certificate.ts";
import { type ReportFormat, type ReportTerms, verifyReports } from "../../src/reports/verify-reports.ts";
import { createTemplates } from "../../src/system/templates.ts";
import { complaints } from "../docs/schemas.ts";
import { day, issue } from "../fakes/pki.ts";
import { hostile, mixed, nasty, sound, verifiedEntry, verifyResult } from "../fakes/verify-result.ts";
import type { VerifyResult } from "../../src/domain/verify-result.ts";

const templates = createTemplates(join(import.meta.dirname, "../../templates"));
const terms: ReportTerms = {
  text: { color: false, width: 80 },
  limits: "share",
  renderHtml: async (file, view) => templates(file, view as Readonly<Record<string, unknown>>, "html"),
};
const report = async (format: ReportFormat, result: VerifyResult): Promise<string> =>
  verifyReports[format](result, terms);

const formats = Object.keys(verifyReports) as readonly ReportFormat[];
const endings: Partial<Record<ReportFormat, string>> = { prometheus: "prom", junit: "xml", nagios: "txt", text: "txt" };

describe("golden", () => {
  test.each(formats.flatMap((format) => [["mixed", format] as const, ["sound", format] as const]))(
    "%s as %s",
    async (name, format) => {
      const path = join(import.meta.dirname, "golden", `verify-${name}-${format}.${endings[format] ?? format}`);
      const text = `${await report(format, name === "mixed" ? mixed : sound)}\n`;
      // As with the scenes of the command line: read the difference before you commit it.
      if (process.env["MAILCERT_WRITE_SCENES"] === "1") writeFileSync(path, text);
      expect(text).toBe(readFileSync(path, "utf8"));
    },
  );
});

describe("what a server said cannot leave its place", () => {
  // From a real certificate: what its writer chose goes through the reader of names.
  let certified: VerifyResult;
  beforeAll(async () => {
    const leaf = await issue({
      names: ["mail.example.org"],
      subject: `CN=${nasty.replace(/[\u0000-\u001f\ud800\ufffe]/g, "").replace(/[\\",+;<>=#]/g, "\\$&")}`,
      notAfter: new Date(Date.now() + 30 * day),
    });
    certified = verifyResult([verifiedEntry({ entry: {}, chain: [readCertificate(leaf.der)] })]);
  });

  test.each(formats.filter((format) => format !== "text" && format !== "json"))(
    "%s has no control character but line ends",
    async (format) => {
      for (const result of [hostile, certified]) {
        const text = await report(format, result);
        expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f]/);
        expect(text).toContain("example.org");
      }
    },
  );

  test("the certificate's name is in the page, and is no markup", async () => {
    const page = await report("html", certified);
    expect(page).toContain("&lt;script&gt;alert");
    expect(page).not.toContain("<script");
    expect(page).not.toContain("<!--");
  });
});

describe("html", () => {
  test("nothing of it lies elsewhere: it can be mailed, kept and opened without a network", async () => {
    for (const result of [mixed, sound, hostile]) {
      const page = await report("html", result);
      // Texts of others are no markup: what is left are the elements of the template.
      const markup = page.match(/<[^>]*>/g)?.join("\n") ?? "";
      const style = /<style>(.*?)<\/style>/s.exec(page)?.[1] ?? "";
      expect(style.length).toBeGreaterThan(100);
      expect(style).not.toMatch(/url\(|@import|@font-face|expression/i);
      expect(markup).not.toMatch(/\s(?:src|srcset|data|action|poster|background|style|on\w+)=/i);
      expect(markup).not.toMatch(/<(?:link|script|img|iframe|object|embed|base|form|svg)\b/i);
      for (const [, target = ""] of markup.matchAll(/href="([^"]*)"/g)) expect(target).toMatch(/^#certificate-\d+$/);
    }
  });

  test("a narrow screen gets each entry point as a card, with the names of the columns beside the values", async () => {
    const page = await report("html", mixed);
    expect(page).toContain('<meta name="viewport" content="width=device-width, initial-scale=1">');
    const narrow = /@media screen and \(max-width: 46rem\) \{(.*?)\n\}/s.exec(page)?.[1] ?? "";
    expect(narrow).toContain("td::before { content: attr(data-label)");
    const cells = page.match(/<td\b[^>]*>/g) ?? [];
    expect(cells.length).toBe(7 * mixed.entries.length);
    for (const cell of cells) expect(cell).toMatch(/data-label="[A-Z][^"]*"/);
  });
});

describe("ndjson", () => {
  const lines = async (result: VerifyResult): Promise<readonly Record<string, unknown>[]> =>
    (await report("ndjson", result)).split("\n").map((line) => JSON.parse(line) as Record<string, unknown>);

  test("a line for each entry point as in the whole document, and one about the whole; each keeps its schema", async () => {
    for (const result of [mixed, sound]) {
      const all = await lines(result);
      expect(all.flatMap(complaints)).toEqual([]);
      const { entries, findings, ...whole } = JSON.parse(await report("json", result)) as Record<string, unknown[]>;
      expect(all.slice(0, -1)).toEqual(
        entries?.map((entry) => ({ schema: "mailcert.verify-entry/1", ...(entry as object) })),
      );
      expect(all.at(-1)).toEqual({
        ...whole,
        schema: "mailcert.verify-summary/1",
        entries: result.entries.length,
        findings,
      });
    }
  });

  test("the schemas take nothing else", async () => {
    const [entry = {}] = await lines(sound);
    const last = (await lines(sound)).at(-1) ?? {};
    expect(complaints({ ...entry, extra: 1 })).toHaveLength(1);
    expect(complaints({ ...entry, mode: "plain" })).toHaveLength(1);
    expect(complaints({ ...last, extra: 1 })).toHaveLength(1);
    const { ok: _ok, ...without } = last;
    expect(complaints(without)).toHaveLength(1);
  });

  test("a line stays a line, whatever is in it", async () => {
    expect(await lines(hostile)).toHaveLength(hostile.entries.length + 1);
  });
});
