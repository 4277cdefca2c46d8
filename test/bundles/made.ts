// What the tests of scripts and notes share: the files made of any material, authorities called anything.
import { fileURLToPath } from "node:url";
import { Name } from "@peculiar/x509";
import * as fc from "fast-check";
import { expect } from "vitest";
import type { BundleMaterial } from "../../src/bundles/bundle.ts";
import { fingerprintOf } from "../../src/domain/fingerprint.ts";
import { bundles } from "../../src/bundles/index.ts";
import type { BundleFormat } from "../../src/domain/bundle-formats.ts";
import { readCertificate } from "../../src/domain/certificate.ts";
import { bundleRender } from "../../src/system/bundle-folder.ts";
import { createTemplates } from "../../src/system/templates.ts";
import { type Situation, material } from "../contract/bundle.ts";
import { issue } from "../fakes/pki.ts";

export const render = bundleRender(createTemplates(fileURLToPath(new URL("../../templates", import.meta.url))));
const formats = ["windows", "macos", "linux", "android", "thunderbird"] as const satisfies readonly BundleFormat[];

const filesOf = async (given: BundleMaterial): Promise<ReadonlyMap<string, string>> => {
  const files = new Map<string, string>();
  for (const format of formats) {
    for (const { path, content } of (await bundles[format]())(given, render)) {
      expect(files.has(path)).toBe(false);
      files.set(path, content.toString());
    }
  }
  return files;
};
const base = new Map<Situation, Promise<BundleMaterial>>();
export const baseOf = async (situation: Situation): Promise<BundleMaterial> => {
  const known = base.get(situation) ?? material(situation).then((one) => one.material);
  base.set(situation, known);
  return known;
};
export const made = async (situation: Situation, more: Partial<BundleMaterial> = {}) => {
  const given = { ...(await baseOf(situation)), ...more };
  const files = await filesOf(given);
  const text = (path: string): string => {
    const content = files.get(path);
    if (content === undefined) throw new Error(`${path} was not made`);
    return content;
  };
  return { given, files, text };
};
/** As UTF8String: of plain text, one that begins with "#" would be read as hex. */
export const called = (title: string) => issue({ subject: new Name([{ CN: [{ utf8String: title }] }]), ca: true });
export const rotated = async () => {
  const [now, before] = [await called("Now"), await called("Before")];
  return { now, before, ...(await made("private-ca", { root: now.pem, olderRoots: [before.pem] })) };
};
export const shown = (pem: string): string => fingerprintOf(readCertificate(pem), "sha256");
export const thumbprint = (pem: string): string => fingerprintOf(readCertificate(pem), "sha1").replaceAll(":", "");

export const hostile = fc.oneof(
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 30 }),
  fc.string({ unit: fc.constantFrom(..."'\"`$(){}%!^&|<>;\\#*?~\u2019é ".split("")), minLength: 1, maxLength: 30 }),
  fc.constantFrom(
    "'; touch /tmp/owned; '",
    "$(touch /tmp/owned)",
    "' + (Remove-Item C:\\) + '",
    '" & del /q C:\\ & rem "',
    "END_OF_CERTIFICATE",
    "{{host}} {{{host}}}",
    "-n",
    "\u0412\u0412' ; calc",
  ),
);
