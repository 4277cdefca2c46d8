// The page for clients without a browser: what it says in each situation, what it links to, that nobody's name breaks out of it.
import { createHash } from "node:crypto";
import { array, assert, asyncProperty, constantFrom, oneof, string } from "fast-check";
import { describe, expect, test } from "vitest";
import type { BundleMaterial } from "../../src/bundles/bundle.ts";
import { bundles } from "../../src/bundles/index.ts";
import { page } from "../../src/bundles/page.ts";
import { qrPath } from "../../src/bundles/page-qr.ts";
import { settingsRows } from "../../src/bundles/page-settings.ts";
import { languages } from "../../src/bundles/page-text.ts";
import { bundleFormatNames } from "../../src/domain/bundle-formats.ts";
import { bundleContract } from "../contract/bundle.ts";
import { bundleOf, pageMaterial, publishedAt, render } from "../fakes/client-page.ts";
import { issue } from "../fakes/pki.ts";
import { readQr } from "../fakes/qr-reader.ts";
import { called } from "./made.ts";

bundleContract("page", bundles.page, render, { "private-ca": 1, "self-signed": 1, public: 1 });

const made = (given: BundleMaterial): string => String(page(given, render)[0]?.content);

/** What stands in one language, without its markup. */
const textOf = (html: string, language: string): string => {
  const part = html.split('<div class="language').find((one) => one.includes(`id="${language}"`)) ?? "";
  return part
    .replace(/<script>[^]*/, "")
    .replace(/<[^>]*>/g, "")
    .replaceAll("&#39;", "'")
    .replaceAll("&quot;", '"')
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&")
    .replace(/\s+/g, " ");
};

