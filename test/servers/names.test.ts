// Certificates by name: who comes before whom, which lines of smtpd.conf are edited, which links Courier gets, and the snippets.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { linksFor, lostWildcards } from "../../src/servers/courier/names.ts";
import { applyEdit, revertEdit } from "../../src/servers/edits.ts";
import { servers } from "../../src/servers/index.ts";
import { directivesOf, listensOf } from "../../src/servers/opensmtpd/configuration.ts";
import { listenEdits } from "../../src/servers/opensmtpd/listen-lines.ts";
import { inOrder } from "../../src/servers/opensmtpd/names.ts";
import { planSmtpd, presentOf } from "../../src/servers/opensmtpd/plan.ts";
import type { ServedCertificate, SlotPaths } from "../../src/servers/server.ts";
import { createTemplates } from "../../src/system/templates.ts";

const templates = createTemplates(fileURLToPath(new URL("../../templates", import.meta.url)));
const paths = (folder: string): SlotPaths => ({
  privkey: `${folder}/privkey.pem`,
  cert: `${folder}/cert.pem`,
  chain: `${folder}/chain.pem`,
  fullchain: `${folder}/fullchain.pem`,
  combined: `${folder}/combined.pem`,
});
const one = (name: string, ...names: readonly string[]): ServedCertificate => ({
  name,
  names: names.length === 0 ? [name] : names,
  slots: { ecdsa: paths(`/state/${name}/live/ecdsa`) },
});

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mailcert-names-"));
});
afterAll(() => rm(folder, { recursive: true }));

describe("OpenSMTPD", () => {
  const names = (main: ServedCertificate, ...bySni: readonly ServedCertificate[]): readonly string[] =>
    inOrder(main, bySni).map(({ name }) => name);

  test("who is to have a name comes before everybody whose certificate would do", () => {
    const main = one("mail.example.org");
    expect(names(main, one("a.example.net"), one("b.example.net"))).toEqual(["a.example.net", "b.example.net"]);
    expect(names(main, one("wild", "*.example.net"), one("a.example.net"))).toEqual(["a.example.net", "wild"]);
    // The default's own entry is not asked: it is listed where another would be taken for it.
    expect(names(main, one("wild", "*.example.org"))).toEqual(["mail.example.org", "wild"]);
    // Each would do for the other's: as configured.
    expect(names(main, one("a", "*.x.example", "b.y.example"), one("b", "*.y.example", "a.x.example"))).toHaveLength(2);
    // All its names are others'.
    expect(names(main, one("again", "mail.example.org"))).toEqual(["mail.example.org"]);
  });

  const editsOf = async (text: string) => {
    const conf = join(folder, "smtpd.conf");
    await writeFile(conf, text);
    const listens = listensOf(await directivesOf(conf));
    return { conf, changes: await listenEdits(listens, 'include "/etc/names.conf"') };
  };

  test("the macro ends each listener, before its comment; the include takes a free line above; both go back to the very same bytes", async () => {
    const text = `pki m cert "/a.pem"\n# listeners # of mail\nlisten on eth0 tls pki m # "25"\nlisten on eth0 \\\n  smtps pki "m#" auth\n`;
    const { conf, changes = [] } = await editsOf(text);
    expect(changes).toHaveLength(1);
    const [change] = changes;
    if (!change) throw new Error("nothing was planned");
    await applyEdit(change);
    expect(await readFile(conf, "utf8")).toBe(
      `pki m cert "/a.pem"\ninclude "/etc/names.conf" # listeners # of mail\nlisten on eth0 tls pki m $mailcert # "25"\nlisten on eth0 \\\n  smtps pki "m#" auth $mailcert\n`,
    );
    expect(await revertEdit(change)).toBe("reverted");
    expect(await readFile(conf, "utf8")).toBe(text);
  });

  test.each([
    ["the first line", "listen on eth0 tls pki m\n"],
    ["behind a line that goes on", "action x \\\n\nlisten on eth0 tls pki m\n"],
  ])("no room for the include: %s", async (_where, text) => {
    expect((await editsOf(text)).changes).toBeUndefined();
  });

  test("a macro of several words is read as they are; what stands over 31 is told by name", async () => {
    const conf = join(folder, "many.conf");
    await writeFile(conf, 'opts = "tls pki m pki n"\nlisten on eth0 $opts\n');
    expect(listensOf(await directivesOf(conf))[0]).toMatchObject({ tls: "starttls", pkis: ["m", "n"] });
    const bySni = Array.from({ length: 33 }, (_, index) => one(`n${index}.example.net`));
    const wanted = { certificate: one("mail.example.org"), bySni, version: "7.6.0", render: templates };
    const { notes } = await planSmtpd(await presentOf(conf), wanted);
    expect(notes).toMatchObject([
      { severity: "warning", message: expect.stringContaining("n31.example.net, n32.example.net are not") as string },
    ]);
  });
});

describe("Courier", () => {
  const keys = (main: ServedCertificate, ...bySni: readonly ServedCertificate[]): Readonly<Record<string, string>> =>
    Object.fromEntries(
      linksFor("/etc/courier", main, bySni).map(({ key, target }) => [key, target.split("/")[2] ?? ""]),
    );

  test("a link for each name, the default's too; a wildcard is its parent, and gives way to another's name", () => {
    const main = one("mail.example.org");
    expect(keys(main)).toEqual({ "*": "mail.example.org" });
    const wild = one("wild", "*.example.net", "*.example.com");
    const parent = one("example.net");
    expect(keys(main, wild, parent)).toEqual({
      "*": "mail.example.org",
      "mail.example.org": "mail.example.org",
      "example.net": "example.net",
      "example.com": "wild",
    });
    expect(lostWildcards(main, [wild, parent])).toEqual(["*.example.net"]);
    expect(lostWildcards(main, [one("both", "example.net", "*.example.net")])).toEqual([]);
  });
});

test.each([
  [
    "exim",
    "4.98",
    [
      "nwildlsearch{/etc/exim4/mailcert.sni}",
      "#        two.example.net: /state/two.example.net/live/ecdsa/combined.pem",
      "#        ^[^.]+\\.example\\.com$: /state/wild/",
    ],
  ],
  [
    "opensmtpd",
    "7.6",
    ["tls pki mail.example.org pki mailcert-1 pki mailcert-2\n", 'pki "mailcert-1" key "/state/two.example.net/'],
  ],
  [
    "courier",
    "1.4",
    [
      "ln -sfn /state/two.example.net/live/ecdsa/combined.pem /etc/courier/mailcert.pem.two.example.net",
      "TLS_CERTFILE=/etc/courier/mailcert.pem\n",
    ],
  ],
] as const)("the snippet of %s has the others by name", (name, version, words) => {
  const unused = (): never => {
    throw new Error("a snippet runs nothing");
  };
  const server = servers[name].create({ run: unused, render: templates, ipv6: unused });
  const bySni = [one("two.example.net"), one("wild", "*.example.com")];
  const text = server.snippet(one("mail.example.org"), version, bySni);
  for (const word of words) expect(text).toContain(word);
  expect(text).not.toContain("undefined");
});
