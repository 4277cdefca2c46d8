// The HTML report as a browser shows it, without any network: nothing is fetched, light and dark can be read, a phone is wide enough, paper has it all.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { verifyHtmlView } from "../../src/reports/verify-html.ts";
import { createTemplates } from "../../src/system/templates.ts";
import { hostile } from "../fakes/verify-result.ts";
import { type Browser, type LookOptions, type Page, startBrowser } from "../lab/browser.ts";
import { type Contrast, leastContrast } from "../lab/contrast.ts";
import { type MailHost, startMailHost } from "../lab/mail-host.ts";

const name = "mail.example.org";
const testFolder = join(import.meta.dirname, "..");
const templates = createTemplates(join(testFolder, "../templates"));
const golden = (result: string): string =>
  readFileSync(join(testFolder, `reports/golden/verify-${result}-html.html`), "utf8");

/** Where each page lies in the host: Debian's own certificate, our own one, and results that no lab brings about. */
const pages = {
  wrong: "/tmp/wrong.html",
  well: "/tmp/well.html",
  mixed: "/tmp/mixed.html",
  hostile: "/tmp/hostile.html",
};
type Name = keyof typeof pages;
const names = Object.keys(pages) as readonly Name[];

let host: MailHost;
let browser: Browser;
beforeAll(async () => {
  host = await startMailHost({ suite: "trixie", browser: true });
  browser = startBrowser(host);
  await Promise.all([host.startDovecot(), host.startPostfix()]);
  const report = (file: string) => host.mailcert(["verify", name, "--format", "html", "--output", file]);
  await report(pages.wrong);
  expect((await host.mailcert(["setup", name, "--yes"])).status).toBe(0);
  expect((await report(pages.well)).status).toBe(0);
  await host.write(pages.mixed, golden("mixed"));
  const view = verifyHtmlView(hostile) as Readonly<Record<string, unknown>>;
  await host.write(pages.hostile, templates("verify-report.html", view, "html"));
});
afterAll(() => host.stop());

const open = (page: Name, options?: LookOptions): Promise<Page> => browser.open(pages[page], options);

const background = "getComputedStyle(document.body).backgroundColor";

describe("the measures", () => {
  test("see a request, grey on grey, and a line that is too long", async () => {
    const bad = `<body style="background:#fff"><img src="http://127.0.0.1:1/x.png"><p style="color:#888;background:#777;white-space:nowrap">${"long ".repeat(200)}</p>`;
    await host.write("/tmp/bad.html", bad);
    const page = await browser.open("/tmp/bad.html", { width: 390 });
    expect(page.requests).toEqual(["file:///tmp/bad.html", "http://127.0.0.1:1/x.png"]);
    expect((await page.evaluate<Contrast>(leastContrast)).ratio).toBeLessThan(1.5);
    expect(await page.evaluate<number>("document.documentElement.scrollWidth")).toBeGreaterThan(390);
  });
});

/** How many cards stand below each heading. */
const cards =
  "Object.fromEntries([...document.querySelectorAll('section')].map((one) => [one.querySelector('h2').innerText, one.querySelectorAll('.card').length]))";

describe.each(names)("%s", (which) => {
  test.each(["light", "dark"] as const)(
    "%s: nothing but the page itself is asked for, and every text can be read",
    async (scheme) => {
      const page = await open(which, { scheme });
      expect(page.requests).toEqual([`file://${pages[which]}`]);
      const [red = 0, green = 0, blue = 0] = (await page.evaluate<string>(background)).match(/\d+/g)?.map(Number) ?? [];
      const bright = red + green + blue;
      if (scheme === "light") expect(bright).toBeGreaterThan(720);
      else expect(bright).toBeLessThan(120);
      const least = await page.evaluate<Contrast>(leastContrast);
      expect(least.texts).toBeGreaterThan(40);
      expect(least.ratio, least.words).toBeGreaterThanOrEqual(4.5);
    },
  );

  test("on a phone nothing has to be moved sideways", async () => {
    const page = await open(which, { width: 390, height: 844 });
    expect(await page.evaluate("[document.documentElement.scrollWidth, innerWidth]")).toEqual([390, 390]);
  });

  test("on paper: black on white, also where the screen is dark, with every word", async () => {
    const page = await open(which, { scheme: "dark", media: "print" });
    expect(await page.evaluate(background)).toBe("rgb(255, 255, 255)");
    expect((await page.evaluate<Contrast>(leastContrast)).ratio).toBeGreaterThanOrEqual(4.5);
    await host.write("/tmp/page.pdf", await page.pdf());
    const words = (text: string): string => text.replaceAll(/\s/g, "");
    const paper = words(await host.must("pdftotext -layout /tmp/page.pdf -"));
    const messages = await page.evaluate<readonly string[]>(
      "[...document.querySelectorAll('h1, h2, .message')].map((one) => one.innerText)",
    );
    expect(messages.length).toBeGreaterThan(2);
    if (which !== "hostile") for (const message of messages) expect(paper).toContain(words(message));
    expect(await host.must("pdfinfo /tmp/page.pdf")).toMatch(/^Pages: +[1-9]$/m);
  });
});

test("what is wrong comes first, and what is well says so", async () => {
  const [wrong, well] = await Promise.all([open("wrong"), open("well")]);
  const found = await wrong.evaluate<Readonly<Record<string, number>>>(cards);
  expect(Object.keys(found)).toEqual(["What is wrong", "Entry points", "Certificates", "Good to know"]);
  // Debian's own certificate: self-signed, for ten years.
  expect(
    await wrong.evaluate("[...document.querySelectorAll('#wrong ~ ul h3 code')].map((one) => one.innerText)"),
  ).toEqual(["cert-trust", "cert-life"]);
  expect(found["Good to know"]).toBeGreaterThan(0);
  expect(Object.keys(await well.evaluate<object>(cards))).toEqual(["Entry points", "Certificates", "Good to know"]);
  expect(await well.evaluate("document.querySelector('.summary').className")).toBe("summary ok");
});
