// The issuer's part of a certificate's entry: which issuer, and the settings that belong to it.
import { acmeCaNames, acmeCas, isAcmeCaName } from "../domain/acme-directories.ts";
import type { AcmeSettings, IssuerSettings } from "../domain/certificate-config.ts";
import { defaults, mostDays } from "../domain/certificate-defaults.ts";
import { parseListenAddress } from "../domain/listen-address.ts";
import { certificateNameProblem } from "../domain/certificate-name.ts";
import type { Choices } from "./choices.ts";
import { didYouMean } from "./nearest.ts";
import { quoted } from "./problem.ts";
import { type Field, type Source, type Text, readFlag, readText, readTexts, readWhole } from "./source.ts";
import { caDomainsOf, directoryOf, emailOf, pathOf } from "./values.ts";

/** The keys that mean something only for one kind of issuer. */
const issuerKeys = {
  "private-ca": ["days", "ca", "ca_domains"],
  "self-signed": ["days"],
  acme: ["acme", "email", "agree_tos", "ca_file", "challenge", "http_address"],
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

const readDirectory = (source: Source, fields: Fields, word: string, node: Text["node"] | undefined): string => {
  const acme = fields.get("acme");
  if (isAcmeCaName(word)) {
    if (acme !== undefined) {
      source.report(
        acme.key,
        `acme and issuer: ${word} both name a CA`,
        "for a CA by its directory URL write issuer: acme",
      );
    }
    return acmeCas[word].directory;
  }
  if (acme === undefined) {
    const hint = `add acme: https://... (the directory URL), or name a known CA: ${acmeCaNames.join(", ")}`;
    source.report(node, "issuer: acme does not say which CA", hint);
    return "";
  }
  const text = readText(source, acme, "acme");
  return (text === undefined ? undefined : directoryOf(source, text)) ?? "";
};

const readAcme = (source: Source, fields: Fields, choices: Choices, issuer: Text): AcmeSettings => {
  const text = <T>(key: string, read: (value: Text) => T | undefined): T | undefined => {
    const value = readText(source, fields.get(key), key);
    return value === undefined ? undefined : read(value);
  };
  const directory = readDirectory(source, fields, issuer.text, issuer.node);
  const email = text("email", (value) => emailOf(source, value));
  const caFile = text("ca_file", (value) => pathOf(source, value, "ca_file"));
  const challenge = text("challenge", ({ text: word, node }) => {
    const found = choices.challenges.find((known) => known === word);
    if (found === undefined)
      source.report(node, `unknown challenge ${quoted(word)}`, didYouMean(word, choices.challenges));
    return found;
  });
  const httpAddress = text("http_address", ({ text: address, node }) => {
    const parsed = parseListenAddress(address);
    if ("problem" in parsed) source.report(node, `http_address: ${quoted(address)} is not an address`, parsed.problem);
    return address;
  });
  return {
    kind: "acme",
    directory,
    ...(isAcmeCaName(issuer.text) ? { ca: issuer.text } : {}),
    ...(email === undefined ? {} : { email }),
    agreeTos: readFlag(source, fields.get("agree_tos"), "agree_tos") ?? defaults.agree_tos,
    ...(caFile === undefined ? {} : { caFile }),
    challenge: challenge ?? defaults.challenge,
    httpAddress: httpAddress ?? defaults.http_address,
  };
};

/** Values are only good when nothing was reported. */
export const readIssuer = (source: Source, fields: Fields, choices: Choices, entry: Text["node"]): IssuerSettings => {
  const given = readText(source, fields.get("issuer"), "issuer");
  const issuer: Text = given ?? { text: defaults.issuer, node: entry };
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
  return {
    kind,
    ca: readCa(source, fields),
    ...(domains === undefined ? {} : { caDomains: caDomainsOf(source, domains) }),
    days,
  };
};
