// README.txt: what each client's user has to click, fingerprints to compare, account settings in both vocabularies.
import { accountFiles } from "../domain/bundle-formats.ts";
import { type CertificateFacts, readCertificate, titleOf } from "../domain/certificate.ts";
import { displayName } from "../domain/names.ts";
import { limitsOf } from "../domain/root-limits.ts";
import { accountSettings } from "./account-settings.ts";
import type { Bundle } from "./bundle.ts";
import { fingerprintOf } from "../domain/fingerprint.ts";
import { type Importable, importableOf, olderFile } from "./importable.ts";

/** What the text tells people to take of the folder. */
const named = {
  "private-ca": [
    "ca.crt",
    "ca.cer",
    "ca.p7b",
    "ca.mobileconfig",
    "truststore.p12",
    "install-windows.ps1",
    "install-windows.cmd",
    "windows-gpo-intune.txt",
    "install-macos.sh",
    "install-linux.sh",
    "android.txt",
    "policies.json",
    "thunderbird-certutil.sh",
    "thunderbird.txt",
  ],
  "self-signed": [
    "server.crt",
    "server.cer",
    "truststore.p12",
    "install-windows.ps1",
    "install-windows.cmd",
    "install-macos.sh",
  ],
} as const satisfies Readonly<Record<Importable["kind"], readonly string[]>>;

const width = 78;

/** In lines, each with its end. */
const inLines = (names: readonly string[]): readonly { readonly text: string }[] => {
  const lines: string[] = [];
  for (const [index, name] of names.entries()) {
    const word = index < names.length - 1 ? `${name},` : name;
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.map((text) => ({ text }));
};

const day = (date: Date): string => date.toISOString().slice(0, 10);

const factsOf = (root: CertificateFacts): object => ({
  title: titleOf(root),
  sha256: fingerprintOf(root, "sha256"),
  sha1: fingerprintOf(root, "sha1"),
  from: day(root.notBefore),
  until: day(root.notAfter),
});

export const readme: Bundle = (material, render) => {
  const importable = importableOf(material);
  const leaf = readCertificate(material.leaf);
  const shown = importable?.certificate ?? leaf;
  const next = importable?.newer;
  const { incoming, outgoing } = accountSettings(material);
  const limits = limitsOf(shown);
  const paths = material.files.map(({ path }) => path);
  const absent = importable === undefined ? [] : named[importable.kind].filter((path) => !paths.includes(path));
  const terminal = accountFiles.programs.filter((path) => paths.includes(path));
  const content = render("bundle-readme.txt", {
    host: displayName(material.host),
    // The name of a file stays in ASCII: update-ca-certificates is a shell script.
    file: material.host.replaceAll(":", "-"),
    names: material.names.map((name) => ({ name: displayName(name) })),
    publicly: importable === undefined,
    privateCa: importable?.kind === "private-ca",
    selfSigned: importable?.kind === "self-signed",
    limited: limits !== undefined,
    domains: limits?.join(", ") ?? "",
    ...factsOf(shown),
    issuer: leaf.issuer,
    next: next === undefined ? [] : [factsOf(next)],
    earlier: (importable?.older ?? []).map((one, index) => ({
      ...factsOf(one),
      crt: olderFile("ca", index, "crt"),
      cer: olderFile("ca", index, "cer"),
    })),
    olderOnly: next === undefined,
    several: (importable?.beside.length ?? 0) > 0,
    roots: [shown, ...(importable?.beside ?? [])].map(titleOf).map((title) => ({ title })),
    incoming: incoming.map((text) => ({ text })),
    outgoing: outgoing.map((text) => ({ text })),
    withAccount: paths.includes("account.mobileconfig"),
    publicProfile: importable === undefined && paths.includes("account.mobileconfig"),
    anyAbsent: absent.length > 0,
    absent: inLines(absent),
    ready: terminal.length > 0,
    terminal: inLines(terminal),
    noIncoming: incoming.length === 0,
    noOutgoing: outgoing.length === 0,
  });
  return [{ path: "README.txt", content, summary: "what to click in each client, fingerprints, account settings" }];
};
