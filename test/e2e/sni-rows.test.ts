// Postfix's SNI map in a database: a program of the admin's fills a real SQLite table, which a real Postfix looks into, kept fresh by renewals, emptied at removal.
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { type MailHost, startMailHost } from "../lab/mail-host.ts";
import { certificates, leafOf, served } from "../lab/server-judge.ts";

const smtp = { protocol: "smtp", mode: "starttls", port: 25 } as const;
const [main, two, wild] = ["mail.example.org", "two.example.net", "wild"] as const;
const program = "/usr/local/sbin/sni-rows";
const database = "/etc/postfix/sni.sqlite";
/** Where Postfix does not serve a name, a run waits for it for half a minute. */
const patient = { timeoutMs: 240_000 };

/** The programs that docs/many-names.md shows. */
const documented = async (name: string): Promise<string> => {
  const page = await readFile(fileURLToPath(new URL("../../docs/many-names.md", import.meta.url)), "utf8");
  const found = page.split("```").find((block) => block.startsWith(`sh\n#!/bin/sh\n# ${name}`));
  if (found === undefined) throw new Error(`docs/many-names.md shows no program for ${name}`);
  return found.slice("sh\n".length);
};

const names = (host: MailHost): Promise<string> => host.must(["sqlite3", database, "SELECT name FROM sni ORDER BY 1"]);
const expectServed = async (host: MailHost, name: string, certificate: string): Promise<void> =>
  expect
    .poll(() => served(host, smtp, "ecdsa", name), { timeout: 20_000, message: name })
    .toBe(await leafOf(host, `${certificates}/${certificate}/live/ecdsa`));

