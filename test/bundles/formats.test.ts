// Each bundle format: the contract, and what programs that did not come from us read in the files.
import { execFileSync, spawnSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import type { BundleMaterial } from "../../src/bundles/bundle.ts";
import { bundles } from "../../src/bundles/index.ts";
import type { BundleFormat } from "../../src/domain/bundle-formats.ts";
import { bundleRender } from "../../src/system/bundle-folder.ts";
import { createTemplates } from "../../src/system/templates.ts";
import { bundleContract, material } from "../contract/bundle.ts";
import { issue } from "../fakes/pki.ts";

const render = bundleRender(createTemplates(fileURLToPath(new URL("../../templates", import.meta.url))));

bundleContract("pem", bundles.pem, render, { "private-ca": 1, "self-signed": 1, public: 0 });
bundleContract("der", bundles.der, render, { "private-ca": 1, "self-signed": 1, public: 0 });
bundleContract("pkcs7", bundles.pkcs7, render, { "private-ca": 1, "self-signed": 0, public: 0 });
bundleContract("java", bundles.java, render, { "private-ca": 1, "self-signed": 1, public: 0 });
bundleContract("mobileconfig", bundles.mobileconfig, render, { "private-ca": 1, "self-signed": 0, public: 0 });
bundleContract("windows", bundles.windows, render, { "private-ca": 3, "self-signed": 2, public: 0 });
bundleContract("macos", bundles.macos, render, { "private-ca": 1, "self-signed": 1, public: 0 });
bundleContract("linux", bundles.linux, render, { "private-ca": 1, "self-signed": 0, public: 0 });
bundleContract("android", bundles.android, render, { "private-ca": 1, "self-signed": 0, public: 0 });
bundleContract("thunderbird", bundles.thunderbird, render, { "private-ca": 3, "self-signed": 0, public: 0 });
bundleContract("account", bundles.account, render, { "private-ca": 1, "self-signed": 0, public: 1 }, "a root");
bundleContract("autoconfig", bundles.autoconfig, render, { "private-ca": 1, "self-signed": 1, public: 1 }, "none");
bundleContract("autodiscover", bundles.autodiscover, render, { "private-ca": 1, "self-signed": 1, public: 1 }, "none");
bundleContract("srv", bundles.srv, render, { "private-ca": 1, "self-signed": 1, public: 1 }, "none");
bundleContract("programs", bundles.programs, render, { "private-ca": 7, "self-signed": 7, public: 7 });
bundleContract("readme", bundles.readme, render, { "private-ca": 1, "self-signed": 1, public: 1 });

const made = async (format: BundleFormat, given: BundleMaterial) => {
  const [file] = (await bundles[format]())(given, render);
  if (file === undefined) throw new Error(`${format} made nothing`);
  return { path: file.path, content: Buffer.from(file.content) };
};

const openssl = (input: Buffer, ...args: string[]): string => execFileSync("openssl", args, { input }).toString();

describe("certificates", () => {
  test("openssl reads the root from both forms, and they are the same", async () => {
    const { material: given } = await material("private-ca");
    const [pem, der] = [await made("pem", given), await made("der", given)];
    expect([pem.path, der.path]).toEqual(["ca.crt", "ca.cer"]);
    const ask = ["-noout", "-fingerprint", "-sha256", "-subject", "-nameopt", "RFC2253"];
    const said = openssl(pem.content, "x509", ...ask);
    expect(said).toContain("subject=CN=Test Root");
    expect(openssl(der.content, "x509", "-inform", "der", ...ask)).toBe(said);
    expect(pem.content.toString().match(/BEGIN/g)).toHaveLength(1);
  });
  test("a self-signed certificate is not called a CA", async () => {
    const { material: given } = await material("self-signed");
    expect([(await made("pem", given)).path, (await made("der", given)).path]).toEqual(["server.crt", "server.cer"]);
  });
});

/** A property list as a tree, read strictly: anything unexpected throws. */
const readPlist = (text: string): unknown => {
  const head = /^<\?xml version="1\.0" encoding="UTF-8"\?>\n<!DOCTYPE plist [^>]*>\n<plist version="1\.0">\n/.exec(
    text,
  );
  if (!head) throw new Error("no plist");
  const tokens = text.slice(head[0].length).match(/<[^>]*>|[^<]+/g) ?? [];
  let at = 0;
  const skip = (): void => {
    while (tokens[at]?.trim() === "") at += 1;
  };
  const plain = (value: string): string => {
    if (/&(?!(?:amp|lt|gt|quot|#39);)/.test(value)) throw new Error("bad entity");
    const entities: Record<string, string> = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'" };
    return value.replace(/&[^;]*;/g, (entity) => entities[entity] ?? "");
  };
  const leaf = (name: string): string => {
    const value = tokens[at]?.startsWith("<") ? "" : plain(tokens[at++] ?? "");
    if (tokens[at++] !== `</${name}>`) throw new Error(`no end of ${name}`);
    return value;
  };
  const value = (): unknown => {
    skip();
    const tag = tokens[at++];
    if (tag === "<string>") return leaf("string");
    if (tag === "<integer>") return Number(leaf("integer"));
    if (tag === "<data>") return Buffer.from(leaf("data"), "base64");
    if (tag === "<array>") {
      const items: unknown[] = [];
      for (skip(); tokens[at] !== "</array>"; skip()) items.push(value());
      at += 1;
      return items;
    }
    if (tag !== "<dict>") throw new Error(`unexpected ${tag}`);
    const entries: [string, unknown][] = [];
    for (skip(); tokens[at] !== "</dict>"; skip()) {
      if (tokens[at++] !== "<key>") throw new Error("no key");
      entries.push([leaf("key"), value()]);
    }
    at += 1;
    return Object.fromEntries(entries);
  };
  const tree = value();
  skip();
  if (tokens[at] !== "</plist>") throw new Error("no end");
  return tree;
};

test("after a rotation each older root is a file of its own, binary and text, and README.txt has their fingerprints and files", async () => {
  const [root, before, first] = await Promise.all(
    ["New", "Old", "First"].map((name) => issue({ subject: `CN=${name} CA`, ca: true })),
  );
  if (!root || !before || !first) throw new Error("no roots");
  const given = { ...(await material("private-ca")).material, root: root.pem, olderRoots: [before.pem, first.pem] };
  const files = (await bundles.der())(given, render);
  expect(
    files.map(({ path, content }) => [
      path,
      Buffer.from(content).equals(
        { "ca.cer": root.der, "ca-older.cer": before.der, "ca-older-2.cer": first.der }[path] ?? Buffer.of(),
      ),
    ]),
  ).toEqual([
    ["ca-older.cer", true],
    ["ca-older-2.cer", true],
    ["ca.cer", true],
  ]);
  expect(
    (await bundles.pem())(given, render).map(({ path, content }) => [path, String(content).match(/BEGIN/g)?.length]),
  ).toEqual([
    ["ca-older.crt", 1],
    ["ca-older-2.crt", 1],
    ["ca.crt", 1],
  ]);
  const [, second] = (await bundles.pem())(given, render);
  expect(new X509Certificate(second?.content ?? "").raw.equals(first.der)).toBe(true);
  for (const format of ["android", "thunderbird"] as const) {
    const [told] = (await bundles[format]())(given, render).filter(({ path }) => path.endsWith(".txt"));
    expect(String(told?.content), format).toMatch(/ca-older\.crt\s+ca-older-2\.crt/);
  }
  const text = (await made("readme", given)).content.toString();
  for (const { sha256 } of [before, first]) expect(text).toContain((sha256.toUpperCase().match(/../g) ?? []).join(":"));
  for (const part of [
    "Old CA",
    "First CA",
    "ca-older.crt, ca-older.cer",
    "ca-older-2.crt, ca-older-2.cer",
    "Scripts and profiles show all of them.",
  ])
    expect(text).toContain(part);
  expect((await made("readme", { ...given, olderRoots: [] })).content.toString()).not.toContain("one before");
});

describe("the Apple profile", () => {
  const odd = 'A & B <"mail\'s"> CA';
  const profile = async (subject = "CN=Test Root") => {
    const root = await issue({ subject, ca: true });
    const given = { ...(await material("private-ca")).material, root: root.pem };
    const text = (await made("mobileconfig", given)).content.toString();
    return { root, given, text, tree: readPlist(text) as Record<string, unknown> };
  };
  const uuid = /^[0-9A-F]{8}-[0-9A-F]{4}-8[0-9A-F]{3}-[89AB][0-9A-F]{3}-[0-9A-F]{12}$/;

  test("holds the root and nothing else", async () => {
    const { root, tree } = await profile();
    expect(tree).toMatchObject({
      PayloadType: "Configuration",
      PayloadVersion: 1,
      PayloadIdentifier: `mailcert.ca.${root.sha256.slice(0, 32)}`,
      PayloadUUID: expect.stringMatching(uuid),
      PayloadContent: [
        {
          PayloadType: "com.apple.security.root",
          PayloadVersion: 1,
          PayloadIdentifier: `mailcert.ca.${root.sha256.slice(0, 32)}.root`,
          PayloadUUID: expect.stringMatching(uuid),
          PayloadDisplayName: "Test Root",
          PayloadCertificateFileName: "ca.cer",
          PayloadContent: root.der,
        },
      ],
    });
  });
  test("a name with markup in it stays a name", async () => {
    const { tree } = await profile(
      `CN=${odd
        .replaceAll('"', String.raw`\"`)
        .replaceAll("<", String.raw`\<`)
        .replaceAll(">", String.raw`\>`)}`,
    );
    expect((tree["PayloadContent"] as Record<string, unknown>[])[0]).toMatchObject({ PayloadDisplayName: odd });
  });
  test("after a rotation it has the older roots as well, each under an identifier of its own", async () => {
    const [root, before, first] = await Promise.all([1, 2, 3].map(() => issue({ subject: "CN=Mail CA", ca: true })));
    if (!root || !before || !first) throw new Error("no roots");
    const olderRoots = [before.pem, first.pem, root.pem];
    const given = { ...(await material("private-ca")).material, root: root.pem, olderRoots };
    const text = (await made("mobileconfig", given)).content.toString();
    const payloads = (readPlist(text) as { PayloadContent: Record<string, unknown>[] }).PayloadContent;
    expect(payloads.map((one) => one["PayloadContent"])).toEqual([root.der, before.der, first.der]);
    for (const key of ["PayloadIdentifier", "PayloadUUID", "PayloadCertificateFileName"])
      expect(new Set(payloads.map((one) => one[key])).size).toBe(3);
    // The profile that stands on devices already has the root that is now an older one.
    const earlier = (await made("mobileconfig", { ...given, root: before.pem, olderRoots: [] })).content.toString();
    const ids = [...earlier.matchAll(/<string>(mailcert\.ca\.[^<]*|[0-9A-F-]{36})</g)].map(([, id]) => id ?? "");
    expect(ids).toHaveLength(4);
    expect(ids.filter((id) => text.includes(`>${id}<`))).toEqual([]);
  });
  test("between a rotation and the renewal: the root in force first, the next one beside it, each in a file of its own", async () => {
    const [next, root, before] = await Promise.all([1, 2, 3].map(() => issue({ subject: "CN=Mail CA", ca: true })));
    if (!next || !root || !before) throw new Error("no roots");
    const rotated = { root: root.pem, newerRoot: next.pem, olderRoots: [before.pem] };
    const given = { ...(await material("private-ca")).material, chain: [], ...rotated };
    const text = (await made("mobileconfig", given)).content.toString();
    const payloads = (readPlist(text) as { PayloadContent: Record<string, unknown>[] }).PayloadContent;
    expect(payloads.map((one) => one["PayloadContent"])).toEqual([root.der, next.der, before.der]);
    expect(new Set(payloads.map((one) => one["PayloadUUID"])).size).toBe(3);
    const files = async (format: BundleFormat): Promise<Readonly<Record<string, Buffer>>> =>
      Object.fromEntries(
        (await bundles[format]())(given, render).map(({ path, content }) => [path, Buffer.from(content)]),
      );
    const der = (text: Buffer | undefined) => new X509Certificate(text ?? "").raw;
    const pem = await files("pem");
    expect(["ca.crt", "ca-newer.crt", "ca-older.crt"].map((path) => der(pem[path]))).toEqual([
      root.der,
      next.der,
      before.der,
    ]);
    for (const content of Object.values(pem)) expect(content.toString().match(/BEGIN/g)).toHaveLength(1);
    expect(await files("der")).toEqual({ "ca-newer.cer": next.der, "ca-older.cer": before.der, "ca.cer": root.der });
    const thunderbird = await files("thunderbird");
    expect(der(thunderbird["thunderbird-newer.crt"])).toEqual(next.der);
    expect(der(thunderbird["thunderbird-older-1.crt"])).toEqual(before.der);
    expect(thunderbird["policies.json"]?.toString()).toContain("mail.example.org-newer.crt");
  });
  test("identifiers belong to the root: another host keeps them, another root changes all of them", async () => {
    const { given, text } = await profile();
    const ids = (plist: string): readonly string[] =>
      [...plist.matchAll(/<key>Payload(?:Identifier|UUID)<\/key>\s*<string>([^<]*)</g)].map(([, id]) => id ?? "");
    const moved = (
      await made("mobileconfig", { ...given, host: "mx.example.net", random: new Uint8Array(32) })
    ).content.toString();
    expect(ids(moved)).toEqual(ids(text));
    expect(new Set(ids(text)).size).toBe(4);
    const other = ids((await profile()).text);
    expect(other.filter((id) => ids(text).includes(id))).toEqual([]);
  });
  test("Python's plistlib and xmllint agree, where they are installed", async () => {
    const { root, text, tree } = await profile();
    const python = spawnSync(
      "python3",
      [
        "-c",
        "import plistlib,sys;p=plistlib.loads(sys.stdin.buffer.read());print(p['PayloadUUID'],p['PayloadContent'][0]['PayloadContent'].hex())",
      ],
      { input: text, encoding: "utf8" },
    );
    const xmllint = spawnSync("xmllint", ["--noout", "--nonet", "-"], { input: text, encoding: "utf8" });
    const said =
      python.error === undefined ? python.stdout.trim() : `${String(tree["PayloadUUID"])} ${root.der.toString("hex")}`;
    expect(said).toBe(`${String(tree["PayloadUUID"])} ${root.der.toString("hex")}`);
    expect(xmllint.error === undefined ? xmllint.status : 0).toBe(0);
  });
});

describe("README.txt", () => {
  const entries: BundleMaterial["entries"] = [
    { protocol: "imap", mode: "implicit", host: "mail.example.org", port: 993 },
    { protocol: "imap", mode: "starttls", host: "mail.example.org", port: 143 },
    { protocol: "pop3", mode: "implicit", host: "mail.example.org", port: 995 },
    { protocol: "submission", mode: "implicit", host: "mail.example.org", port: 465 },
    { protocol: "submission", mode: "starttls", host: "mail.example.org", port: 587 },
  ];
  const text = async (situation: "private-ca" | "self-signed" | "public", more: Partial<BundleMaterial> = {}) => {
    const { material: given } = await material(situation);
    const full = { ...given, entries, ...more };
    return { given: full, text: (await made("readme", full)).content.toString() };
  };

  test("account settings in both vocabularies, in the order of the material", async () => {
    const { text: said } = await text("private-ca");
    expect(said).toContain(`Receiving mail
  IMAP  mail.example.org  port 993    "SSL/TLS"   (old Outlook, Gmail: "SSL")
  IMAP  mail.example.org  port 143    "STARTTLS"  (old Outlook, Gmail: "TLS")
  POP3  mail.example.org  port 995    "SSL/TLS"   (old Outlook, Gmail: "SSL")

Sending mail
  SMTP  mail.example.org  port 465    "SSL/TLS"   (old Outlook, Gmail: "SSL")
  SMTP  mail.example.org  port 587    "STARTTLS"  (old Outlook, Gmail: "TLS")
`);
  });
  test("a self-signed certificate is not offered to those who take authorities alone", async () => {
    const { material: given } = await material("self-signed");
    const [file] = (await bundles.pem())(given, render);
    expect(file?.path).toBe("server.crt");
    expect(file?.summary).not.toMatch(/Thunderbird|Android|Linux/);
  });
  test("a root with name constraints: whom it can vouch for, and that a bank is not among them", async () => {
    const make =
      "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout /dev/null -days 9 -subj /CN=Limited";
    const root = openssl(
      Buffer.of(),
      ...make.split(" "),
      "-addext",
      "nameConstraints=critical,permitted;DNS:example.org,permitted;DNS:xn--bcher-kva.example",
    );
    const { text: limited } = await text("private-ca", { root });
    expect(limited).toContain(
      "can vouch for example.org, bücher.example\nand the names below only: that is written into it",
    );
    // As docs/what-clients-say.md has it.
    expect(limited).toMatch(/could not\nvouch for your bank; Java programs do not, and on Android it is untested/);
    expect((await text("private-ca")).text).not.toContain("vouch for example.org");
  });
  test("what people stumble over is said: the phone's red words, and attachments that Outlook drops", async () => {
    const { text: said } = await text("private-ca");
    expect(said).toMatch(/asks for your passcode and says\s+"Not Verified"/);
    expect(said).toMatch(/not by mail, for Outlook .* drop\nattachments that end in \.cer or \.crt/);
    expect(said).toMatch(/\nFor receiving and for sending: take the first line/);
    expect(said).not.toContain("For both");
    expect((await text("public")).text).not.toContain("not by mail");
  });
  test("it names the account's profile and files of programs where they are there, and says which files are not", async () => {
    const files = ["account.mobileconfig", "muttrc.txt", "ca.crt", "ca.cer"].map((path) => ({ path }));
    const { text: said } = await text("private-ca", { files });
    expect(said.match(/take account\.mobileconfig, in the same/g)).toHaveLength(2);
    expect(said).toMatch(/in each program's own words\.\n {2}muttrc\.txt\n/);
    const absent = /are not in this folder\. Ask your\nadministrator for those that you need:\n((?: {2}\S.*\n)+)/.exec(
      said,
    )?.[1];
    expect(absent).toContain("install-linux.sh,");
    expect(absent).not.toContain("ca.crt");
    const { text: bare } = await text("private-ca");
    expect(bare).not.toMatch(/account\.mobileconfig|muttrc\.txt|msmtprc\.txt/);
    const { text: open } = await text("public", { files });
    expect(open).toContain("iPhone, iPad and Mac: account.mobileconfig sets up all of this.");
    expect(open).not.toContain("are not in this folder");
  });
  test("the root's fingerprints in colon form, as openssl prints them", async () => {
    const { given, text: said } = await text("private-ca");
    const pem = Buffer.from(given.root ?? "");
    for (const [hash, label] of [
      ["-sha256", "SHA-256"],
      ["-sha1", "SHA-1  "],
    ] as const) {
      const print = openssl(pem, "x509", "-noout", "-fingerprint", hash).trim().split("=")[1] ?? "";
      expect(print).toMatch(/^([0-9A-F]{2}:){19,}[0-9A-F]{2}$/);
      expect(said).toContain(`  ${label}  ${print}\n`);
    }
  });
  test.each([
    "Thunderbird (Windows",
    "iPhone and iPad",
    "K-9 Mail",
    "update-ca-certificates",
    "msmtp",
    "mbsync",
    "certutil -addstore",
    "new Outlook",
    "Gmail on the web",
  ])("a private CA's users are told about %s", async (client) =>
    expect((await text("private-ca")).text).toContain(client),
  );
  test("self-signed: says what it is for and who will not take it", async () => {
    const { text: said } = await text("self-signed");
    expect(said).toMatch(/quick test/);
    expect(said).toMatch(/Thunderbird on a computer cannot import it/);
    expect(said).not.toMatch(/ca\.crt|mobileconfig/);
  });
  test("public: nothing to import", async () => {
    const { given, text: said } = await text("public");
    expect(said).toContain("There is nothing to import");
    expect(said).toContain(new X509Certificate(given.leaf).fingerprint256);
    expect(said).not.toMatch(/ca\.c|mobileconfig|Import/);
  });
  test("no service known: says so instead of guessing", async () => {
    const { text: said } = await text("private-ca", { entries: [] });
    expect(said).toContain("No IMAP or POP3 service was known");
    expect(said).toContain("No submission service");
    expect(said).not.toMatch(/port 993 .*"SSL/);
  });
  test("an international name is shown as people write it, its file name stays in ASCII", async () => {
    const { text: said } = await text("private-ca", { host: "mail.xn--mnchen-3ya.example" });
    expect(said).toContain("How to set up your mail program for mail.münchen.example\n");
    expect(said).toContain("ca-certificates/mail.xn--mnchen-3ya.example.crt\n");
  });
  test("nothing of the template is left over, and no control character", async () => {
    for (const situation of ["private-ca", "self-signed", "public"] as const) {
      const { text: said } = await text(situation);
      expect(said).not.toMatch(/[{}]|[\u0000-\u0009\u000b-\u001f\u007f]/);
    }
  });
});
