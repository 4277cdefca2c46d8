// Where Dovecot's settings stand: files in reading order, blocks, both generations' spellings; and doveconf's output as a tree.
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parseDoveconf } from "../../src/servers/dovecot/doveconf.ts";
import { ourFile, readConfiguration } from "../../src/servers/dovecot/files.ts";
import { type Generation, generationOf, settingsIn } from "../../src/servers/dovecot/generation.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "mailcert-dovecot-"));
  await mkdir(join(folder, "conf.d"));
});
afterEach(() => rm(folder, { recursive: true }));

const generation = (version: string): Generation => {
  const found = generationOf(version);
  if (!found) throw new Error(version);
  return found;
};
const write = (name: string, text: string): Promise<void> => writeFile(join(folder, name), text);
const read = (version = "2.3.19.1") => readConfiguration(join(folder, "dovecot.conf"), generation(version));

describe("Dovecot's files", () => {
  test("are read in Dovecot's order, with line, blocks and value", async () => {
    await write(
      "dovecot.conf",
      "ssl_cert = </first\n!include conf.d/*.conf\n!include_try local.conf\n!include_try gone.conf\n",
    );
    await write(
      "conf.d/20-b.conf",
      'local_name "mail.example.org" {\n  protocol imap {\n    ssl_cert = < /nested # why\n  }\n}\nssl_key = </b\n',
    );
    await write("conf.d/10-a.conf", "#ssl_cert = </comment\nssl_cert = </a\n");
    await write("conf.d/.hidden.conf", "ssl_cert = </hidden\n");
    await write("conf.d/30-c.conf.ext", "ssl_cert = </ext\n");
    await write("local.conf", "ssl_alt_cert = </l\n");
    const { places, includes } = await read();
    const short = places.map(({ path, line, setting, value, filters }) => [
      path.slice(folder.length + 1),
      line,
      setting,
      value,
      filters,
    ]);
    expect(short).toEqual([
      ["dovecot.conf", 1, "cert", "</first", []],
      ["conf.d/10-a.conf", 2, "cert", "</a", []],
      ["conf.d/20-b.conf", 3, "cert", "</nested", ["local_name mail.example.org", "protocol imap"]],
      ["conf.d/20-b.conf", 6, "key", "</b", []],
      ["local.conf", 1, "altCert", "</l", []],
    ]);
    expect(includes).toEqual(["conf.d/*.conf", "local.conf", "gone.conf"].map((name) => join(folder, name)));
    expect(ourFile(folder, { includes })).toBe(join(folder, "conf.d/99-mailcert.conf"));
  });

  test.each([
    ["[0-4]*.conf", ["10-a.conf", "20-b.conf"]],
    ["[!1]*.conf", ["20-b.conf", "90-[x].conf", "^.conf"]],
    ["[^1]?-*.conf", ["20-b.conf", "90-[x].conf"]],
    ["90-[[]x[]].conf", ["90-[x].conf"]],
    ["90-\\[x\\].conf", ["90-[x].conf"]],
    ["[^].conf", ["^.conf"]],
    ["10-[.conf*", []],
    ["[z-a]*.conf", []],
    ["(*.conf", []],
    ["*[", []],
  ])("the pattern %s", async (pattern, expected) => {
    for (const name of ["10-a.conf", "20-b.conf", "90-[x].conf", "^.conf"])
      await write(`conf.d/${name}`, "ssl_cert = </a\n");
    await write("dovecot.conf", `!include conf.d/${pattern}\n`);
    const { places } = await read();
    expect(places.map(({ path }) => path.slice(folder.length + 8))).toEqual(expected);
  });

  test("2.4 spells one setting three ways", async () => {
    await write(
      "dovecot.conf",
      "ssl_server_cert_file = /a\nprotocol pop3 {\n  ssl_server {\n    cert_file = /b\n  }\n}\nssl_server/key_file = /c\nssl_cert = </old\n",
    );
    const { places } = await read("2.4.1");
    expect(places.map(({ setting, value, filters }) => [setting, value, filters])).toEqual([
      ["cert", "/a", []],
      ["cert", "/b", ["protocol pop3"]],
      ["key", "/c", []],
    ]);
  });

  test("a file that includes itself ends", async () => {
    await write("dovecot.conf", "!include dovecot.conf\nssl_cert = </a\n");
    expect((await read()).files.size).toBe(1);
  });

  test("without conf.d our file lies beside dovecot.conf, also once it is included", () => {
    expect(
      ourFile("/etc/dovecot", { includes: ["/etc/dovecot/local.conf", "/usr/share/dovecot/protocols.d/*.protocol"] }),
    ).toBe("/etc/dovecot/mailcert.conf");
    const both = ["/etc/dovecot/conf.d/*.conf", "/etc/dovecot/mailcert.conf"];
    expect(ourFile("/etc/dovecot", { includes: both })).toBe("/etc/dovecot/mailcert.conf");
  });
});

describe("doveconf's output", () => {
  test("is a tree of blocks, nested settings of 2.4 found", () => {
    const root = parseDoveconf(
      '# 2.4.1: /etc/dovecot/dovecot.conf\nssl = yes\nservice "imap-login" {\n  inet_listener imap {\n    port = 143\n  }\n}\nssl_server {\n  cert_file = /a\n  key_file = \n}\n',
    );
    expect(root.settings.get("ssl")).toBe("yes");
    expect(root.blocks[0]).toMatchObject({
      name: "service",
      label: "imap-login",
      blocks: [{ name: "inet_listener", label: "imap" }],
    });
    expect([...settingsIn(root, generation("2.4"))]).toEqual([
      ["cert", "/a"],
      ["key", ""],
    ]);
  });

  test("generations: only those whose settings are known", () => {
    expect(
      ["2.3", "2.3.21.1", "2.4", "2.4.5", "2.2.36", "2.5.0", "3.0", "2.30"].map(
        (version) => generationOf(version)?.version,
      ),
    ).toEqual(["2.3", "2.3", "2.4", "2.4", undefined, undefined, undefined, undefined]);
  });
});
