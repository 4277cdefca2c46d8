// The command that brings a certificate back as it was: for one that left the configuration, or never came to stand in it.
import type { GenerationRecord } from "../store/store.ts";
import { acmeCaOf, isAcmeCaName } from "./acme-directories.ts";
import type { IssuerKind, IssuerSettings } from "./certificate-config.ts";
import { certificateNameFor } from "./certificate-name.ts";
import type { RawMappings, RawValue } from "./certificate-settings.ts";
import { authorityOf } from "./generation.ts";
import { shellWord } from "./shell-word.ts";

/** A certificate's entry as `setup` would write it: only what differs from the defaults. */
export type Entry = Readonly<Record<string, RawValue>>;

/** In the order of --help. */
const options: Readonly<Record<string, string>> = {
  acme: "--acme",
  email: "--email",
  agree_tos: "--agree-tos",
  ca_file: "--ca-file",
  eab_kid: "--eab-kid",
  eab_hmac_file: "--eab-hmac-file",
  challenge: "--challenge",
  http_address: "--http-address",
  webroot: "--webroot",
  tls_alpn_address: "--tls-alpn-address",
  dns: "--dns",
  profile: "--profile",
  preferred_chain: "--preferred-chain",
  key: "--key",
  days: "--days",
  ca: "--ca",
  ca_domains: "--ca-domains",
  servers: "--server",
  bundle: "--bundle",
};

// Array.isArray does not tell readonly lists.
const isList = (value: readonly string[] | RawMappings): value is readonly string[] => Array.isArray(value);

const listOf = (value: RawValue | undefined): readonly string[] => {
  if (value === undefined) return [];
  if (typeof value !== "object") return [String(value)];
  return isList(value) ? value : [];
};

const textOf = (value: RawValue | undefined): string => listOf(value).join();

/** Of several CAs a command line can name one. */
const withOneCa = (entry: Entry): Entry => {
  const { acme: _acme, ...rest } = entry;
  const [word] = listOf(entry["issuer"]);
  const [directory] = listOf(entry["acme"]);
  return {
    ...rest,
    ...(word === undefined ? {} : { issuer: word }),
    ...(word === "acme" && directory !== undefined ? { acme: directory } : {}),
  };
};

const optionWords = (option: string, value: RawValue): readonly string[] => {
  if (value === true) return [option];
  const joined = option === "--ca-domains" ? [listOf(value).join(",")] : listOf(value);
  return joined.flatMap((one) => [option, shellWord(one)]);
};

/** What no option sets. A key that is kept elsewhere, and a name of its own, no command brings back. */
const byHand = [
  "profile_rsa",
  "reuse_key",
  "on_dead_name",
  "addresses",
  "services",
  "sign_profile",
  "account_domain",
  "account_login",
  "bundle_url",
  "window",
];

export const entryNames = (name: string, entry: Entry): readonly string[] =>
  entry["names"] === undefined ? [name] : listOf(entry["names"]);

export const entryIssuer = (entry: Entry): IssuerKind => {
  const [word] = listOf(entry["issuer"]);
  return word === undefined || word === "private-ca" ? "private-ca" : word === "self-signed" ? word : "acme";
};

/** YAML in one line: JSON is that. */
const yamlLine = (name: string, entry: Entry): string => JSON.stringify({ [name]: entry });

/**
 * One line for people: `mailcert setup ...` with every option of the entry, so that it makes what was there and nothing else;
 * where no command can, the entry itself, to be written into the configuration.
 */
