// Files of the configuration on disk: which are read, where an entry is changed, what is refused before anything is written.
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createConfigAccess } from "../../src/config/access.ts";
import type { CertificateConfig } from "../../src/domain/certificate-config.ts";
import { readConfigFiles } from "../../src/system/config-files.ts";
import { writeFileAtomic } from "../../src/system/files.ts";
import { usualCertificate } from "../fakes/settings.ts";

let dir = "";
let path = "";
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "mailcert-config-"));
  path = join(dir, "mailcert.yaml");
});
afterEach(() => rmSync(dir, { recursive: true }));

const access = (named = false) =>
  createConfigAccess({
    path,
    named,
    readFiles: readConfigFiles,
    writeFile: (file, text) => writeFileAtomic(file, text, { mode: 0o644, keepMode: true, follow: true }),
  });

const confd = (name: string, text: string): string => {
  mkdirSync(join(dir, "conf.d"), { recursive: true });
  writeFileSync(join(dir, "conf.d", name), text);
  return join(dir, "conf.d", name);
};

const certificate = (name: string): CertificateConfig => ({
  name,
  names: [name],
  keys: ["ecdsa"],
  issuer: { kind: "private-ca", ca: "default", days: 90 },
  servers: "auto",
  ...usualCertificate,
});

test("no file: none, or a mistake where it was named", async () => {
  await expect(access().read()).resolves.toBeUndefined();
  await expect(access(true).read()).rejects.toMatchObject({
    kind: "config",
    message: `there is no configuration file ${path}`,
  });
});

test("conf.d is read by name after the main file; other endings and hidden files are not", async () => {
  writeFileSync(path, "certificates: { z.example.org: }\n");
  confd("20.yaml", "certificates: { b.example.org: }\n");
  confd("10.yaml", "certificates: { a.example.org: }\n");
  confd("30.yaml.bak", "nonsense");
  confd(".#40.yaml", "nonsense");
  const config = await access().read();
  expect(config?.certificates.map(({ name }) => name)).toEqual(["z.example.org", "a.example.org", "b.example.org"]);
});

test("a file of conf.d that looks like one and is not read is told", async () => {
  const file = confd("x.yml", "certificates: { b.example.org: }\n");
  expect(await access().warnings()).toEqual([
    `${file} is not read, for it does not end in .yaml: mv ${file} ${file.replace(/yml$/, "yaml")}`,
  ]);
  writeFileSync(path, "certificates: { a.example.org: }\n");
  expect(await access().check()).toMatchObject({ certificates: ["a.example.org"], warnings: [expect.any(String)] });
});

test("an entry is changed in the file that it stands in, a new one goes into the main file", async () => {
  const file = confd("a.yaml", "# a\ncertificates: { a.example.org: }\n");
  const changed = await access().edited(certificate("a.example.org"));
  expect(changed.path).toBe(file);
  await access().write(changed.after, changed.path);
  expect(readFileSync(file, "utf8")).toBe("# a\ncertificates: { a.example.org: { issuer: private-ca, days: 90 } }\n");
  const added = await access().edited(certificate("new.example.org"));
  expect(added).toMatchObject({ path, before: undefined });
  await access().write(added.after, added.path);
  expect((await access().read())?.certificates.map(({ name }) => name)).toEqual(["new.example.org", "a.example.org"]);
});

test("nothing is written that would clash with another file", async () => {
  confd("a.yaml", "certificates: { a.example.org: }\n");
  await expect(access().write("certificates: { a.example.org: }\n")).rejects.toMatchObject({ kind: "config" });
  await expect(access().read()).resolves.toBeDefined();
  expect(() => readFileSync(path)).toThrow("ENOENT");
});

test("check: problems and warnings, without throwing", async () => {
  writeFileSync(path, "certificates: { a.example.org: }\n");
  chmodSync(path, 0o666);
  expect(await access().check()).toEqual({
    files: [path],
    certificates: ["a.example.org"],
    problems: [],
    warnings: [`${path} can be written by others than its owner: chmod go-w ${path}`],
  });
  writeFileSync(path, "x: 1\n");
  chmodSync(path, 0o644);
  expect(await access().check()).toMatchObject({ certificates: [], problems: [{ file: path, line: 1 }], warnings: [] });
});

test("text that is not UTF-8 is refused by name", async () => {
  writeFileSync(path, Buffer.from([0x63, 0xff, 0xfe]));
  await expect(access().read()).rejects.toMatchObject({ kind: "config", message: `${path} is not UTF-8 text` });
});
