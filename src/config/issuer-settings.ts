// The issuer's part of a certificate's entry: which issuer, and the settings that belong to it.
import { acmeCaNames, acmeCas, isAcmeCaName } from "../domain/acme-directories.ts";
import type { AcmeSettings, IssuerSettings } from "../domain/certificate-config.ts";
import { defaults, mostDays } from "../domain/certificate-defaults.ts";
import { sameElsewhere } from "../domain/fallback.ts";
import { certificateNameProblem } from "../domain/certificate-name.ts";
import { acmeKeys, readAcme, readFurtherDirectories, withBindings } from "./acme-settings.ts";
import type { Choices } from "./choices.ts";
import { didYouMean } from "../domain/nearest.ts";
import { quoted } from "./problem.ts";
import { type Field, type Source, type Text, readText, readTexts, readWhole } from "./source.ts";
import { caDomainsOf, crlUrlOf } from "./values.ts";

/** The keys that mean something only for one kind of issuer. */
const issuerKeys = {
  "private-ca": ["days", "ca", "ca_domains", "ca_crl_url"],
  "self-signed": ["days"],
  acme: acmeKeys,
} as const satisfies Record<IssuerSettings["kind"], readonly string[]>;

export const allIssuerKeys: readonly string[] = [...new Set(Object.values(issuerKeys).flat())];

const issuerWords: readonly string[] = ["private-ca", "self-signed", "acme", ...acmeCaNames];

type Fields = ReadonlyMap<string, Field>;

const kindOf = (word: string): IssuerSettings["kind"] =>
  word === "private-ca" || word === "self-signed" ? word : "acme";

const readDays = (source: Source, fields: Fields): number => {
  const days = readWhole(source, fields.get("days"), "days");
  if (days === undefined) return defaults.days;
  if (days.number < 1) source.report(days.node, "days must be at least 1");
  if (days.number > mostDays) {
    source.report(
      days.node,
      `days must be at most ${mostDays}`,
      "Apple devices refuse a certificate that is valid for longer",
    );
  }
  return days.number;
};

const readCa = (source: Source, fields: Fields): string => {
  const ca = readText(source, fields.get("ca"), "ca");
  const problem = ca === undefined ? undefined : certificateNameProblem(ca.text);
  if (ca !== undefined && problem !== undefined) {
    source.report(ca.node, `the CA's name ${quoted(ca.text)} ${problem}`, "it is the name of a folder: ca: default");
  }
  return ca?.text ?? defaults.ca;
};

/** Further CAs after the first: ACME ones only, none of them twice. */
const readFallbacks = (
  source: Source,
  issuer: IssuerSettings,
  first: Text,
  others: readonly Text[],
): readonly AcmeSettings[] => {
  const seen = new Set([first.text]);
  const read: AcmeSettings[] = [];
  for (const { text, node } of others) {
    if (issuer.kind !== "acme" || !isAcmeCaName(text)) {
      const hint = `a list of issuers holds ACME CAs: ${acmeCaNames.join(", ")}, the first may be acme`;
      if (issuerWords.includes(text) || issuer.kind !== "acme")
        source.report(node, `${quoted(text)} cannot stand in a list of issuers`, hint);
      else source.report(node, `unknown issuer ${quoted(text)}`, didYouMean(text, acmeCaNames));
    } else if (seen.has(text)) source.report(node, `the issuer ${text} is listed twice`, "remove one of the two");
    else read.push(sameElsewhere(issuer, { ca: text, directory: acmeCas[text].directory }));
    seen.add(text);
  }
  return read;
};

/** The first issuer and the ACME CAs after it. Values are only good when nothing was reported. */
export const readIssuers = (
  source: Source,
  fields: Fields,
  choices: Choices,
  entry: Text["node"],
): { readonly issuer: IssuerSettings; readonly fallbacks: readonly AcmeSettings[] } => {
  const [given, ...others] = readTexts(source, fields.get("issuer"), "issuer") ?? [];
  const first: Text = given ?? { text: defaults.issuer, node: entry };
  const issuer = readIssuer(source, fields, choices, first);
  const named = readFallbacks(source, issuer, first, others);
  if (issuer.kind !== "acme") return { issuer, fallbacks: named };
  const listed = issuer.ca === undefined ? readFurtherDirectories(source, fields, issuer.directory) : [];
  const all = [...listed.map((directory) => sameElsewhere(issuer, { directory })), ...named];
  return { issuer, fallbacks: withBindings(source, fields, all) };
};

const readIssuer = (source: Source, fields: Fields, choices: Choices, issuer: Text): IssuerSettings => {
  if (!issuerWords.includes(issuer.text)) {
    source.report(issuer.node, `unknown issuer ${quoted(issuer.text)}`, didYouMean(issuer.text, issuerWords));
    return { kind: "self-signed", days: defaults.days };
  }
  const kind = kindOf(issuer.text);
  for (const [key, field] of fields) {
    if (!allIssuerKeys.includes(key) || (issuerKeys[kind] as readonly string[]).includes(key)) continue;
    const hint = fields.has("issuer")
      ? "remove it, or change the issuer"
      : `remove it, or add issuer: (default ${defaults.issuer})`;
    source.report(field.key, `${key} means nothing with issuer ${issuer.text}`, hint);
  }
  if (kind === "acme") return readAcme(source, fields, choices, issuer);
  const days = readDays(source, fields);
  if (kind === "self-signed") return { kind, days };
  const domains = readTexts(source, fields.get("ca_domains"), "ca_domains");
  const list = readText(source, fields.get("ca_crl_url"), "ca_crl_url");
  const crlUrl = list && crlUrlOf(source, list);
  return {
    kind,
    ca: readCa(source, fields),
    ...(domains === undefined ? {} : { caDomains: caDomainsOf(source, domains) }),
    ...(crlUrl === undefined ? {} : { crlUrl }),
    days,
  };
};