const linksOf = (html: string): readonly string[] => [
  ...new Set([...html.matchAll(/<a [^>]*href="([^"]*)"/g)].map(([, href]) => href ?? "")),
];
const filesIn = (html: string): readonly string[] => linksOf(html).filter((href) => !/^(?:#|data:|https:)/.test(href));

test("it is the last format, so that it knows what all others made", () => {
  expect(bundleFormatNames.at(-1)).toBe("page");
});

describe("what fits", () => {
  test("private CA: fingerprints of the root, whom it can vouch for, what will never work", async () => {
    const given = await pageMaterial("private-ca");
    const html = made(given);
    const print = createHash("sha256").update(
      Buffer.from(given.root?.replace(/-----[^-]+-----|\s/g, "") ?? "", "base64"),
    );
    const rows = print.digest("hex").toUpperCase().match(/.{8}/g) ?? [];
    expect(rows).toHaveLength(8);
    for (const language of languages) {
      const text = textOf(html, language);
      for (const row of rows) expect(text).toContain(row.replace(/..(?=.)/g, "$& "));
      expect(text).toContain("Mail CA of example.org");
      expect(text).toContain("Gmail");
    }
    expect(textOf(html, "en")).toContain("can vouch for example.org and names under it only");
    expect(textOf(html, "en")).toContain("Valid from 20 November 2026 to 17 November 2036.");
    expect(textOf(html, "de")).toContain("Gültig vom 20. November 2026 bis zum 17. November 2036.");
    expect(textOf(html, "fr")).toContain("Valable du 20 novembre 2026 au 17 novembre 2036.");
  });
  test("a root that nothing limits says so", async () => {
    const root = await issue({ subject: "CN=Any", ca: true });
    const html = made({ ...(await pageMaterial("private-ca")), root: root.pem });
    expect(textOf(html, "en")).toContain("not limited to certain names");
    expect(textOf(html, "en")).not.toContain("can vouch for ");
  });
  test("a rotated CA: both fingerprints, and until when the older one counts", async () => {
    const older = await issue({ subject: "CN=Before", ca: true, notAfter: new Date("2027-03-01T00:00:00Z") });
    const { page: html } = await bundleOf({ ...(await pageMaterial("private-ca")), olderRoots: [older.pem] });
    expect(textOf(html, "en")).toContain("certificate from before, which ends on 1 March 2027");
    expect(textOf(html, "en")).toContain("do the same with ca-older.crt");
    expect(textOf(html, "fr")).toContain("expire le 1er mars 2027");
    // Where programs take them one by one, it can be had there: Windows, Mac, Android, Linux.
    expect(html.match(/href="ca-older\.crt"/g)?.length ?? 0).toBeGreaterThanOrEqual(4 * languages.length);
    expect(html.match(/class="octets"/g)).toHaveLength(4 * languages.length);
  });
  test("a CA that was rotated twice: every earlier root is offered where files have one each, and described", async () => {
    const roots = await Promise.all(
      ["Before", "Long before"].map((name) => issue({ subject: `CN=${name}`, ca: true })),
    );
    const given = { ...(await pageMaterial("private-ca")), olderRoots: roots.map(({ pem }) => pem) };
    const { page: html, files } = await bundleOf(given);
    expect(files.map(({ path }) => path)).toEqual(expect.arrayContaining(["ca-older.cer", "ca-older-2.cer"]));
    const offered = [...html.matchAll(/href="(ca-older[^"]*\.cer)"/g)].map(([, path]) => path);
    // Windows and Mac, beside one another, and the list of all files.
    const both = ["ca-older.cer", "ca-older-2.cer"];
    expect(offered).toHaveLength(6 * languages.length);
    expect(offered.slice(0, 4)).toEqual([...both, ...both]);
    expect(textOf(html, "en")).toContain("and then with ca-older-2 where there is one");
    const texts = [...html.matchAll(/href="(ca-older[^"]*\.crt)"/g)].map(([, path]) => path);
    // Each language: Thunderbird on Windows, Mac and Linux, Android, and the list of all files.
    expect(texts.filter((path) => path === "ca-older-2.crt").length).toBeGreaterThanOrEqual(5 * languages.length);
    expect(texts.slice(0, 2)).toEqual(["ca-older.crt", "ca-older-2.crt"]);
    const described = [...html.matchAll(/<a href="ca-older-2\.cer"[^>]*>[^<]*<\/a> <span>([^<]*)<\/span>/g)];
    expect(described.map(([, about]) => about)).toEqual(
      [...html.matchAll(/<a href="ca-older\.cer"[^>]*>[^<]*<\/a> <span>([^<]*)<\/span>/g)].map(([, about]) => about),
    );
    expect(described).toHaveLength(languages.length);
    expect([...filesIn(html)].sort()).toEqual(
      files
        .map(({ path }) => path)
        .filter((path) => path !== "index.html")
        .sort(),
    );
  });
  test("between a rotation and the renewal: the steps have the next root's files, and an iPhone's have both names", async () => {
    const newer = await issue({ subject: "CN=After", ca: true });
    const { page: html } = await bundleOf({ ...(await pageMaterial("private-ca")), newerRoot: newer.pem });
    expect(textOf(html, "en")).toContain("do the same once more with ca-newer.crt or ca-newer.cer");
    expect(textOf(html, "en")).toContain("switch on “Mail CA of example.org”, “After”");
    expect(textOf(html, "de")).toContain("„Mail CA of example.org“, „After“ einschalten");
    for (const file of ["ca-newer.crt", "ca-newer.cer"]) expect(html).toContain(`href="${file}"`);
  });
  test("self-signed: no authority to import, who takes it and who does not", async () => {
    const { page: html } = await bundleOf(await pageMaterial("self-signed"));
    const text = textOf(html, "en");
    expect(text).toContain("meant for a quick test");
    expect(text).toContain("Only an exception for each port works");
    expect([...filesIn(html)].sort()).toEqual(
      [
        "server.cer",
        "server.crt",
        "install-windows.cmd",
        "install-windows.ps1",
        "install-macos.sh",
        "truststore.p12",
        "README.txt",
      ].sort(),
    );
    expect(text).not.toMatch(/ca\.crt|mobileconfig|vouch for/);
  });
  test("public: nothing to import, no steps, the settings first", async () => {
    const { page: html } = await bundleOf(await pageMaterial("public"));
    for (const language of languages) expect(textOf(html, language)).not.toMatch(/ca\.crt|Thunderbird/);
    expect(textOf(html, "en")).toContain("There is nothing to import");
    expect(filesIn(html)).toEqual(["README.txt"]);
    expect(html).not.toContain("data:application");
    expect(html.indexOf("en-settings")).toBeLessThan(html.indexOf("en-compare"));
  });
  test("public, with a profile for the account: Apple's devices and no others", async () => {
    const { page: html } = await bundleOf(await pageMaterial("public"), ["account.mobileconfig"]);
    expect([...html.matchAll(/data-system="(\w+)"/g)].map(([, system]) => system)).toEqual(
      languages.flatMap(() => ["macos", "ios"]),
    );
  });
});

describe("links", () => {
  test("lead to what is there and to nothing else", async () => {
    const given = await pageMaterial("private-ca");
    const { page: html, files } = await bundleOf(given);
    const others = files.map(({ path }) => path).filter((path) => path !== "index.html");
    expect([...filesIn(html)].sort()).toEqual([...others].sort());
    const alone = made(given);
    expect(filesIn(alone)).toEqual([]);
    expect(linksOf(alone).filter((href) => href.startsWith("data:"))).toHaveLength(1);
    expect(alone).not.toMatch(/install-|mobileconfig/);
  });
  test("every file that a format makes is described in every language", async () => {
    for (const situation of ["private-ca", "self-signed", "public"] as const) {
      const { page: html, files } = await bundleOf(await pageMaterial(situation));
      const items = [...html.matchAll(/<li><a href="([^"#]*)"[^>]*>[^<]*<\/a>( <span>[^<]{8,}<\/span>)?\s*<\/li>/g)];
      expect(items).toHaveLength((files.length - 1) * languages.length);
      expect(items.filter(([, , about]) => about === undefined).map(([, path]) => path)).toEqual([]);
    }
  });
  test("a profile is opened, anything else is saved", async () => {
    const { page: html } = await bundleOf(await pageMaterial("private-ca"));
    expect(html).toMatch(/href="ca\.crt" download="ca\.crt"/);
    expect(html).not.toMatch(/href="ca\.mobileconfig" download/);
  });
});

describe("the account's settings", () => {
  test("both vocabularies, implicit TLS first, each once", () => {
    const at = (protocol: "imap" | "pop3" | "submission", mode: "implicit" | "starttls", port: number) => ({
      protocol,
      mode,
      port,
      host: "mail.xn--mnchen-3ya.example",
    });
    const entries = [
      at("submission", "starttls", 587),
      at("pop3", "implicit", 995),
      at("imap", "starttls", 143),
      at("imap", "implicit", 993),
      at("imap", "implicit", 993),
    ];
    const rows = settingsRows({ entries });
    expect(rows.map(({ protocol, port, label, old, best }) => [protocol, port, label, old, best])).toEqual([
      ["imap", 993, "SSL/TLS", "SSL", true],
      ["imap", 143, "STARTTLS", "TLS", false],
      ["pop3", 995, "SSL/TLS", "SSL", false],
      ["submission", 587, "STARTTLS", "TLS", true],
    ]);
    expect(rows[0]?.host).toBe("mail.münchen.example");
  });
  test("no service known: the page says so instead of guessing", async () => {
    const html = made({ ...(await pageMaterial("private-ca")), entries: [] });
    expect(textOf(html, "en")).toContain("No server for receiving mail was known");
    expect(textOf(html, "de")).toContain("kein Server zum Senden");
    expect(html).not.toContain("<table");
  });
});

/** A QR code's squares as pixels, four for each. */
const drawn = ({ size, path }: { readonly size: number; readonly path: string }) => {
  const width = size * 4;
  const data = new Uint8ClampedArray(width * width * 4).fill(255);
  for (const [, x, y, length] of path.matchAll(/M(\d+) (\d+)h(\d+)v1h-\d+z/g)) {
    for (let row = Number(y) * 4; row < Number(y) * 4 + 4; row += 1) {
      data.fill(0, (row * width + Number(x) * 4) * 4, (row * width + (Number(x) + Number(length)) * 4) * 4);
      for (let at = Number(x) * 4; at < (Number(x) + Number(length)) * 4; at += 1)
        data[(row * width + at) * 4 + 3] = 255;
    }
  }
  return { width, height: width, data };
};

describe("the QR code", () => {
  test.each([publishedAt, `https://mail.example.org/${"long/".repeat(50)}setup.html`])("a reader reads %s", (url) => {
    expect(readQr(drawn(qrPath(url)))).toBe(url);
  });
  test("without an address there is none", async () => {
    const { url: _url, ...given } = await pageMaterial("private-ca");
    expect(made(given)).not.toMatch(/id="qr"|class="phone"/);
  });
});

describe("nothing gets out of its place", () => {
  test("the policy allows the page's own style and script by their hashes, and nothing else", async () => {
    const html = made(await pageMaterial("private-ca"));
    const hash = (tag: string): string =>
      createHash("sha256")
        .update(new RegExp(`<${tag}>([^]*?)</${tag}>`).exec(html)?.[1] ?? "")
        .digest("base64");
    expect(html).toContain(
      `content="default-src 'none'; style-src 'sha256-${hash("style")}'; script-src 'sha256-${hash("script")}'; base-uri 'none'; form-action 'none'"`,
    );
    expect(html).not.toMatch(/ style="| on[a-z]+="|javascript:/);
  });
  test("the same tags whatever names, titles and addresses say, and no key", async () => {
    const plain = await pageMaterial("private-ca");
    const tags = (html: string): readonly string[] =>
      (html.match(/<[^>]*>/g) ?? []).map((tag) => /^<\/?[a-z0-9!]+/i.exec(tag)?.[0] ?? tag);
    const attributes = (html: string): readonly string[] => html.match(/ [a-z-]+="/g) ?? [];
    const expected = made(plain);
    const hostile = oneof(
      string({ unit: "binary", minLength: 1, maxLength: 40 }),
      array(
        constantFrom(
          "<",
          ">",
          '"',
          "'",
          "&",
          "`",
          "**",
          "{host}",
          "{{x}}",
          "{{{x}}}",
          "</script>",
          "<!--",
          "]]>",
          "\u202e",
          "x",
        ),
        { minLength: 1, maxLength: 8 },
      ).map((parts) => parts.join("")),
    );
    const usual = made({ ...plain, root: (await issue({ subject: "CN=x", ca: true })).pem });
    await assert(
      asyncProperty(hostile, hostile, async (title, host) => {
        const root = await called(`x${title}`);
        const entries = plain.entries.map((entry) => ({ ...entry, host }));
        const html = made({ ...plain, root: root.pem, host, entries });
        expect(tags(html)).toEqual(tags(usual));
        expect(attributes(html).filter((name) => name !== ' class="')).toEqual(
          attributes(usual).filter((name) => name !== ' class="'),
        );
        expect(html.slice(html.indexOf("<script>"))).toBe(expected.slice(expected.indexOf("<script>")));
        for (const command of html.match(/<code>sudo [^<]*<\/code>/g) ?? [])
          expect(command).toMatch(/^<code>[A-Za-z0-9 ./&;_-]+<\/code>$/);
      }),
      { numRuns: 40 },
    );
  });
});
