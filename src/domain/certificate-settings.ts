// A certificate's settings as the file spells them: only what differs from the defaults.
import type { AcmeSettings, CertificateConfig, IssuerSettings } from "../domain/certificate-config.ts";
import { defaults } from "./certificate-defaults.ts";
import { rawHooks } from "./hook.ts";

/** Account bindings of the CAs after the first, by short name or directory URL. */
type RawBindings = Readonly<Record<string, { readonly kid: string; readonly hmac_file: string }>>;
/** Mappings by name: of `eab`, `files` and `hooks`. */
export type RawMappings = Readonly<Record<string, Readonly<Record<string, string | number | readonly string[]>>>>;
export type RawValue = string | number | boolean | readonly string[] | RawMappings;
/** By key, in the order of writing. */
export type RawEntry = ReadonlyMap<string, RawValue>;

const oneOrList = (values: readonly string[]): string | readonly string[] =>
  values.length === 1 ? (values[0] ?? "") : values;

const wordOf = (issuer: IssuerSettings): string => (issuer.kind === "acme" ? (issuer.ca ?? "acme") : issuer.kind);

/** How an entry of `eab:` names a CA. */
export const bindingKey = ({ ca, directory }: Pick<AcmeSettings, "ca" | "directory">): string => ca ?? directory;

const bindingsOf = (fallbacks: readonly AcmeSettings[]): RawBindings | undefined => {
  const bound = fallbacks.flatMap(({ eab, ...settings }) =>
    eab === undefined ? [] : [[bindingKey(settings), { kid: eab.kid, hmac_file: eab.hmacFile }] as const],
  );
  return bound.length === 0 ? undefined : Object.fromEntries(bound);
};

const issuerEntry = (
  issuer: IssuerSettings,
  fallbacks: readonly AcmeSettings[],
): readonly (readonly [string, RawValue | undefined, RawValue?])[] => {
  if (issuer.kind === "self-signed") return [["days", issuer.days, defaults.days]];
  if (issuer.kind === "private-ca") {
    return [
      ["days", issuer.days, defaults.days],
      ["ca", issuer.ca, defaults.ca],
      ["ca_domains", issuer.caDomains],
      ["ca_crl_url", issuer.crlUrl],
    ];
  }
  const nameless = [issuer, ...fallbacks].filter(({ ca }) => ca === undefined).map(({ directory }) => directory);
  return [
    ["acme", nameless.length === 0 ? undefined : oneOrList(nameless)],
    ["email", issuer.email],
    ["agree_tos", issuer.agreeTos, defaults.agree_tos],
    ["ca_file", issuer.caFile],
    ["eab_kid", issuer.eab?.kid],
    ["eab_hmac_file", issuer.eab?.hmacFile],
    ["eab", bindingsOf(fallbacks)],
    ["challenge", oneOrList(issuer.challenges), oneOrList(defaults.challenge)],
    ["http_address", issuer.httpAddress, defaults.http_address],
    ["webroot", issuer.webroot],
    ["tls_alpn_address", issuer.tlsAlpnAddress, defaults.tls_alpn_address],
    ["dns", issuer.dns],
    ["profile", issuer.profiles.length === 0 ? undefined : oneOrList(issuer.profiles)],
    ["profile_rsa", issuer.rsaProfiles === undefined ? undefined : oneOrList(issuer.rsaProfiles)],
    ["preferred_chain", issuer.preferredChain],
    ["days", issuer.days],
  ];
};

/** Every setting of a certificate: its key, its value (undefined: not set), and its default where it has one. */
const allSettings = (
  certificate: CertificateConfig,
): readonly (readonly [string, RawValue | undefined, RawValue?])[] => {
  const { name, names, issuer, fallbacks, keys, csr, reuseKey, onDeadName, servers, files, bundle } = certificate;
  const { hooks, window, places, signProfile, account, bundleUrl } = certificate;
  return [
    ["names", names, [name]],
    // Always written: which issuer is the one thing that everybody looks for.
    ["issuer", oneOrList([...new Set([issuer, ...fallbacks].map(wordOf))])],
    ...issuerEntry(issuer, fallbacks),
    ["key", oneOrList(keys), oneOrList(defaults.key)],
    ["csr", csr],
    ["reuse_key", reuseKey, defaults.reuse_key],
    ["on_dead_name", onDeadName, defaults.on_dead_name],
    ["servers", servers === "auto" ? "auto" : servers.length === 0 ? "none" : oneOrList(servers), "auto"],
    ["addresses", places?.addresses && oneOrList(places.addresses)],
    ["services", places?.services && oneOrList(places.services)],
    ["files", files && Object.fromEntries(files.map(({ name: target, raw }) => [target, raw]))],
    ["bundle", bundle],
    ["sign_profile", signProfile],
    ["account_domain", account?.domain],
    ["account_login", account?.login],
    ["bundle_url", bundleUrl],
    ["hooks", hooks && rawHooks(hooks)],
    ["window", window === "none" ? window : window && oneOrList(window.map(({ text }) => text))],
  ];
};

const same = (a: RawValue | undefined, b: RawValue | undefined): boolean => JSON.stringify(a) === JSON.stringify(b);

/** What `setup` writes. */
export const rawEntry = (certificate: CertificateConfig): RawEntry =>
  new Map(
    allSettings(certificate).flatMap(([key, value, usual]) =>
      value === undefined || same(value, usual) ? [] : [[key, value] as const],
    ),
  );

export interface EffectiveSetting {
  readonly key: string;
  readonly value: RawValue;
  readonly isDefault: boolean;
}

/** What holds, defaults included: what `config show` prints. */
export const effectiveSettings = (certificate: CertificateConfig): readonly EffectiveSetting[] =>
  allSettings(certificate).flatMap(([key, value, usual]) =>
    value === undefined ? [] : [{ key, value, isDefault: same(value, usual) }],
  );
