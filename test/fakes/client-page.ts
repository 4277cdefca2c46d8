// The page for clients as a run with every format makes it, of a CA like the one that setup makes.
import { join } from "node:path";
import type { BundleFile, BundleMaterial } from "../../src/bundles/bundle.ts";
import { bundles } from "../../src/bundles/index.ts";
import { bundleFormatNames } from "../../src/domain/bundle-formats.ts";
import { writeNameConstraints } from "../../src/domain/name-constraints.ts";
import { bundleRender } from "../../src/system/bundle-folder.ts";
import { createTemplates } from "../../src/system/templates.ts";
import type { Situation } from "../contract/bundle.ts";
import { day, issue } from "./pki.ts";

export const render = bundleRender(createTemplates(join(import.meta.dirname, "../../templates")));

export const usualEntries: BundleMaterial["entries"] = [
  { protocol: "imap", mode: "implicit", host: "mail.example.org", port: 993 },
  { protocol: "imap", mode: "starttls", host: "mail.example.org", port: 143 },
  { protocol: "submission", mode: "implicit", host: "mail.example.org", port: 465 },
  { protocol: "submission", mode: "starttls", host: "mail.example.org", port: 587 },
];

export const publishedAt = "https://www.example.org/mail/";

/** Dates are always the same, keys and fingerprints never. */
export const pageMaterial = async (situation: Situation, title = "Mail CA of example.org"): Promise<BundleMaterial> => {
  const from = new Date("2026-11-20T00:00:00Z");
  const root = await issue({
    subject: [{ CN: [title] }],
    ca: true,
    notBefore: from,
    notAfter: new Date(from.getTime() + 3650 * day),
    raw: [["2.5.29.30", writeNameConstraints({ domains: ["example.org"], addresses: [] }).toString("hex")]],
  });
  const names = ["mail.example.org"];
  const dates = { notBefore: from, notAfter: new Date(from.getTime() + 397 * day) };
  const leaf = await issue({ names, ...dates, ...(situation === "self-signed" ? {} : { by: root }) });
  return {
    root: { "private-ca": root.pem, "self-signed": leaf.pem, public: undefined }[situation],
    olderRoots: [],
    leaf: leaf.pem,
    chain: [],
    names,
    host: "mail.example.org",
    entries: usualEntries,
    files: [],
    url: publishedAt,
    random: new Uint8Array(32).fill(7),
    now: new Date("2026-11-21T12:00:00Z"),
  };
};

/** What all formats make, each knowing of those before it, and of `more` that other programs are taken to have put there. */
export const bundleOf = async (
  given: BundleMaterial,
  more: readonly string[] = [],
): Promise<{ readonly files: readonly BundleFile[]; readonly page: string }> => {
  const files: BundleFile[] = [];
  for (const format of bundleFormatNames) {
    const others = more.filter((path) => files.every((file) => file.path !== path)).map((path) => ({ path }));
    files.push(...(await bundles[format]())({ ...given, files: [...files, ...others] }, render));
  }
  const page = files.find(({ path }) => path === "index.html");
  return { files, page: String(page?.content) };
};

/** Made alone, into a folder with these files. */
export const pageWith = async (given: BundleMaterial, files: readonly string[]): Promise<string> =>
  String((await bundles.page())({ ...given, files: files.map((path) => ({ path })) }, render)[0]?.content);
