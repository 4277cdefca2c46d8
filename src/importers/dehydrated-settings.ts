// What dehydrated's settings say besides names and keys, in mailcert's own.
import { acmeCas } from "../domain/acme-directories.ts";
import { own } from "../domain/own.ts";
import { isHttps } from "./account.ts";
import type { ForeignSettings } from "./importer.ts";
import { type Proof, chainName, other, profileWord, tlsAlpn, webroots, words } from "./proofs.ts";

type Values = ReadonlyMap<string, string>;

/** dehydrated's own short names (its script, "Presets"). */
const presets: Readonly<Record<string, string>> = {
  letsencrypt: acmeCas.letsencrypt.directory,
  "letsencrypt-test": acmeCas["letsencrypt-staging"].directory,
};

/** Its CA setting, or, where that is not plain, the one CA that it has an account at. */
export const dehydratedDirectory = (ca: string | undefined, registered: readonly string[]): string | undefined => {
  const named = ca === undefined ? undefined : (own(presets, ca) ?? ca);
  if (isHttps(named)) return named;
  const [only, ...others] = [...new Set(registered)];
  if (only !== undefined && others.length === 0) return only;
  return ca === undefined ? presets["letsencrypt"] : undefined;
};

const wellKnown = "/.well-known/acme-challenge";

const proofOf = (name: string, values: Values): Proof => {
  const type = values.get("CHALLENGETYPE") ?? "http-01";
  if (type === "tls-alpn-01") return tlsAlpn(`${name}: CHALLENGETYPE`);
  if (type !== "http-01")
    return other(`${name}: CHALLENGETYPE ${/^[\w-]+$/.test(type) ? type : ""} (by its hook)`, "http-01");
  const folder = (values.get("WELLKNOWN") ?? "/var/www/dehydrated").replace(/\/+$/, "");
  if (folder.endsWith(wellKnown)) return webroots([folder.slice(0, -wellKnown.length) || "/"], `${name}: WELLKNOWN`);
  return other(`${name}: WELLKNOWN ${folder}, which a web server maps to ${wellKnown},`, "http-01");
};

export const dehydratedSettings = (
  name: string,
  values: Values,
): { readonly settings: ForeignSettings; readonly notTranslated: readonly string[] } => {
  const proof = proofOf(name, values);
  const [chain] = words([values.get("PREFERRED_CHAIN")], chainName);
  const [profile] = words([values.get("ACME_PROFILE")], profileWord);
  return {
    settings: {
      ...proof.settings,
      ...(profile ? { profiles: [profile] } : {}),
      ...(chain ? { preferredChain: chain } : {}),
      ...(values.get("PRIVATE_KEY_RENEW") === "no" ? { reuseKey: true } : {}),
    },
    notTranslated: [
      ...proof.notTranslated,
      ...(values.get("OCSP_MUST_STAPLE") === "yes"
        ? [`${name}: OCSP_MUST_STAPLE: mailcert asks for no such certificate, CAs have ended OCSP`]
        : []),
    ],
  };
};
