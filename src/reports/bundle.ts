// What was put into the folder for clients, and what to do with it.
import type { BundledAccount } from "../usecases/bundle-account.ts";
import type { BundleResult } from "../usecases/bundle.ts";
import { shellWord } from "../domain/shell-word.ts";
import { findingsText } from "./findings-text.ts";
import { table } from "./table.ts";
import { textWidth, wrap } from "../domain/wrap.ts";

/** Of what tells people what to do, only what is there is named. */
const guideOf = ({ files }: BundleResult): string | undefined => {
  const has = (file: string): boolean => files.some(({ path, change }) => path === file && change !== "removed");
  if (has("index.html"))
    return `index.html${has("README.txt") ? ", or README.txt in plain text," : ""} tells each of them what to click`;
  return has("README.txt") ? "README.txt tells each of them what to click" : undefined;
};

const nextLines = (result: BundleResult): readonly string[] => {
  const guide = guideOf(result);
  if (result.imports === "nothing") return ["Clients trust this certificate already: there is nothing to import."];
  if (result.imports === "self-signed")
    return [
      wrap(
        `A self-signed certificate is for a quick test${guide === undefined ? ", and many clients will not take it" : `: ${guide.startsWith("index") ? "index.html" : "README.txt"} says who will not take it`}. Better: --issuer private-ca.`,
        textWidth,
        "",
        "",
      ),
    ];
  const hand = "Hand the folder to the people who connect, or publish it";
  return guide === undefined
    ? [
        wrap(
          `${hand}. What tells each of them what to click is not made by this run: mailcert bundle --format readme page`,
          textWidth,
          "",
          "",
        ),
      ]
    : [wrap(`${hand}: ${guide}.`, textWidth, "", "")];
};

/** As clients show it, in two lines of sixteen octets. */
const fingerprintLines = ({ fingerprint, beside = [] }: BundleResult): readonly string[] => {
  if (fingerprint === undefined) return [];
  const what = beside.length === 0 ? "this" : `these ${beside.length + 1}`;
  return [
    `Read ${what} to them by telephone, so that they can compare before they import:`,
    ...[{ ...fingerprint, is: "first" as const }, ...beside].flatMap(({ title, sha256, sha1, is }) => {
      const octets = sha256.toUpperCase().match(/../g) ?? [];
      return [
        `  ${title}${besideWords[is]}, SHA-256`,
        `  ${octets.slice(0, 16).join(":")}:`,
        `  ${octets.slice(16).join(":")}`,
        `  SHA-1 (Windows: thumbprint) ${sha1}`,
      ];
    }),
  ];
};

const besideWords = { first: "", next: " (the next one)", earlier: " (the one before)" } as const;

/** A new root that nothing served leads to yet. */
const rotatedLines = ({ certificate, fingerprint, beside = [] }: BundleResult): readonly string[] => {
  const next = beside.find((one) => one.is === "next");
  return next === undefined || fingerprint === undefined
    ? []
    : [
        wrap(
          `The CA has a new root, ${next.title}, and what is served is still by the one before: ca.crt is ${fingerprint.title}, which verifies that, and the new one lies beside it: have people import both. After the renewal the files lead with the new one:`,
          textWidth,
        ),
        `  mailcert renew --force ${shellWord(certificate)}`,
      ];
};

const omittedLines = ({ omitted }: BundledAccount): readonly string[] =>
  omitted.flatMap(({ files, reason, hint }) => [
    wrap(`Not made: ${files.join(", ")}: ${reason}.`, textWidth, "", "  "),
    ...(hint === undefined ? [] : [wrap(hint, textWidth, "  -> ", "     ")]),
  ]);

/** Where the domain's own web server has the files, no name of the certificate is asked for. */
const atDomain = (domain: string): string => `config-v1.1.xml at https://${domain}/.well-known/autoconfig/mail/`;

const namesLines = ({ domain = "", names }: BundledAccount): readonly string[] => {
  if (names === undefined) return [];
  const lacks = `Mail programs look for the account files at ${names.missing.join(", ")}, which the certificate does not have`;
  const { add, limited } = names;
  if (add !== undefined)
    return [
      wrap(`${lacks}. Once these names lead to a web server here, add them:`, textWidth, "", "  "),
      `  ${add}`,
      wrap(
        `(Or publish ${atDomain(domain)}, on the domain's own web server, which needs no further name here.)`,
        textWidth,
        "  ",
        "  ",
      ),
    ];
  const to = limited?.to.join(", ") || "nothing";
  return [
    wrap(
      `${lacks}, and cannot have: its authority is limited to ${to}. Publish ${atDomain(domain)} and autodiscover.xml at https://${domain}/autodiscover/, on the domain's own web server, which needs no further name here.`,
      textWidth,
      "",
      "  ",
    ),
    ...(limited?.widen === undefined
      ? []
      : ["  (Or give it a new root with other limits, which everybody has to import:", `  ${limited.widen})`]),
  ];
};

/** What the account files say, what they leave out, and what they still need. */
const accountLines = ({ account }: BundleResult): readonly string[] => {
  if (account === undefined) return [];
  const left =
    account.proven.length > 0 && account.unproven.length > 0
      ? [
          wrap(
            `Left out of them, since the last proof did not find the certificate there: ${account.unproven.join(", ")}.`,
            textWidth,
            "",
            "  ",
          ),
        ]
      : [];
  return [...omittedLines(account), ...left, ...namesLines(account)];
};

const lostUrlLines = ({ lostUrl, dryRun }: BundleResult): readonly string[] =>
  lostUrl === undefined
    ? []
    : [
        wrap(
          `The page ${dryRun ? "loses" : "has lost"} the QR code of ${lostUrl}, which this run was not told: bundle_url (--url) puts it back.`,
          textWidth,
          "",
          "  ",
        ),
      ];

export const bundleText = (result: BundleResult): string => {
  const said = result.dryRun ? { written: "would write", removed: "would remove", unchanged: "unchanged" } : undefined;
  const by = result.signer === undefined ? ", not signed" : `, signed by ${result.signer.title}`;
  const rows = result.files.map(({ path, summary, change, signed }) => [
    path,
    said?.[change] ?? change,
    signed === undefined ? summary : summary + by,
  ]);
  return [
    ...(result.dryRun ? ["plan (nothing was changed)"] : []),
    `${result.dir}: for the clients of ${result.certificate}`,
    table(rows, "  "),
    ...lostUrlLines(result),
    ...(result.dryRun ? [] : nextLines(result)),
    ...rotatedLines(result),
    ...(result.dryRun ? [] : fingerprintLines(result)),
    ...accountLines(result),
    ...(result.findings === undefined ? [] : [findingsText(result.findings)]),
  ].join("\n");
};

export const bundleDocument = (result: BundleResult): object => ({
  schema: "mailcert.bundle/1",
  ok: (result.findings ?? []).length === 0,
  ...result,
});
