// The ACME part of a certificate's entry: which CA, the account, how names are proven, what is asked of the CA.
import { acmeCaNames, acmeCas, isAcmeCaName } from "../domain/acme-directories.ts";
import { caWordProblem, preferredChainProblem } from "../domain/acme-words.ts";
import type { AcmeSettings, ChallengeName } from "../domain/certificate-config.ts";
import { defaults, dnsName } from "../domain/certificate-defaults.ts";
import { bindingKey } from "../domain/certificate-settings.ts";
import { parseListenAddress } from "../domain/listen-address.ts";
import type { Choices } from "./choices.ts";
import { didYouMean } from "../domain/nearest.ts";
import { quoted } from "./problem.ts";
import {
  type Field,
  type Source,
  type Text,
  readFields,
  readFlag,
  readText,
  readTexts,
  readWhole,
  reportUnknown,
} from "./source.ts";
import { isScalar, isSeq } from "yaml";
import { directoryOf, emailOf, pathOf } from "./values.ts";

/** In the order in which `setup` writes them. */
export const acmeKeys = [
  "acme",
  "email",
  "agree_tos",
  "ca_file",
  "eab_kid",
  "eab_hmac_file",
  "eab",
  "challenge",
  "http_address",
  "webroot",
  "tls_alpn_address",
  "dns",
  "profile",
  "profile_rsa",
  "preferred_chain",
  "days",
] as const;

type Fields = ReadonlyMap<string, Field>;

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
  const [text] = readTexts(source, acme, "acme") ?? [];
  return (text === undefined ? undefined : directoryOf(source, text)) ?? "";
};

/** Of a list below `acme:`, those after the first, none of them twice: CAs that are asked where the first one cannot. */
export const readFurtherDirectories = (source: Source, fields: Fields, first: string): readonly string[] => {
  const acme = fields.get("acme");
  if (acme === undefined || !isSeq(acme.value)) return [];
  const directories = [first];
  // Its items were looked at, and what is wrong with them said, when the first one was read.
  const quiet = { ...source, report: () => undefined };
  for (const text of (readTexts(quiet, acme, "acme") ?? []).slice(1)) {
    const directory = directoryOf(source, text);
    if (directory === undefined) continue;
    if (directories.includes(directory))
      source.report(text.node, "the directory is listed twice", "remove one of the two");
    else directories.push(directory);
  }
  return directories.slice(1);
};

const readChallenges = (source: Source, fields: Fields, choices: Choices): readonly ChallengeName[] => {
  const texts = readTexts(source, fields.get("challenge"), "challenge");
  if (texts === undefined) return defaults.challenge;
  const read: ChallengeName[] = [];
  for (const { text, node } of texts) {
    const found = choices.challenges.find((known) => known === text);
    if (found === undefined)
      source.report(node, `unknown challenge ${quoted(text)}`, didYouMean(text, choices.challenges));
    else if (read.includes(found))
      source.report(node, `the challenge ${found} is listed twice`, "remove one of the two");
    else read.push(found);
  }
  return read;
};

const readEab = (source: Source, fields: Fields): AcmeSettings["eab"] => {
  const kid = readText(source, fields.get("eab_kid"), "eab_kid");
  const file = readText(source, fields.get("eab_hmac_file"), "eab_hmac_file");
  const hmacFile = file === undefined ? undefined : pathOf(source, file, "eab_hmac_file");
  const alone =
    kid === undefined ? fields.get("eab_hmac_file") : file === undefined ? fields.get("eab_kid") : undefined;
  if (alone !== undefined)
    source.report(alone.key, "eab_kid and eab_hmac_file go together", "the CA gives you both (RFC 8555 §7.3.4)");
  return kid === undefined || hmacFile === undefined ? undefined : { kid: kid.text, hmacFile };
};

/** `eab:` of the CAs after the first: the same CAs, each with its binding. */
export const withBindings = (
  source: Source,
  fields: Fields,
  fallbacks: readonly AcmeSettings[],
): readonly AcmeSettings[] => {
  const field = fields.get("eab");
  if (field === undefined) return fallbacks;
  const known = fallbacks.map(bindingKey);
  const bindings = new Map<string, NonNullable<AcmeSettings["eab"]>>();
  for (const [ca, { key, value }] of readFields(source, field.value, "eab") ?? []) {
    if (!known.includes(ca)) {
      const others = known.length === 0 ? "it has none" : `they are ${known.join(", ")}`;
      const hint = "the first issuer's binding is eab_kid and eab_hmac_file";
      source.report(key, `eab: ${quoted(ca)} is none of the issuers after the first (${others})`, hint);
      continue;
    }
    const where = `eab of ${quoted(ca)}`;
    const own = readFields(source, value, where);
    if (own === undefined) continue;
    reportUnknown(source, own, where, ["kid", "hmac_file"]);
    const [kid, file] = [readText(source, own.get("kid"), "kid"), readText(source, own.get("hmac_file"), "hmac_file")];
    const hmacFile = file === undefined ? undefined : pathOf(source, file, "hmac_file");
    if (!own.has("kid") || !own.has("hmac_file"))
      source.report(key, `${where} needs kid and hmac_file`, "the CA gives you both (RFC 8555 §7.3.4)");
    if (kid !== undefined && hmacFile !== undefined) bindings.set(ca, { kid: kid.text, hmacFile });
  }
  return fallbacks.map((settings) => {
    const eab = bindings.get(bindingKey(settings));
    return eab === undefined ? settings : { ...settings, eab };
  });
};