export const setupCommand = (name: string, entry: Entry): string => {
  const names = entryNames(name, entry);
  if (
    ["csr", "files", "hooks"].some((key) => entry[key] !== undefined) ||
    certificateNameFor(names[0] ?? name) !== name
  )
    return `write this below certificates: in the configuration: ${yamlLine(name, entry)}`;
  const one = withOneCa(entry);
  // --acme URL means the issuer acme.
  const issuer = one["acme"] === undefined ? ["--issuer", shellWord(textOf(one["issuer"] ?? "private-ca"))] : [];
  const words = Object.entries(options).flatMap(([key, option]) => {
    const value = one[key];
    return value === undefined || value === false ? [] : optionWords(option, value);
  });
  const left = byHand.filter((key) => one[key] !== undefined);
  const rest =
    left.length === 0 ? "" : `   (its entry also had: ${left.map((key) => `${key}: ${textOf(one[key])}`).join(", ")})`;
  return `mailcert setup ${[...names.map(shellWord), ...issuer, ...words].join(" ")}${rest}`;
};

const caEntry = ({ issuer, authority }: GenerationRecord): Entry => {
  if (issuer === "private-ca") return { issuer, ...(authority === "default" ? {} : { ca: authority }) };
  if (issuer === "self-signed") return { issuer };
  const known = acmeCaOf(authority)?.name;
  return known === undefined ? { issuer, acme: authority } : { issuer: known };
};

/** Account binding and trust of the CA that leads: those of an entry are its first CA's (domain/fallback.ts). */
const ofOneCa = (entry: Entry, lead: string): Entry => {
  const { eab, eab_kid: _kid, eab_hmac_file: _file, ca_file: _trust, ...rest } = entry;
  const { issuer, acme } = withOneCa(entry);
  const { eab: _others, ...whole } = entry;
  if ((acme ?? issuer) === lead) return whole;
  const bound = typeof eab === "object" && !isList(eab) ? eab[lead] : undefined;
  const trust = entry["ca_file"] !== undefined && !isAcmeCaName(lead) ? { ca_file: entry["ca_file"] } : {};
  return {
    ...rest,
    ...trust,
    ...(bound === undefined ? {} : { eab_kid: bound["kid"], eab_hmac_file: bound["hmac_file"] }),
  };
};

/** The CA that issued leads, whichever of the entry's it was. */
const entryOf = (record: GenerationRecord): Entry => {
  const algorithms = Object.values(record.leaves).map(({ algorithm }) => algorithm);
  const lead = caEntry(record);
  const entry = record.entry ?? (algorithms.join() === "ecdsa" ? {} : { key: algorithms });
  const { issuer: _issuer, acme: _acme, ...rest } = ofOneCa(entry, textOf(lead["acme"] ?? lead["issuer"]));
  const names = [...record.names, ...(record.dropped ?? [])];
  return { ...rest, names, ...lead };
};

/** The command for the certificate of a generation. */
export const setupAgain = (name: string, record: GenerationRecord): string => setupCommand(name, entryOf(record));

/** For people: the CA's short name or the host of its directory; `private-ca (office)`. */
export const issuerTitle = ({ issuer, authority }: Pick<GenerationRecord, "issuer" | "authority">): string => {
  if (issuer !== "acme")
    return issuer === "private-ca" && authority !== "default" ? `${issuer} (${authority})` : issuer;
  return acmeCaOf(authority)?.name ?? (URL.canParse(authority) ? new URL(authority).host : issuer);
};

/** Whom a failed attempt asked (`wantedText`), where that is not who issues by the configuration. */
export const otherIssuer = (wanted: string | undefined, issuer: IssuerSettings): string | undefined => {
  const [kind, authority = ""] = (wanted ?? "").split(" ");
  if (kind !== "acme" && kind !== "private-ca" && kind !== "self-signed") return undefined;
  return kind === issuer.kind && authority === authorityOf(issuer)
    ? undefined
    : issuerTitle({ issuer: kind, authority });
};

/** The same for what was asked for and never issued. */
export const entryTitle = (entry: Entry): string => {
  const { issuer = "private-ca", acme } = withOneCa(entry);
  return acme === undefined ? textOf(issuer) : issuerTitle({ issuer: "acme", authority: textOf(acme) });
};
