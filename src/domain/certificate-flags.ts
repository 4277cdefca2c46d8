// Flags over configuration over defaults: the certificate that a command line asks for.
import { csrConflict } from "./csr-conflict.ts";
import { acmeCaNames, acmeCas, isAcmeCaName, issuerWords } from "./acme-directories.ts";
import {
  eabFromFlags,
  emailFromFlag,
  flagText,
  listenAddressFromFlag,
  preferredChainFromFlag,
  refuseIdleProof,
} from "./acme-flags.ts";
import type { AcmeSettings, CertificateConfig, ChallengeName, IssuerSettings } from "./certificate-config.ts";
import { defaults, dnsName, mostDays, workingChallenges } from "./certificate-defaults.ts";
import { certificateNameFor, certificateNameProblem } from "./certificate-name.ts";
import { Failure } from "./failure.ts";
import { sameElsewhere } from "./fallback.ts";
import { type KeyAlgorithm, isKeyAlgorithm, keyAlgorithms, slotOf } from "./keys.ts";
import { keptSettings } from "./kept-settings.ts";
import { NameProblem, canonicalName } from "./names.ts";
import { clean } from "./text.ts";

/** What was given on the command line; undefined: not given. Paths are absolute. */
export interface CertificateFlags {
  readonly names?: readonly string[] | undefined;
  readonly issuer?: string | undefined;
  readonly acme?: string | undefined;
  readonly email?: string | undefined;
  readonly agreeTos?: boolean | undefined;
  readonly caFile?: string | undefined;
  readonly challenges?: readonly string[] | undefined;
  readonly httpAddress?: string | undefined;
  readonly webroot?: string | undefined;
  readonly tlsAlpnAddress?: string | undefined;
  readonly dns?: string | undefined;
  readonly eabKid?: string | undefined;
  readonly eabHmacFile?: string | undefined;
  readonly profiles?: readonly string[] | undefined;
  readonly preferredChain?: string | undefined;
  readonly keys?: readonly string[] | undefined;
  readonly days?: number | undefined;
  readonly ca?: string | undefined;
  readonly caDomains?: readonly string[] | undefined;
  readonly reuseKey?: boolean | undefined;
  readonly servers?: readonly string[] | undefined;
  readonly bundle?: string | undefined;
}

const usage = (message: string, ...hints: readonly string[]): Failure => new Failure("usage", message, { hints });

/** @throws Failure `usage` saying what is wrong with the name. */
export const nameFromFlag = (text: string): string => {
  try {
    return canonicalName(text);
  } catch (error) {
    if (!(error instanceof NameProblem)) throw error;
    throw new Failure("usage", error.message, {
      hints: ["give a full host name, such as mail.example.org"],
      cause: error,
    });
  }
};

const keysFrom = (texts: readonly string[]): readonly KeyAlgorithm[] => {
  const keys = texts.map((text) => {
    if (!isKeyAlgorithm(text))
      throw usage(`--key does not know "${clean(text, 40)}"`, `it takes ${keyAlgorithms.join(", ")}`);
    return text;
  });
  if (new Set(keys.map(slotOf)).size !== keys.length)
    throw usage("--key takes at most one ECDSA and one RSA algorithm");
  return keys;
};

const kindFrom = (flags: CertificateFlags, existing: IssuerSettings | undefined): IssuerSettings["kind"] => {
  const word = flags.issuer;
  if (word === undefined) return flags.acme === undefined ? (existing?.kind ?? defaults.issuer) : "acme";
  if (word === "private-ca" || word === "self-signed") return word;
  if (word === "acme" || isAcmeCaName(word)) return "acme";
  throw usage(`--issuer does not know "${clean(word, 40)}"`, `it takes ${issuerWords.join(", ")}`);
};