/** Profiles in order of preference. */
const readWords = (source: Source, fields: Fields, key: string): readonly string[] | undefined => {
  const texts = readTexts(source, fields.get(key), key);
  const words: string[] = [];
  for (const { text, node } of texts ?? []) {
    const problem = caWordProblem(text);
    if (problem !== undefined) source.report(node, `${key}: ${quoted(text)} ${problem}`);
    if (words.includes(text)) source.report(node, `${key}: ${quoted(text)} is listed twice`, "remove one of the two");
    else words.push(text);
  }
  return texts && words;
};

/** Values are only good when nothing was reported. */
export const readAcme = (source: Source, fields: Fields, choices: Choices, issuer: Text): AcmeSettings => {
  const text = <T>(key: string, read: (value: Text) => T | undefined): T | undefined => {
    const value = readText(source, fields.get(key), key);
    return value === undefined ? undefined : read(value);
  };
  const path = (key: string): string | undefined => text(key, (value) => pathOf(source, value, key));
  const listen = (key: string): string | undefined => {
    const field = fields.get(key);
    const value = field?.value;
    // Taken for a number by YAML; in quotes it would still lack its colon.
    if (field !== undefined && isScalar(value) && typeof value.value === "number") {
      source.report(
        value,
        `${key} must be ADDRESS:PORT, not a number`,
        `write ${key}: ":${value.source ?? value.value}"`,
      );
      return undefined;
    }
    return text(key, ({ text: address, node }) => {
      const parsed = parseListenAddress(address);
      if ("problem" in parsed) source.report(node, `${key}: ${quoted(address)} is not an address`, parsed.problem);
      return address;
    });
  };
  const directory = readDirectory(source, fields, issuer.text, issuer.node);
  const email = text("email", (value) => emailOf(source, value));
  const [caFile, webroot] = [path("ca_file"), path("webroot")];
  const eab = readEab(source, fields);
  const dns = text("dns", ({ text: name, node }) => {
    if (!dnsName.test(name))
      source.report(node, `dns: ${quoted(name)} is not such a name`, "it is the name of a file: secrets/NAME.yaml");
    return name;
  });
  const challenges = readChallenges(source, fields, choices);
  if (challenges.includes("dns-01") && !fields.has("dns"))
    source.report(
      fields.get("challenge")?.key,
      "dns-01 needs to know how DNS is changed",
      "add dns: NAME, and the updater's settings in secrets/NAME.yaml (docs/dns.md)",
    );
  const rsaProfiles = readWords(source, fields, "profile_rsa");
  const preferredChain = text("preferred_chain", ({ text: chain, node }) => {
    const problem = preferredChainProblem(chain);
    if (problem !== undefined) source.report(node, `preferred_chain: ${quoted(chain)} ${problem}`);
    return chain;
  });
  const days = readWhole(source, fields.get("days"), "days");
  if (days !== undefined && days.number < 1) source.report(days.node, "days must be at least 1");
  return {
    kind: "acme",
    directory,
    ...(isAcmeCaName(issuer.text) ? { ca: issuer.text } : {}),
    ...(email === undefined ? {} : { email }),
    agreeTos: readFlag(source, fields.get("agree_tos"), "agree_tos") ?? defaults.agree_tos,
    ...(caFile === undefined ? {} : { caFile }),
    ...(eab === undefined ? {} : { eab }),
    challenges,
    httpAddress: listen("http_address") ?? defaults.http_address,
    ...(webroot === undefined ? {} : { webroot }),
    tlsAlpnAddress: listen("tls_alpn_address") ?? defaults.tls_alpn_address,
    ...(dns === undefined ? {} : { dns }),
    profiles: readWords(source, fields, "profile") ?? [],
    ...(rsaProfiles === undefined ? {} : { rsaProfiles }),
    ...(preferredChain === undefined ? {} : { preferredChain }),
    ...(days === undefined ? {} : { days: days.number }),
  };
};
