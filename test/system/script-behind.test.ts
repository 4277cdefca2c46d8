// Files behind a program that root runs: those that are run, not those that are data, nor what another user than root runs.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { runsAsOther } from "../../src/system/other-user.ts";
import { scriptsBehind } from "../../src/system/script-behind.ts";

let dir: string;
let passwd: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "mailcert-behind-"));
  for (const name of ["reload.sh", "app.conf", "edit.sed", "more.sed", "GNUmakefile", "Makefile", "other.mk"]) {
    writeFileSync(join(dir, name), "#!/bin/sh\n");
    chmodSync(join(dir, name), 0o755);
  }
  mkdirSync(join(dir, "plain"));
  writeFileSync(join(dir, "plain/Makefile"), "all:\n");
  passwd = join(dir, "passwd");
  writeFileSync(passwd, "root:x:0:0::/root:/bin/sh\ntoor:x:0:0::/root:/bin/sh\napp:x:1000:1000::/home/app:/bin/sh\n");
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** `@` stands for the folder. */
const wordsOf = (line: string): readonly string[] => line.split(" ").map((word) => word.replace("@", dir));

const changing = [
  "/usr/sbin/runuser -u USER -- @/reload.sh",
  "runuser --user=USER @/reload.sh",
  "runuser -l USER -c @/reload.sh",
  "/usr/bin/sudo -u USER @/reload.sh",
  "sudo -n -uUSER -- @/reload.sh",
  "sudo -g mail -nu USER @/reload.sh",
  "doas -n -u USER @/reload.sh",
  "/usr/bin/setpriv --reuid=USER --regid=1000 --clear-groups @/reload.sh",
  "setpriv --regid 1000 --reuid USER --init-groups @/reload.sh",
  "systemd-run --uid=USER --wait @/reload.sh",
  "systemd-run -u reload -p User=USER @/reload.sh",
  "su - USER -c @/reload.sh",
  "su -s /bin/sh USER @/reload.sh",
  "chpst -u USER:mail @/reload.sh",
  "chpst -e /etc/env -u USER @/reload.sh",
  "s6-setuidgid USER @/reload.sh",
  "setuidgid USER @/reload.sh",
  "gosu USER:USER @/reload.sh",
];

it.each(changing)("%s: another user's than root's is not root's to judge", async (line) => {
  const as = (user: string): Promise<boolean> => runsAsOther(wordsOf(line.replaceAll("USER", user)), passwd);
  expect(await as("app")).toBe(true);
  expect(await as("1000")).toBe(true);
  for (const user of ["root", "toor", "0", "nobody-here"]) expect([user, await as(user)]).toEqual([user, false]);
  expect(await scriptsBehind(wordsOf(line.replaceAll("USER", "1000")))).toEqual([]);
  const env = ["/usr/bin/env", "NAME=value", ...wordsOf(line.replaceAll("USER", "1000").replace(/^\/\S*\//, ""))];
  expect(await scriptsBehind(env)).toEqual([]);
});

it.each([
  "sudo @/reload.sh -u 1000",
  "sudo -u root @/reload.sh",
  "sudo -g 1000 @/reload.sh",
  "sudo -u nobody-here @/reload.sh",
  "runuser -u root -- @/reload.sh",
  "setpriv --euid=1000 @/reload.sh",
  "systemd-run -u 1000 @/reload.sh",
  "gosu root @/reload.sh",
  "env -u 1000 @/reload.sh",
])("%s: root runs it", async (line) => {
  expect(await scriptsBehind(wordsOf(line))).toEqual([join(dir, "reload.sh")]);
});

it.each([
  ["sed -i s/a/b/ @/app.conf", []],
  ["sed -i.f -e s/a/b/ @/app.conf", []],
  ["sed -nf @/edit.sed @/app.conf", ["edit.sed"]],
  ["sed -e p -f @/edit.sed --file=@/more.sed @/app.conf", ["edit.sed", "more.sed"]],
  ["awk {print} @/app.conf", []],
  ["awk -F : -f @/edit.sed @/app.conf", ["edit.sed"]],
  ["make -C @ reload", ["GNUmakefile"]],
  ["make --directory=@/plain", ["plain/Makefile"]],
  ["make -j4 -C @ -f other.mk reload", ["other.mk"]],
  ["make -C @ -C plain all", ["plain/Makefile"]],
  ["bash --rcfile @/app.conf -i @/reload.sh", ["app.conf", "reload.sh"]],
] as const)("%s: %j", async (line, files) => {
  expect(await scriptsBehind(wordsOf(line))).toEqual(files.map((name) => join(dir, name)));
});
