// What was put into the folder for clients, and what to do with it.
import type { BundleResult } from "../usecases/bundle.ts";
import { table } from "./table.ts";

const next: Readonly<Record<BundleResult["imports"], readonly string[]>> = {
  root: [
    "Hand the folder to the people who connect, or publish it: index.html, or README.txt in",
    "plain text, tells each of them what to click.",
  ],
  "self-signed": [
    "A self-signed certificate is for a quick test: README.txt says who will not take",
    "it. Better: --issuer private-ca.",
  ],
  nothing: ["Clients trust this certificate already: there is nothing to import."],
};

/** As clients show it, in two lines of sixteen octets. */
const fingerprintLines = ({ fingerprint }: BundleResult): readonly string[] => {
  if (fingerprint === undefined) return [];
  const octets = fingerprint.sha256.toUpperCase().match(/../g) ?? [];
  return [
    "Read this to them by telephone, so that they can compare before they import:",
    `  ${fingerprint.title}, SHA-256`,
    `  ${octets.slice(0, 16).join(":")}:`,
    `  ${octets.slice(16).join(":")}`,
  ];
};

export const bundleText = (result: BundleResult): string => {
  const said = result.dryRun ? { written: "would write", removed: "would remove", unchanged: "unchanged" } : undefined;
  const rows = result.files.map(({ path, summary, change }) => [path, said?.[change] ?? change, summary]);
  return [
    `${result.dir}: for the clients of ${result.certificate}`,
    table(rows, "  "),
    ...next[result.imports],
    ...fingerprintLines(result),
  ].join("\n");
};

export const bundleDocument = (result: BundleResult): object => ({ schema: "mailcert.bundle/1", ok: true, ...result });
