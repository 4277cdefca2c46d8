// The page for clients as people meet it: in each language and scheme, on each system, on a phone, on paper, without scripts; nothing leaves it.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import axe from "axe-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { languages } from "../../src/bundles/page-text.ts";
import { bundleOf, pageMaterial, publishedAt } from "../fakes/client-page.ts";
import { pixelsOf } from "../fakes/png.ts";
import { type Agent, type Browser, type LookOptions, type Page, startBrowser } from "../lab/browser.ts";
import { readQr } from "../fakes/qr-reader.ts";
import { type Contrast, leastContrast } from "../lab/contrast.ts";
import { type MailHost, startMailHost } from "../lab/mail-host.ts";

const situations = ["private-ca", "self-signed", "public"] as const;
const schemes = ["light", "dark"] as const;
/** Of formats that this checkout may lack: the page links to whatever it is told of. */
const more = ["install-windows.cmd", "account.mobileconfig", "install-linux.sh", "policies.json"];
const fileOf = (situation: (typeof situations)[number]): string => `/tmp/page/${situation}/index.html`;

const chrome = (system: string): string =>
  `Mozilla/5.0 (${system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36`;
const safari = (system: string): string =>
  `Mozilla/5.0 (${system}) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15`;
const mac = "Macintosh; Intel Mac OS X 10_15_7";
const agents: Readonly<Record<string, Agent & { readonly sees: string }>> = {
  "Windows, Edge": {
    userAgent: chrome("Windows NT 10.0; Win64; x64"),
    platform: "Win32",
    hinted: "Windows",
    sees: "windows",
  },
  "Windows, Firefox": {
    userAgent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0",
    platform: "Win32",
    sees: "windows",
  },
  "macOS, Safari": { userAgent: safari(mac), platform: "MacIntel", sees: "macos" },
  "macOS, Chrome": { userAgent: chrome(mac), platform: "MacIntel", hinted: "macOS", sees: "macos" },
  "iPhone, Safari": {
    userAgent: `${safari("iPhone; CPU iPhone OS 18_6 like Mac OS X")} Mobile/15E148`,
    platform: "iPhone",
    touchPoints: 5,
    sees: "ios",
  },
  "iPad, which says that it is a Mac": { userAgent: safari(mac), platform: "MacIntel", touchPoints: 5, sees: "ios" },
  "Android, Chrome": {
    userAgent: chrome("Linux; Android 10; K"),
    platform: "Linux armv81",
    hinted: "Android",
    touchPoints: 5,
    sees: "android",
  },
  "Android, Firefox": {
    userAgent: "Mozilla/5.0 (Android 16; Mobile; rv:145.0) Gecko/145.0 Firefox/145.0",
    platform: "Linux aarch64",
    touchPoints: 5,
    sees: "android",
  },
  "Linux, Firefox": {
    userAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
    platform: "Linux x86_64",
    sees: "linux",
  },
};
const agentNamed = (name: string): Agent => agents[name] ?? { userAgent: "", platform: "" };

let host: MailHost;
let browser: Browser;
beforeAll(async () => {
  host = await startMailHost({ suite: "trixie", browser: true });
  browser = startBrowser(host);
  for (const situation of situations) {
    const { files } = await bundleOf(await pageMaterial(situation), situation === "private-ca" ? more : []);
    for (const { path, content } of files) await host.write(fileOf(situation).replace("index.html", path), content);
  }
});
afterAll(() => host.stop());

const open = (situation: (typeof situations)[number], options?: LookOptions): Promise<Page> =>
  browser.open(fileOf(situation), options);

const shown = `[...document.querySelectorAll(".language")].filter((one) => one.checkVisibility()).map((one) => one.lang)`;
const openAll = `document.querySelectorAll("details").forEach((one) => { one.open = true; })`;

interface Violation {
  readonly id: string;
  readonly nodes: readonly string[];
}
const axeRun = `(${JSON.stringify("")}, axe.run(document, { resultTypes: ["violations", "incomplete"] }).then(({ violations, incomplete }) =>
  [...violations, ...incomplete.filter(({ id }) => id !== "color-contrast")].map(({ id, nodes }) => ({ id, nodes: nodes.map(({ html }) => html.slice(0, 120)) }))))`;

describe.each(situations)("%s", (situation) => {
  describe.each(languages)("%s", (language) => {
    test.each(schemes)("%s: axe finds nothing, every text can be read, nothing is asked for", async (scheme) => {
      const page = await open(situation, { scheme, languages: language, agent: agentNamed("Linux, Firefox") });
      expect(await page.evaluate(shown)).toEqual([language]);
      expect(await page.evaluate("[document.documentElement.lang, document.title]")).toEqual([
        language,
        await page.evaluate(`document.querySelector("#${language} h1").innerText`),
      ]);
      await page.evaluate(openAll);
      const least = await page.evaluate<Contrast>(leastContrast);
      expect(least.texts).toBeGreaterThan(40);
      expect(least.ratio, least.words).toBeGreaterThanOrEqual(4.5);
      await page.evaluate(`${axe.source}; 0`);
      expect(await page.evaluate<readonly Violation[]>(axeRun)).toEqual([]);
      expect(page.requests).toEqual([`file://${fileOf(situation)}`]);
    });

    test.each([320, 390])("on a phone of %i pixels nothing has to be moved sideways", async (width) => {
      const page = await open(situation, { width, height: 700, languages: language });
      await page.evaluate(openAll);
      expect(await page.evaluate("[document.documentElement.scrollWidth, innerWidth]")).toEqual([width, width]);
    });
  });
});

