// index.html: the whole way of a person from the fingerprint to a set-up account, in each language, in one file that asks for nothing else.
import { createHash } from "node:crypto";
import { type CertificateFacts, readCertificate, titleOf } from "../domain/certificate.ts";
import { displayName } from "../domain/names.ts";
import { limitsOf } from "../domain/root-limits.ts";
import type { Bundle, BundleMaterial } from "./bundle.ts";
import { fingerprintOf } from "../domain/fingerprint.ts";
import { type Importable, importableOf } from "./importable.ts";
import { qrPath } from "./page-qr.ts";
import { settingsRows } from "./page-settings.ts";
import {
  type Language,
  type Strings,
  type Values,
  dateIn,
  languages,
  readStrings,
  say,
  stringAt,
  wordsOf,
} from "./page-text.ts";
import { isForAdministrators, waysFor } from "./page-ways.ts";

/** Rows of eight octets in two halves: what one person reads and another one checks without losing the place. */
const fingerprintRows = (certificate: CertificateFacts, hash: "sha256" | "sha1"): readonly object[] => {
  const octets = fingerprintOf(certificate, hash).split(":");
  const rows = Array.from({ length: Math.ceil(octets.length / 8) }, (_none, row) => octets.slice(row * 8, row * 8 + 8));
  return rows.map((row) => ({ left: row.slice(0, 4).join(" "), right: row.slice(4).join(" ") }));
};

interface Subject {
  readonly material: BundleMaterial;
  readonly importable: Importable | undefined;
  readonly certificate: CertificateFacts;
  readonly leaf: CertificateFacts;
}

/** The certificate that clients import is inside the page as well: a page that was mailed alone has it. */
const insideOf = ({ certificate }: Importable): string =>
  `data:application/x-x509-ca-cert;base64,${Buffer.from(`${certificate.pem.trim()}\n`).toString("base64")}`;

const valuesFor = ({ material, importable, certificate, leaf }: Subject, strings: Strings): Values => {
  const stem = importable?.stem ?? "ca";
  return {
    host: displayName(material.host),
    title: titleOf(certificate),
    // An iPhone has a switch for each.
    titles: [certificate, ...(importable?.beside ?? [])]
      .map((one) => stringAt(strings, "quoted").replace("{title}", () => titleOf(one)))
      .join(stringAt(strings, "list")),
    issuer: leaf.issuer,
    domains: (limitsOf(certificate) ?? []).join(stringAt(strings, "list")),
    from: dateIn(strings, certificate.notBefore),
    until: dateIn(strings, certificate.notAfter),
    url: material.url ?? "",
    crt: `${stem}.crt`,
    cer: `${stem}.cer`,
    // A word of a command that people paste: nothing that a shell reads.
    anchor: material.host.replaceAll(/[^A-Za-z0-9.-]/g, "-"),
  };
};

/** Links to what there is; Safari takes a profile only where it is not told to save it. */
const linkTo = (path: string, href = path): object => ({ path, href, isSaved: !path.endsWith(".mobileconfig") });

const leadOf = (importable: Importable | undefined): "privateCa" | "selfSigned" | "public" =>
  importable === undefined ? "public" : importable.kind === "private-ca" ? "privateCa" : "selfSigned";