/** What is said of how the CA is asked, whichever it is. */
const acmeExtras = (
  flags: CertificateFlags,
  known: AcmeSettings | undefined,
): Omit<AcmeSettings, "kind" | "directory" | "agreeTos"> => {
  const webroot = flags.webroot ?? known?.webroot;
  const dns = flagText("--dns", flags.dns, dnsName) ?? known?.dns;
  const eab = eabFromFlags(flags) ?? known?.eab;
  const preferredChain = preferredChainFromFlag(flags.preferredChain) ?? known?.preferredChain;
  const days = flags.days ?? known?.days;
  return {
    challenges:
      flags.challenges === undefined ? (known?.challenges ?? defaults.challenge) : challengesFrom(flags.challenges),
    // The listener that --webroot takes the place of has no address any more.
    httpAddress:
      listenAddressFromFlag("--http-address", flags.httpAddress) ??
      (flags.webroot === undefined ? known?.httpAddress : undefined) ??
      defaults.http_address,
    ...(webroot === undefined ? {} : { webroot }),
    tlsAlpnAddress:
      listenAddressFromFlag("--tls-alpn-address", flags.tlsAlpnAddress) ??
      known?.tlsAlpnAddress ??
      defaults.tls_alpn_address,
    ...(dns === undefined ? {} : { dns }),
    ...(eab === undefined ? {} : { eab }),
    profiles: flags.profiles ? [...new Set(flags.profiles)] : (known?.profiles ?? []),
    ...(known?.rsaProfiles === undefined ? {} : { rsaProfiles: known.rsaProfiles }),
    ...(preferredChain === undefined ? {} : { preferredChain }),
    ...(days === undefined ? {} : { days }),
  };
};

const challengesFrom = (texts: readonly string[]): readonly ChallengeName[] =>
  [...new Set(texts)].map((text) => {
    const found = workingChallenges.find((known) => known === text);
    if (found === undefined)
      throw usage(`--challenge does not know "${clean(text, 40)}"`, `it takes ${workingChallenges.join(", ")}`);
    return found;
  });

/** `existing`: what the configuration says of a CA. @throws Failure `usage`. */
export const acmeFrom = (flags: CertificateFlags, existing: AcmeSettings | undefined): AcmeSettings => {
  const ca = flags.issuer !== undefined && isAcmeCaName(flags.issuer) ? flags.issuer : undefined;
  if (ca !== undefined && flags.acme !== undefined) {
    throw usage(
      `--issuer ${ca} and --acme both name a CA`,
      "for a CA by its directory URL use --issuer acme --acme URL",
    );
  }
  const directory = ca === undefined ? (flags.acme ?? existing?.directory) : acmeCas[ca].directory;
  if (directory === undefined) {
    throw usage(
      "--issuer acme does not say which CA",
      `add --acme URL (its directory), or name one: --issuer ${acmeCaNames.join("|")}`,
    );
  }
  if (!URL.canParse(directory) || new URL(directory).protocol !== "https:") {
    throw usage(
      `--acme takes an https URL, not "${clean(directory, 80)}"`,
      "it is the CA's directory, such as https://ca.example/directory",
    );
  }
  const known = existing?.directory === directory ? existing : undefined;
  const name = ca ?? (flags.acme === undefined ? known?.ca : undefined);
  const email = flags.email === undefined ? known?.email : emailFromFlag(flags.email);
  const caFile = flags.caFile ?? known?.caFile;
  const asked: AcmeSettings = {
    kind: "acme",
    directory,
    ...(name === undefined ? {} : { ca: name }),
    ...(email === undefined ? {} : { email }),
    agreeTos: flags.agreeTos ?? known?.agreeTos ?? defaults.agree_tos,
    ...(caFile === undefined ? {} : { caFile }),
    ...acmeExtras(flags, known),
  };
  refuseIdleProof(flags, asked);
  return asked;
};

const daysFrom = (days: number | undefined): number => {
  if (days !== undefined && days > mostDays) {
    throw usage(`--days takes at most ${mostDays}`, "Apple devices refuse a certificate that is valid for longer");
  }
  return days ?? defaults.days;
};

const flagOf = {
  acme: "--acme",
  email: "--email",
  agreeTos: "--agree-tos",
  caFile: "--ca-file",
  challenges: "--challenge",
  httpAddress: "--http-address",
  webroot: "--webroot",
  tlsAlpnAddress: "--tls-alpn-address",
  dns: "--dns",
  eabKid: "--eab-kid",
  eabHmacFile: "--eab-hmac-file",
  profiles: "--profile",
  preferredChain: "--preferred-chain",
  ca: "--ca",
  caDomains: "--ca-domains",
  days: "--days",
} as const;

const fits: Readonly<Record<IssuerSettings["kind"], readonly string[]>> = {
  "private-ca": ["ca", "caDomains", "days"],
  "self-signed": ["days"],
  acme: [
    "acme",
    "email",
    "agreeTos",
    "caFile",
    "challenges",
    "httpAddress",
    "webroot",
    "tlsAlpnAddress",
    "dns",
    "eabKid",
    "eabHmacFile",
    "profiles",
    "preferredChain",
    "days",
  ],
};

