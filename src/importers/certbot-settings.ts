// What a renewal file of certbot's says besides names and keys, in mailcert's settings.
import type { Sections } from "./configobj.ts";
import type { ForeignSettings } from "./importer.ts";
import { type Proof, chainName, dns, other, profileWord, standalone, webroots, words } from "./proofs.ts";

const proofOf = (name: string, sections: Sections): Proof => {
  const params = sections.get("renewalparams");
  const value = (key: string): string | undefined => {
    const [first] = params?.get(key) ?? [];
    return first === "" || first === "None" ? undefined : first;
  };
  const authenticator = value("authenticator") ?? "standalone";
  const where = `${name}: authenticator ${authenticator}`;
  if (authenticator === "standalone") return standalone(value("http01_address"), value("http01_port"));
  if (authenticator === "webroot") {
    const map = [...(sections.get("renewalparams/webroot_map")?.values() ?? [])].flat();
    return webroots(map.length > 0 ? map : (params?.get("webroot_path") ?? []), `${name}: webroot_path`);
  }
  const [, provider] = /^(?:.*:)?dns-(.+)$/.exec(authenticator) ?? [];
  return provider === undefined ? other(where, "http-01") : dns(provider, where);
};

/** Certbot's words for what it runs, and for what mailcert does not do. */
const hooks = [
  "pre_hook",
  "post_hook",
  "renew_hook",
  "deploy_hook",
  "manual_auth_hook",
  "manual_cleanup_hook",
] as const;

export const certbotSettings = (
  name: string,
  path: string,
  sections: Sections,
): { readonly settings: ForeignSettings; readonly notTranslated: readonly string[] } => {
  const params = sections.get("renewalparams");
  const given = (key: string): readonly string[] =>
    (params?.get(key) ?? []).filter((value) => value !== "" && value !== "None");
  const yes = (key: string): boolean => given(key)[0] === "True";
  const profiles = words(["required_profile", "preferred_profile"].flatMap(given), profileWord);
  const [preferredChain] = words(given("preferred_chain"), chainName);
  const proof = proofOf(name, sections);
  const [installer] = given("installer");
  const used = hooks.filter((key) => given(key).length > 0);
  return {
    settings: {
      ...proof.settings,
      ...(profiles.length === 0 ? {} : { profiles: [...new Set(profiles)] }),
      ...(preferredChain === undefined ? {} : { preferredChain }),
      ...(yes("reuse_key") ? { reuseKey: true } : {}),
    },
    notTranslated: [
      ...proof.notTranslated,
      ...(used.length === 0
        ? []
        : [
            `${name}: ${used.join(", ")} in ${path}: not run by mailcert, which reloads mail servers itself; what else it does is yours to keep`,
          ]),
      ...(installer === undefined
        ? []
        : [`${name}: installer ${installer}: mailcert points no ${installer} at the certificate`]),
      ...(yes("must_staple")
        ? [`${name}: must_staple: mailcert asks for no such certificate, CAs have ended OCSP`]
        : []),
    ],
  };
};
