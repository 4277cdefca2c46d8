// The files that set accounts up: what they say of which entry points, and that no name breaks out of them.
import { array, assert, asyncProperty, constantFrom } from "fast-check";
import { describe, expect, test } from "vitest";
import type { BundleMaterial } from "../../src/bundles/bundle.ts";
import { bundles } from "../../src/bundles/index.ts";
import { accountFiles } from "../../src/domain/bundle-formats.ts";
import type { MailAccount } from "../../src/domain/mail-account.ts";
import { NameProblem, canonicalName } from "../../src/domain/names.ts";
import { material } from "../contract/bundle.ts";
import { all, at, host, render, usual } from "../fakes/mail-account.ts";
import { issue } from "../fakes/pki.ts";
import { type XmlElement, readXml } from "../fakes/strict-xml.ts";

const base = material("public");

type Format = keyof typeof accountFiles;
const made = async (format: Format, more: Partial<MailAccount> = {}, given: Partial<BundleMaterial> = {}) => {
  const { material: whole } = await base;
  const [file] = (await bundles[format]())({ ...whole, account: { ...usual, ...more }, ...given }, render);
  return file === undefined ? undefined : file.content.toString();
};

const find = (element: XmlElement, name: string): readonly XmlElement[] => [
  ...(element.name === name ? [element] : []),
  ...element.children.flatMap((child) => find(child, name)),
];
const texts = (element: XmlElement): Readonly<Record<string, string>> =>
  Object.fromEntries(element.children.map(({ name, text }) => [name, text]));

describe("autoconfig", () => {
  test("every service in the order of preference, with the name that programs send", async () => {
    const tree = readXml((await made("autoconfig")) ?? "");
    expect([tree.name, tree.attributes["version"]]).toEqual(["clientConfig", "1.1"]);
    const servers = [...find(tree, "incomingServer"), ...find(tree, "outgoingServer")];
    expect(servers.map((one) => [one.attributes["type"], texts(one)["port"], texts(one)["socketType"]])).toEqual([
      ["imap", "993", "SSL"],
      ["imap", "143", "STARTTLS"],
      ["pop3", "995", "SSL"],
      ["smtp", "465", "SSL"],
      ["smtp", "587", "STARTTLS"],
    ]);
    expect(new Set(servers.map((one) => texts(one)["username"]))).toEqual(new Set(["%EMAILADDRESS%"]));
    expect(await made("autoconfig", { login: "local-part" })).toContain("<username>%EMAILLOCALPART%</username>");
  });
  test("an international domain: compared as A-labels, shown in letters", async () => {
    const text = (await made("autoconfig", { domain: "xn--mnchen-3ya.example" })) ?? "";
    expect(text).toContain("<domain>xn--mnchen-3ya.example</domain>");
    expect(text).toContain("<displayName>münchen.example</displayName>");
  });
});

describe("Autodiscover", () => {
  test("one service of each type, the best; STARTTLS is called TLS", async () => {
    const services = find(readXml((await made("autodiscover")) ?? ""), "Protocol").map(texts);
    expect(services.map(({ Type, Port, Encryption, SSL }) => [Type, Port, Encryption, SSL])).toEqual([
      ["IMAP", "993", "SSL", "on"],
      ["POP3", "995", "SSL", "on"],
      ["SMTP", "465", "SSL", "on"],
    ]);
    const starttls =
      (await made("autodiscover", { proven: [at("imap", "starttls", 143), at("submission", "starttls", 587)] })) ?? "";
    expect(find(readXml(starttls), "Protocol").map((one) => texts(one)["Encryption"])).toEqual(["TLS", "TLS"]);
  });
  test("the whole address as user name: the domain goes with it", async () => {
    expect(await made("autodiscover")).toContain(
      "<DomainRequired>on</DomainRequired>\n        <DomainName>example.org</DomainName>",
    );
    const local = (await made("autodiscover", { login: "local-part" })) ?? "";
    expect(local).toContain("<DomainRequired>off</DomainRequired>");
    expect(local).not.toContain("DomainName");
  });
});

const recordsIn = (zone: string | undefined): readonly string[] =>
  (zone ?? "").split("\n").filter((line) => line !== "" && !line.startsWith(";"));

describe("SRV records", () => {
  test("IMAP before POP3, TLS at once first, and a dot for what there is not", async () => {
    expect(recordsIn(await made("srv"))).toEqual([
      "_imaps._tcp.example.org. IN SRV 0 1 993 mail.example.org.",
      "_pop3s._tcp.example.org. IN SRV 20 1 995 mail.example.org.",
      "_imap._tcp.example.org. IN SRV 10 1 143 mail.example.org.",
      "_pop3._tcp.example.org. IN SRV 0 0 0 .",
      "_submissions._tcp.example.org. IN SRV 0 1 465 mail.example.org.",
      "_submission._tcp.example.org. IN SRV 10 1 587 mail.example.org.",
    ]);
  });
  test("of sending elsewhere nothing is said, nor of what is there and was not proven", async () => {
    const zone = await made("srv", { proven: [at("imap", "implicit", 993)], unproven: [at("pop3", "implicit", 995)] });
    expect(recordsIn(zone)).toEqual([
      "_imaps._tcp.example.org. IN SRV 0 1 993 mail.example.org.",
      "_imap._tcp.example.org. IN SRV 0 0 0 .",
      "_pop3._tcp.example.org. IN SRV 0 0 0 .",
    ]);
    expect(zone).toContain("; Nothing is said of pop3s on port 995: it is there, and was not proven.");
    expect(zone).toContain("; Nothing is said of sending:");
  });
  test("no name, no record: an address, a domain without room for a label before it", async () => {
    expect(await made("srv", { host: "192.0.2.1" })).toBeUndefined();
    expect(await made("srv", { domain: `${"a".repeat(60)}.`.repeat(4) + "example" })).toBeUndefined();
  });
});

