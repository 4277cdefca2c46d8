// Every protocol file is registered: a forgotten line would be a protocol that nobody can use.
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { protocols } from "../../src/protocols/index.ts";

test("folder equals registry", () => {
  const folder = new URL("../../src/protocols/", import.meta.url);
  const files = readdirSync(folder).filter((file) =>
    / = (?:smtp|xmpp)Protocol\(|: Protocol = \{/.test(readFileSync(new URL(file, folder), "utf8")),
  );
  expect(
    files
      .filter((file) => !file.endsWith("-dialogue.ts"))
      .map((file) => file.replace(/\.ts$/, ""))
      .sort(),
  ).toEqual(Object.keys(protocols).sort());
});

test("ports are the registered ones", () => {
  expect(Object.fromEntries(Object.entries(protocols).map(([name, { ports }]) => [name, ports]))).toEqual({
    imap: { starttls: 143, implicit: 993 },
    pop3: { starttls: 110, implicit: 995 },
    smtp: { starttls: 25 },
    submission: { starttls: 587, implicit: 465 },
    lmtp: { starttls: 24 },
    sieve: { starttls: 4190 },
    nntp: { starttls: 119, implicit: 563 },
    "xmpp-client": { starttls: 5222, implicit: 5223 },
    "xmpp-server": { starttls: 5269, implicit: 5270 },
    ldap: { starttls: 389, implicit: 636 },
    ftp: { starttls: 21, implicit: 990 },
  });
});