it("rows are handed over after each switch, never a key among arguments or words; a failing program is told and mended; removal empties the table", async () => {
  const host = await startMailHost({ suite: "trixie", tables: true });
  try {
    const entry = (name: string, ...more: readonly string[]): string =>
      [`  ${name}:`, "    issuer: private-ca", "    servers: postfix", "    ca_domains: ['*']", ...more, ""].join("\n");
    await host.write(
      "/etc/mailcert/mailcert.yaml",
      `postfix_sni_rows: ${program}\ncertificates:\n${entry(main)}${entry(two)}${entry(wild, '    names: ["*.example.net"]')}`,
    );
    await host.write(program, await documented("SQLite"), "755");
    await host.must(
      `install -m 600 /dev/null ${database} && sqlite3 ${database} 'CREATE TABLE sni (name TEXT PRIMARY KEY, value TEXT NOT NULL)'`,
    );
    // What the package's own script adds.
    await host.must("printf 'sqlite\\tpostfix-sqlite.so\\tdict_sqlite_open\\n' >> /etc/postfix/dynamicmaps.cf");
    await host.write(
      "/etc/postfix/sni.cf",
      `dbpath = ${database}\nquery = SELECT value FROM sni WHERE name = '%s'\n`,
      "600",
    );
    // Postfix is told where the rows are only later: until then that is a fault, with the command.
    await host.startPostfix();
    const early = await host.mailcert(["renew"], patient);
    expect(early.status, early.stdout + early.stderr).toBe(1);
    expect(early.stdout).toContain("main.cf names no database in tls_server_sni_maps");
    // No command with a type and a path that nobody has.
    expect(early.stdout).toContain("(types that this Postfix reads: ");
    expect(early.stdout).not.toContain("postconf -e");
    expect(await names(host)).toBe(`.example.net\n${main}\n${two}\n`);

    await host.must(
      "postconf -e 'tls_server_sni_maps = sqlite:/etc/postfix/sni.cf' && touch -d '1 hour ago' /etc/postfix/main.cf && postfix reload",
    );
    const before = await host.must("sha256sum /etc/postfix/main.cf");
    const deployed = await host.mailcert(["deploy"], patient);
    expect(deployed.status, deployed.stdout + deployed.stderr).toBe(0);
    expect(await host.must("sha256sum /etc/postfix/main.cf")).toBe(before);
    await expectServed(host, two, two);
    await expectServed(host, "other.example.net", wild);
    await expectServed(host, "nobody.example.com", main);
    // The same as Postfix's own program makes of the map.
    const rows = await host.must(["sqlite3", "-separator", "\t", database, "SELECT name, value FROM sni ORDER BY 1"]);
    const own = await host.must(
      "umask 077; cp /etc/postfix/mailcert-sni /root/map && postmap -F hash:/root/map && postmap -s hash:/root/map | sort",
    );
    expect(rows.trim().split("\n")).toEqual(own.trim().split("\n"));
    expect(await host.must("stat -c '%a %U' /etc/postfix/mailcert-sni /etc/postfix/mailcert-sni.rows")).toBe(
      "600 root\n600 root\n",
    );
    const again = await host.mailcert(["deploy"], patient);
    expect(again.status, again.stdout + again.stderr).toBe(0);
    expect(again.stdout).not.toContain("got 3 rows");

    // A renewal, watched: each program's arguments.
    const renewed = await host.exec(
      `strace -f -qq -s 4096 -e trace=execve -o /root/calls mailcert renew --force --new-key ${two}`,
      patient,
    );
    expect(renewed.status, renewed.stdout + renewed.stderr).toBe(0);
    const calls = await host.read("/root/calls");
    expect(calls).toContain(program);
    const key = (await host.read(`${certificates}/${two}/live/ecdsa/privkey.pem`)).split("\n")[1] ?? "";
    expect(key.length).toBeGreaterThan(40);
    const secret = Buffer.from(key).toString("base64").slice(8, 40);
    for (const text of [calls, renewed.stdout, renewed.stderr])
      for (const one of [key, secret]) expect(text).not.toContain(one);
    await expectServed(host, two, two);

    // A program that fails, and shows what it was given.
    await host.write(program, "#!/bin/sh\nhead -c 3000 >&2\nexit 3\n", "755");
    const failed = await host.mailcert(["renew", "--force", two], patient);
    expect(failed.status, failed.stdout + failed.stderr).toBe(1);
    expect(failed.stdout).toContain(`${program}, which gets the rows of Postfix's SNI map, ended with status 3`);
    const log = await host.read("/var/lib/mailcert/events.jsonl");
    for (const text of [failed.stdout, failed.stderr, log]) expect(text).not.toMatch(/[A-Za-z0-9+/]{65,}/);
    await host.write(program, await documented("SQLite"), "755");
    const mended = await host.mailcert(["renew"], patient);
    expect(mended.status, mended.stdout + mended.stderr).toBe(0);
    await expectServed(host, two, two);

    // One goes, then all. Its file shows what it has of keys: base64 of "-----BEGIN".
    const keysIn = async (): Promise<number> => Number(await host.must(`grep -aoc LS0t ${database} || true`));
    expect(await keysIn()).toBeGreaterThan(0);
    const one = await host.mailcert(["deploy", "--remove", two], patient);
    expect(one.status, one.stdout + one.stderr).toBe(0);
    expect(await names(host)).toBe(`.example.net\n${main}\n`);
    await expectServed(host, two, wild);
    // The last by its name, where nobody can read who is to get the rows: the program that had them.
    await host.must("cp /etc/mailcert/mailcert.yaml /root/ && echo '!' >> /etc/mailcert/mailcert.yaml");
    const last = await host.mailcert(["deploy", "--remove", wild], patient);
    expect(last.status, last.stdout + last.stderr).toBe(0);
    expect(last.stdout).toContain(`${program} got 0 rows of the SNI map`);
    expect(await names(host)).toBe("");
    expect(await host.must("ls /etc/postfix | grep mailcert || true")).toBe("");
    await expectServed(host, two, main);
    await host.must("cp /root/mailcert.yaml /etc/mailcert/");
    const all = await host.mailcert(["deploy", "--remove"], patient);
    expect(all.status, all.stdout + all.stderr).toBe(0);
    expect(await names(host)).toBe("");
    expect(await host.must("ls /etc/postfix | grep mailcert || true")).toBe("");
    expect(await keysIn()).toBe(0);
    expect(await host.must(`ls ${database}*`)).toBe(`${database}\n`);
  } finally {
    await host.stop();
  }
}, 600_000);