const pageIn = (language: Language, all: ReadonlyMap<Language, Strings>, subject: Subject): object => {
  const { material, importable, certificate } = subject;
  const strings = all.get(language) ?? {};
  const { months: _months, date: _date, first: _first, quoted: _quoted, ...texts } = strings;
  const values = valuesFor(subject, strings);
  const words = (...path: readonly string[]) => wordsOf(stringAt(strings, ...path), values);
  const kind = leadOf(importable);
  const paths = material.files.map(({ path }) => path);
  const inside = importable === undefined ? undefined : insideOf(importable);
  const crt = values["crt"] ?? "";
  const present = new Set([...paths, ...(inside === undefined ? [] : [crt])]);
  const link = (path: string): object =>
    linkTo(path, path === crt && inside !== undefined && !paths.includes(path) ? inside : path);
  const said = say(texts, values);
  const ways = (said["ways"] ?? {}) as Readonly<Record<string, object>>;
  const systems = waysFor(importable?.kind, present).map(({ system, ways: some }) => ({
    system,
    name: words("import", system),
    ways: some.map(({ key, files }) => ({
      note: false,
      ...ways[key],
      offered: files.length > 0,
      files: files.map(link),
    })),
  }));
  const rows = settingsRows(material);
  const named = (path: string) => {
    // `ca-older-2.crt` is what `ca-older.crt` is.
    const key = path.replace(/^(ca-older)-\d+(?=\.)/, "$1").replaceAll(".", "_");
    const { names } = strings["files"] as { readonly names: Strings };
    return { link: link(path), about: Object.hasOwn(names, key) ? words("files", "names", key) : false };
  };
  const [forAll, forAdministrators] = [false, true].map((wanted) =>
    paths.filter((path) => isForAdministrators(path) === wanted).map(named),
  );
  const limits = importable?.kind === "private-ca" ? limitsOf(certificate) : [];
  return {
    language,
    isDefault: language === languages[0],
    tabs: [...all].map(([code, one]) => ({ code, name: stringAt(one, "language"), isCurrent: code === language })),
    say: said,
    lead: words("lead", kind),
    isPrivateCa: kind === "privateCa",
    isPublic: kind === "public",
    isImported: kind !== "public",
    isLimited: limits !== undefined && limits.length > 0,
    isUnlimited: limits === undefined,
    compareTitle: words("compare", kind === "public" ? "publicTitle" : "title"),
    compareText: words("compare", kind),
    next: importable?.newer !== undefined,
    earlier: importable?.newer === undefined && (importable?.older.length ?? 0) > 0,
    prints: [certificate, ...(importable?.beside ?? [])].map((one) => ({
      title: titleOf(one),
      isNext: one === importable?.newer,
      isOlder: importable?.older.includes(one) ?? false,
      older: wordsOf(stringAt(strings, "compare", "older"), { until: dateIn(strings, one.notAfter) }),
      valid: wordsOf(stringAt(strings, "compare", "valid"), {
        from: dateIn(strings, one.notBefore),
        until: dateIn(strings, one.notAfter),
      }),
      sha256: fingerprintRows(one, "sha256"),
      sha1: fingerprintRows(one, "sha1"),
    })),
    anySystem: systems.length > 0,
    importTitle: words("import", { privateCa: "title", selfSigned: "selfTitle", public: "appleTitle" }[kind]),
    systems,
    rows: rows.map((row) => ({ ...row, isLong: row.host.length > 36, what: words("settings", row.protocol) })),
    anyRow: rows.length > 0,
    noIncoming: rows.every(({ protocol }) => protocol === "submission"),
    noOutgoing: rows.every(({ protocol }) => protocol !== "submission"),
    anyFile: paths.length > 0 || inside !== undefined,
    inside: inside === undefined ? false : { crt, href: inside },
    forAll,
    anyForAll: forAll !== undefined && forAll.length > 0,
    forAdministrators,
    anyForAdministrators: forAdministrators !== undefined && forAdministrators.length > 0,
    settingsNumber: kind === "public" ? "" : "3",
    onPhone: material.url === undefined ? false : { url: material.url },
  };
};

const hashOf = (file: string): string => `sha256-${createHash("sha256").update(`\n${file}`).digest("base64")}`;

/** `<style>` and `<script>` stand there once: in what was filled in, each `<` is escaped. */
const put = (html: string, tag: "style" | "script", file: string): string =>
  html.replace(`<${tag}>\n`, () => `<${tag}>\n${file}`);

export const page: Bundle = (material, render) => {
  const importable = importableOf(material);
  const leaf = readCertificate(material.leaf);
  const subject = { material, importable, certificate: importable?.certificate ?? leaf, leaf };
  const all = new Map(languages.map((language) => [language, readStrings(render, language)]));
  const style = render("client-page.css", {});
  const script = render("client-page.js", {});
  const html = render("client-page.html", {
    styleHash: hashOf(style),
    scriptHash: hashOf(script),
    defaultLanguage: languages[0],
    pages: [...all.keys()].map((language) => pageIn(language, all, subject)),
    qr: material.url === undefined ? false : qrPath(material.url),
  });
  const content = put(put(html, "style", style), "script", script);
  return [
    { path: "index.html", content, summary: "page with all of this, to be published; works when mailed alone, too" },
  ];
};
