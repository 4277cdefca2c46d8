// smtpd.conf as its manual writes it: macros, quotes, comments, lines that go on, includes; of two settings the later one holds.
import { lstat, mkdtemp, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { directivesOf, listensOf, pkisOf } from "../../src/servers/opensmtpd/configuration.ts";
import { isUpToDate } from "../../src/servers/opensmtpd/up-to-date.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mailcert-smtpd-"));
});
afterAll(() => rm(folder, { recursive: true }));

test("listeners and pki entries", async () => {
  const main = join(folder, "smtpd.conf");
  const more = join(folder, "more.conf");
  await writeFile(more, 'pki mail cert "/b.pem" # later\n');
  await writeFile(
    main,
    `# pki none cert "/none.pem"
where = "192.0.2.1"
pki "Mail" cert "/a#1.pem"
pki mail key /a.key
pki mail dhe auto
listen on socket
listen on $where \\
  port submission tls-require verify pki MAIL pki "other" auth
listen on eth0 inet6 smtps pki mail
listen on all port 2525 proxy-v2 # tls
match from any for domain { "a.example", "b.example" } action "local"
include "${more}"
`,
  );
  const directives = await directivesOf(main);
  const mail = pkisOf(directives).get("mail");
  expect(mail?.cert?.value).toBe("/b.pem");
  expect(mail?.key).toEqual({ value: "/a.key", path: main, line: 4 });
  expect(pkisOf(await directivesOf(main, more)).get("mail")?.cert).toEqual({ value: "/a#1.pem", path: main, line: 3 });
  const [first, second, third] = listensOf(await directivesOf(main, more));
  expect(first).toMatchObject({
    interface: "192.0.2.1",
    port: "submission",
    tls: "starttls",
    auth: true,
    pkis: ["mail", "other"],
    directive: { line: 7 },
  });
  expect(second).toMatchObject({ interface: "eth0", family: 6, port: "465", tls: "implicit", auth: false });
  expect(third).toMatchObject({ port: "2525", tls: undefined, proxied: true });
});

test("what started after the last change, of the files and of live, is left alone; in doubt it is not", async () => {
  const conf = join(folder, "started.conf");
  const live = join(folder, "live");
  await writeFile(conf, `pki mail cert "${live}/ecdsa/fullchain.pem"\npki mail key "${live}/ecdsa/privkey.pem"\n`);
  await symlink("generations/0001", live);
  const last = Math.max((await stat(conf)).ctimeMs, (await lstat(live)).ctimeMs);
  expect(await isUpToDate(conf, last + 10_000)).toBe(true);
  expect(await isUpToDate(conf, last + 100)).toBe(false);
  expect(await isUpToDate(conf, last - 10_000)).toBe(false);
  expect(await isUpToDate(conf, undefined)).toBe(false);
});