/** The issuer as people know it: `letsencrypt` rather than `acme`. */
const wordFor = (
  flags: CertificateFlags,
  kind: IssuerSettings["kind"],
  existing: IssuerSettings | undefined,
): string => {
  if (flags.issuer !== undefined) return flags.issuer;
  return existing?.kind === "acme" && kind === "acme" && flags.acme === undefined ? (existing.ca ?? kind) : kind;
};

const refuseStrangers = (
  flags: CertificateFlags,
  kind: IssuerSettings["kind"],
  existing: IssuerSettings | undefined,
): void => {
  for (const [key, option] of Object.entries(flagOf)) {
    if (flags[key as keyof typeof flagOf] === undefined || fits[kind].includes(key)) continue;
    const issuer = wordFor(flags, kind, existing);
    const others = Object.keys(fits).filter((one) => fits[one as keyof typeof fits].includes(key));
    throw usage(
      `${option} means nothing with the issuer ${issuer}`,
      `leave ${option} out, or choose another issuer: --issuer ${others.join(" or ")}`,
    );
  }
};

const caFrom = (text: string): string => {
  const problem = certificateNameProblem(text);
  if (problem === undefined) return text;
  throw usage(`--ca: "${clean(text, 80)}" ${problem}`, "it is the name of a folder, such as --ca office");
};

const issuerFrom = (flags: CertificateFlags, existing: IssuerSettings | undefined): IssuerSettings => {
  const kind = kindFrom(flags, existing);
  refuseStrangers(flags, kind, existing);
  if (kind === "acme") return acmeFrom(flags, existing?.kind === "acme" ? existing : undefined);
  const days = daysFrom(flags.days ?? (existing?.kind === kind ? existing.days : undefined));
  if (kind === "self-signed") return { kind, days };
  const before = existing?.kind === kind ? existing : undefined;
  const ca = flags.ca === undefined ? (before?.ca ?? defaults.ca) : caFrom(flags.ca);
  // What was said of one CA's domains says nothing about another's.
  const kept = before?.ca === ca ? before.caDomains : undefined;
  const caDomains = flags.caDomains?.map((domain) => (domain === "*" ? domain : nameFromFlag(domain))) ?? kept;
  const crl = before?.ca === ca && before.crlUrl !== undefined ? { crlUrl: before.crlUrl } : {};
  return { kind, ca, ...(caDomains === undefined ? {} : { caDomains }), ...crl, days };
};

/** They stay where no other CA was asked for, and take what was said with it. */
const fallbacksFrom = (
  flags: CertificateFlags,
  existing: CertificateConfig | undefined,
  issuer: IssuerSettings,
): readonly AcmeSettings[] => {
  if (issuer.kind !== "acme" || existing === undefined) return [];
  if (existing.issuer.kind !== "acme" || existing.issuer.directory !== issuer.directory) return [];
  if (flags.issuer !== undefined || flags.acme !== undefined) return [];
  return existing.fallbacks.map((fallback) => sameElsewhere(issuer, fallback));
};

/** `name` is the certificate's name; `existing` its entry in the configuration. @throws Failure `usage`. */
export const certificateFromFlags = (
  first: string | undefined,
  flags: CertificateFlags,
  existing: CertificateConfig | undefined,
): CertificateConfig => {
  const given = [...(first === undefined ? [] : [first]), ...(flags.names ?? [])].map(nameFromFlag);
  const names = given.length > 1 || !existing ? [...new Set(given)] : existing.names;
  const [main] = names;
  if (main === undefined) throw usage("no host name was given", "for example: mailcert setup mail.example.org");
  const servers = flags.servers ?? existing?.servers ?? defaults.servers;
  const none = servers !== "auto" && servers.includes("none");
  const bundle = flags.bundle ?? existing?.bundle;
  const issuer = issuerFrom(flags, existing?.issuer);
  const asked: CertificateConfig = {
    name: existing?.name ?? certificateNameFor(main),
    names,
    keys: flags.keys ? keysFrom(flags.keys) : (existing?.keys ?? defaults.key),
    issuer,
    fallbacks: fallbacksFrom(flags, existing, issuer),
    ...keptSettings(existing),
    reuseKey: flags.reuseKey ?? existing?.reuseKey ?? defaults.reuse_key,
    onDeadName: existing?.onDeadName ?? defaults.on_dead_name,
    servers: none ? [] : servers,
    ...(bundle === undefined ? {} : { bundle }),
  };
  const conflict = csrConflict(asked);
  if (conflict) throw usage(`${asked.name}: ${conflict.message}`, conflict.hint);
  return asked;
};
