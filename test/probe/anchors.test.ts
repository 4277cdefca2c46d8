// Trusted roots and certificate files.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readCertificateFile, readSystemRoots } from "../../src/probe/anchors.ts";
import { type Pki, makePki } from "../fakes/pki.ts";

let folder: string;
let pki: Pki;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mailcert-anchors-"));
  pki = await makePki();
});
afterAll(() => rm(folder, { recursive: true }));

test("the system has roots, one certificate a text", async () => {
  const roots = await readSystemRoots();
  expect(roots.length).toBeGreaterThan(20);
  for (const root of roots) expect(root.match(/BEGIN CERTIFICATE/g)).toHaveLength(1);
});

test("PEM with several certificates, a key and words between them; DER", async () => {
  const pem = join(folder, "chain.pem");
  await writeFile(pem, `words\n${pki.leaf.privateKey}${pki.leaf.pem}\r\n${pki.root.pem}`);
  expect((await readCertificateFile(pem)).map((text) => text.trim())).toEqual([
    pki.leaf.pem.trim(),
    pki.root.pem.trim(),
  ]);
  const der = join(folder, "ca.cer");
  await writeFile(der, pki.root.der);
  expect((await readCertificateFile(der)).map((text) => text.trim())).toEqual([pki.root.pem.trim()]);
});

test("a file that is none, and one that is not there, are named", async () => {
  const path = join(folder, "none.pem");
  await writeFile(path, "hello");
  await expect(readCertificateFile(path)).rejects.toMatchObject({
    kind: "data",
    message: expect.stringContaining(path),
  });
  await writeFile(path, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
  await expect(readCertificateFile(path)).rejects.toMatchObject({ kind: "data" });
  await expect(readCertificateFile(join(folder, "missing"))).rejects.toMatchObject({
    name: "Failure",
    message: expect.stringContaining("missing"),
  });
});
