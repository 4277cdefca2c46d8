// One entry below `certificates:` -> CertificateConfig with its defaults, or every problem in it.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { defaults } from "../domain/certificate-defaults.ts";
import { csrConflict } from "../domain/csr-conflict.ts";
import { certificateNameProblem } from "../domain/certificate-name.ts";
import { type KeyAlgorithm, isKeyAlgorithm, keyAlgorithms, slotOf } from "../domain/keys.ts";
import { NameProblem, canonicalName } from "../domain/names.ts";
import { readAccount } from "./account-entry.ts";
import type { Choices } from "./choices.ts";
import { readFiles } from "./files-entry.ts";
import { readOwnHooks } from "./hooks-entry.ts";
import { readPlaces } from "./places-entry.ts";
import { readOwnWindow } from "./window-entry.ts";
import { allIssuerKeys, readIssuers } from "./issuer-settings.ts";
import { didYouMean } from "../domain/nearest.ts";
import { quoted } from "./problem.ts";
import {
  type Field,
  type Source,
  isNothing,
  readFields,
  readFlag,
  readText,
  readTexts,
  reportUnknown,
} from "./source.ts";
import { namesOf, pageUrlOf, pathOf } from "./values.ts";

/** In the order in which `setup` writes them. */
export const certificateKeys: readonly string[] = [
  "names",
  "issuer",
  ...allIssuerKeys,
  "key",
  "csr",
  "reuse_key",
  "on_dead_name",
  "servers",
  "addresses",
  "services",
  "files",
  "bundle",
  "sign_profile",
  "account_domain",
  "account_login",
  "bundle_url",
  "hooks",
  "window",
];

/** An entry's name in its canonical form, or why it is no host name (which it need not be where `names` lists them). */
const canonicalEntry = (text: string): { readonly name: string; readonly reason?: string } => {
  try {
    return { name: canonicalName(text) };
  } catch (error) {
    if (error instanceof NameProblem) return { name: text, reason: error.reason };
    throw error;
  }
};

export const entryName = (text: string): string => canonicalEntry(text).name;

const readKeys = (source: Source, field: Field | undefined): readonly KeyAlgorithm[] => {
  const texts = readTexts(source, field, "key");
  if (texts === undefined) return defaults.key;
  const keys: KeyAlgorithm[] = [];
  for (const { text, node } of texts) {
    if (!isKeyAlgorithm(text)) {
      source.report(node, `unknown key algorithm ${quoted(text)}`, didYouMean(text, keyAlgorithms));
      continue;
    }
    const other = keys.find((key) => slotOf(key) === slotOf(text));
    if (other === undefined) keys.push(text);
    else {
      const hint = "a server takes one key of each kind: one ECDSA, one RSA";
      source.report(
        node,
        other === text ? `the key ${text} is listed twice` : `${other} and ${text} are keys of the same kind`,
        hint,
      );
    }
  }
  return keys;
};

const readServers = (source: Source, field: Field | undefined, choices: Choices): CertificateConfig["servers"] => {
  const texts = readTexts(source, field, "servers");
  if (texts === undefined) return defaults.servers;
  const [first] = texts;
  if (first !== undefined && texts.length === 1 && (first.text === "auto" || first.text === "none")) {
    return first.text === "auto" ? "auto" : [];
  }
  const servers: string[] = [];
  for (const { text, node } of texts) {
    if (text === "auto" || text === "none") source.report(node, `"${text}" cannot stand beside other servers`);
    else if (!choices.servers.includes(text)) {
      source.report(node, `unknown server ${quoted(text)}`, didYouMean(text, ["auto", "none", ...choices.servers]));
    } else if (servers.includes(text))
      source.report(node, `the server ${text} is listed twice`, "remove one of the two");
    else servers.push(text);
  }
  return servers;
};

const readOnDeadName = (source: Source, field: Field | undefined): CertificateConfig["onDeadName"] => {
  const word = readText(source, field, "on_dead_name");
  if (word === undefined) return defaults.on_dead_name;
  if (word.text === "fail" || word.text === "drop" || word.text === "order") return word.text;
  source.report(word.node, `on_dead_name: ${quoted(word.text)} is neither fail nor drop nor order`);
  return defaults.on_dead_name;
};

/** Values are only good when nothing was reported. */
export const readCertificate = (
  source: Source,
  text: string,
  { key, value }: Field,
  choices: Choices,
): CertificateConfig | undefined => {
  const { name, reason } = canonicalEntry(text);
  const problem = certificateNameProblem(name);
  if (problem !== undefined) {
    const hint = "it is the name of a folder; give the certificate a simple one and list its names under names:";
    source.report(key, `the certificate's name ${quoted(text)} ${problem}`, hint);
  }
  // `mail.example.org:` alone is a whole entry: everything has a default.
  const where = `certificate ${quoted(text)}`;
  const fields = isNothing(value) ? new Map<string, Field>() : readFields(source, value, where);
  if (fields === undefined) return undefined;
  reportUnknown(source, fields, where, certificateKeys);
  const texts = readTexts(source, fields.get("names"), "names");
  const hint = "a certificate's name is its first host name unless names: lists others";
  if (reason !== undefined && !fields.has("names")) source.report(key, `${quoted(text)} ${reason}`, hint);
  const csrText = readText(source, fields.get("csr"), "csr");
  const csr = csrText === undefined ? undefined : pathOf(source, csrText, "csr");
  const bundle = readText(source, fields.get("bundle"), "bundle");
  const bundlePath = bundle === undefined ? undefined : pathOf(source, bundle, "bundle");
  const signer = readText(source, fields.get("sign_profile"), "sign_profile");
  const signProfile = signer?.text === "live" ? "live" : signer && pathOf(source, signer, "sign_profile");
  const published = readText(source, fields.get("bundle_url"), "bundle_url");
  const bundleUrl = published === undefined ? undefined : pageUrlOf(source, published);
  const places = readPlaces(source, fields.get("addresses"), fields.get("services"));
  const files = readFiles(source, fields.get("files"));
  const account = readAccount(source, fields);
  const hooks = readOwnHooks(source, fields.get("hooks"));
  const window = readOwnWindow(source, fields.get("window"));
  const entry: CertificateConfig = {
    name,
    names: texts === undefined ? [name] : namesOf(source, texts),
    keys: readKeys(source, fields.get("key")),
    ...readIssuers(source, fields, choices, key),
    ...(csr === undefined ? {} : { csr }),
    reuseKey: readFlag(source, fields.get("reuse_key"), "reuse_key") ?? defaults.reuse_key,
    onDeadName: readOnDeadName(source, fields.get("on_dead_name")),
    servers: readServers(source, fields.get("servers"), choices),
    ...(places === undefined ? {} : { places }),
    ...(files === undefined ? {} : { files }),
    ...(bundlePath === undefined ? {} : { bundle: bundlePath }),
    ...(signProfile === undefined ? {} : { signProfile }),
    ...(account === undefined ? {} : { account }),
    ...(bundleUrl === undefined ? {} : { bundleUrl }),
    ...(hooks === undefined ? {} : { hooks }),
    ...(window === undefined ? {} : { window }),
  };
  const conflict = csrConflict(entry);
  if (csrText && conflict) source.report(csrText.node, conflict.message, conflict.hint);
  return entry;
};