test.each(Object.keys(agents))("%s: its steps come first and are open, the others are below", async (name) => {
  const page = await open("private-ca", { agent: agentNamed(name), languages: "en" });
  const seen = await page.evaluate<readonly (readonly [string, boolean, boolean])[]>(
    `[...document.querySelectorAll("#en .system")].map((one) => [one.dataset.system, one.open, one.querySelector(".here").checkVisibility()])`,
  );
  const own = agents[name]?.sees ?? "";
  const others = ["windows", "macos", "ios", "android", "linux"].filter((system) => system !== own);
  expect(seen).toEqual([[own, true, true], ...others.map((system) => [system, false, false])]);
});

describe("languages", () => {
  test.each([
    ["de-AT,en;q=0.5", "de"],
    ["fr-CA", "fr"],
    ["pt,fr;q=0.8,en;q=0.5", "fr"],
    ["ja", "en"],
  ])("%s is shown %s", async (wish, language) => {
    const page = await open("private-ca", { languages: wish });
    expect(await page.evaluate(shown)).toEqual([language]);
  });

  test("a click changes the language, and the keyboard reaches it", async () => {
    const page = await open("private-ca", { languages: "en" });
    await page.evaluate(`document.querySelector('#en nav a[hreflang="de"]').click()`);
    expect(await page.evaluate(shown)).toEqual(["de"]);
    expect(await page.evaluate("[document.documentElement.lang, document.activeElement.id || 'de']")).toEqual([
      "de",
      "de",
    ]);
    const reached = `[...document.querySelectorAll("#de a[href], #de summary")].every((one) => one.tabIndex === 0)`;
    expect(await page.evaluate(reached)).toBe(true);
  });

  test("without scripts everything is shown in English, and a link still changes the language", async () => {
    const plain = await open("private-ca", { scripts: false, languages: "de" });
    expect(await plain.evaluate(shown)).toEqual(["en"]);
    const closed = `[...document.querySelectorAll("#en details")].filter((one) => !one.open).length`;
    expect(await plain.evaluate(closed)).toBe(0);
    const german = await open("private-ca", { scripts: false, languages: "en", fragment: "#de" });
    expect(await german.evaluate(shown)).toEqual(["de"]);
  });
});

test("a phone's camera reads the address from the screen, in the dark too", async () => {
  for (const scheme of schemes) {
    const page = await open("private-ca", { scheme, languages: "en", width: 1200, height: 900 });
    expect(readQr(pixelsOf(await page.look()))).toBe(publishedAt);
  }
});

test("each link leads to a file that is there, and the certificate inside the page is the one beside it", async () => {
  const page = await open("private-ca", { languages: "en" });
  const links = await page.evaluate<readonly string[]>(
    `[...document.querySelectorAll("a[download], a.file")].map((one) => one.getAttribute("href"))`,
  );
  const inside = links.filter((link) => link.startsWith("data:"));
  expect(inside).toHaveLength(languages.length);
  const pem = Buffer.from(inside[0]?.split(",")[1] ?? "", "base64").toString();
  expect(pem).toBe(await host.read("/tmp/page/private-ca/ca.crt"));
  const others = new Set(links.filter((link) => !link.startsWith("data:") && !more.includes(link)));
  expect(others.size).toBeGreaterThanOrEqual(4);
  for (const link of others) await host.must(["test", "-s", `/tmp/page/private-ca/${link}`]);
});

test("on paper: black on white, every device's steps, whatever was closed", async () => {
  const page = await open("private-ca", {
    scheme: "dark",
    media: "print",
    languages: "de",
    agent: agentNamed("macOS, Safari"),
  });
  expect(await page.evaluate("getComputedStyle(document.body).backgroundColor")).toBe("rgb(255, 255, 255)");
  await host.write("/tmp/page.pdf", await page.pdf());
  const paper = (await host.must("pdftotext -layout /tmp/page.pdf -")).replaceAll(/\s+/g, " ");
  for (const words of ["Zuerst den Fingerabdruck", "Zertifikatsvertrauenseinstellungen", "install-linux.sh", "993"])
    expect(paper).toContain(words);
  expect(await host.must("pdfinfo /tmp/page.pdf")).toMatch(/^Pages: +[1-6]$/m);
});

/** Kept in the manual: MAILCERT_WRITE_DOCS=1 writes them. */
const pictures: Readonly<Record<string, LookOptions>> = {
  "client-page-desktop-light": { width: 1100, height: 900, agent: agentNamed("Windows, Edge"), languages: "en" },
  "client-page-desktop-dark": {
    width: 1100,
    height: 900,
    scheme: "dark",
    agent: agentNamed("Linux, Firefox"),
    languages: "fr",
  },
  "client-page-phone-light": { width: 390, height: 844, agent: agentNamed("iPhone, Safari"), languages: "de" },
  "client-page-phone-dark": {
    width: 390,
    height: 844,
    scheme: "dark",
    agent: agentNamed("Android, Chrome"),
    languages: "en",
  },
};

test.each(Object.entries(pictures))("%s: a picture for the manual", async (name, options) => {
  const page = await open("private-ca", options);
  if (options.width === 390)
    await page.evaluate(
      `document.querySelector("#${options.languages} .system").scrollIntoView({ behavior: "instant" })`,
    );
  const png = await page.look();
  expect(png.length).toBeLessThan(120_000);
  if (process.env["MAILCERT_WRITE_DOCS"] !== "1") return;
  const folder = join(import.meta.dirname, "../../docs/images");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.png`), png);
});