describe("Apple's profile", () => {
  test("POP3 where there is no IMAP; nobody's name in it", async () => {
    const text =
      (await made("account", { proven: [at("pop3", "starttls", 110), at("submission", "starttls", 587)] })) ?? "";
    expect(text).toContain("<string>EmailTypePOP</string>");
    expect(text).not.toMatch(/EmailAddress|Username|security\.root/);
  });
  test("one person's address, and the user name that the server takes", async () => {
    const address = "al'ice&co@example.org";
    expect(await made("account", { address })).toMatch(
      /<key>EmailAddress<\/key>\s*<string>al&#39;ice&amp;co@example\.org</,
    );
    expect(await made("account", { address, login: "local-part" })).toMatch(
      /<key>IncomingMailServerUsername<\/key>\s*<string>al&#39;ice&amp;co</,
    );
  });
  test("installed again it replaces itself, another person's stands beside it; each root is in it", async () => {
    const { material: given } = await material("private-ca");
    const older = await issue({ subject: "CN=Older Root", ca: true });
    const ids = (text: string | undefined): readonly string[] =>
      [...(text ?? "").matchAll(/<key>Payload(?:Identifier|UUID)<\/key>\s*<string>([^<]*)</g)].map(
        ([, id]) => id ?? "",
      );
    const roots = { root: given.root, olderRoots: [older.pem] };
    const first = ids(await made("account", {}, roots));
    expect(first).toHaveLength(8);
    expect(new Set(first).size).toBe(8);
    expect(ids(await made("account", { proven: all.slice(1) }, roots))).toEqual(first);
    const hers = ids(await made("account", { address: "alice@example.org" }, roots));
    expect(hers.filter((id) => first.includes(id))).toEqual([]);
  });
});

test("without a way to receive, or to send, programs would refuse the file: there is none", async () => {
  for (const format of ["autoconfig", "autodiscover", "account"] as const) {
    expect(await made(format, { proven: all.slice(0, 3) })).toBeUndefined();
    expect(await made(format, { proven: all.slice(3) })).toBeUndefined();
  }
  for (const format of Object.keys(accountFiles) as Format[])
    expect(await made(format, { proven: [], unproven: all })).toBeUndefined();
});

describe("hostile names", () => {
  const nasty = array(
    constantFrom(
      "a",
      ".",
      "-",
      "é",
      "<",
      ">",
      "&",
      '"',
      "'",
      "\n",
      "\r",
      ";",
      "(",
      ")",
      "\\",
      "$",
      "@",
      " ",
      "]",
      "{",
      "}",
      "*",
      "\u2028",
      "]]>",
    ),
    { maxLength: 20 },
  ).map((parts) => parts.join(""));
  test("what is a name stays one, in every file; what is none is refused before a file is made", async () => {
    await assert(
      asyncProperty(nasty, nasty, async (left, right) => {
        const names = [left, right].map((text) => {
          try {
            return canonicalName(`${text}.example.org`);
          } catch (error) {
            if (error instanceof NameProblem) return undefined;
            throw error;
          }
        });
        const [domain = "example.org", server = host] = names.map((name) => name?.replace(/^\*\./, ""));
        const proven = all.map((entry) => ({ ...entry, host: server }));
        const zone = await made("srv", { domain, host: server, proven });
        for (const line of recordsIn(zone))
          expect(line).toMatch(/^_[a-z0-9]+\._tcp\.[a-z0-9.-]+\. IN SRV \d+ [01] \d+ (?:[a-z0-9.-]+)?\.$/);
        const tree = readXml((await made("autoconfig", { domain, host: server, proven })) ?? "");
        expect(find(tree, "domain").map(({ text }) => text)).toEqual([domain]);
        expect(new Set(find(tree, "hostname").map(({ text }) => text))).toEqual(new Set([server]));
        const answer = readXml((await made("autodiscover", { domain, host: server, proven })) ?? "");
        expect(find(answer, "Protocol")).toHaveLength(3);
      }),
      { numRuns: 200 },
    );
  });
  test("were one to get past the edge, XML would still hold it as text, and the zone file would not be made", async () => {
    await assert(
      asyncProperty(nasty, async (text) => {
        const domain = `x${text.replaceAll(/[\r\n\u2028]/g, "")}`;
        const tree = readXml((await made("autoconfig", { domain })) ?? "");
        expect(find(tree, "incomingServer")).toHaveLength(3);
        expect(find(tree, "domain").map((one) => one.text)).toEqual([domain]);
        if (!/^[a-z0-9.-]*$/.test(domain))
          await expect(made("srv", { domain })).rejects.toMatchObject({ kind: "data" });
      }),
      { numRuns: 200 },
    );
  });
});
