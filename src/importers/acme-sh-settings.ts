// What acme.sh wrote down about one certificate besides names and keys, in mailcert's settings.
import { own } from "../domain/own.ts";
import type { ForeignSettings } from "./importer.ts";
import { type Proof, chainName, dns, other, profileWord, standalone, tlsAlpn, webroots, words } from "./proofs.ts";

type Values = ReadonlyMap<string, string>;

/** Le_Webroot holds the way for each name, joined by commas: `no` is the listener, `dns_x` a provider, a path a folder. */
const proofOf = (name: string, values: Values): Proof => {
  const ways = [...new Set((values.get("Le_Webroot") ?? "no").split(",").filter((way) => way !== ""))];
  const [way = "no"] = ways;
  const where = `${name}: Le_Webroot`;
  if (ways.length > 0 && ways.every((one) => one.startsWith("/"))) return webroots(ways, where);
  if (ways.length > 1) return other(`${where}, with several ways (${ways.length}),`, "http-01");
  if (way === "no") return standalone(values.get("Le_LocalAddress"), values.get("Le_HTTPPort") || "80");
  if (way === "alpn") return tlsAlpn(where);
  const [, provider] = /^dns_([a-z0-9_]+)$/.exec(way) ?? [];
  // acme.sh's own abbreviations where mailcert's provider is called otherwise.
  const providers: Readonly<Record<string, string>> = {
    cf: "cloudflare",
    hetznercloud: "hetzner",
    nsupdate: "rfc2136",
    acmedns: "acme-dns",
    pdns: "powerdns",
  };
  if (provider !== undefined)
    return dns(own(providers, provider) ?? provider.replaceAll("_", "-"), `${where} dns_${provider}`);
  return other(`${where} ${/^\w+$/.test(way) ? way : ""}`.trimEnd(), "http-01");
};

const hooks = ["Le_PreHook", "Le_PostHook", "Le_RenewHook", "Le_ReloadCmd", "Le_DeployHook"] as const;

export const acmeShSettings = (
  name: string,
  path: string,
  values: Values,
): { readonly settings: ForeignSettings; readonly notTranslated: readonly string[] } => {
  const given = (key: string): string | undefined => values.get(key) || undefined;
  const proof = proofOf(name, values);
  const profile = [...values.keys()].find((key) => /^Le_Cert(?:ificate)?_?Profile$/i.test(key));
  const [chosen] = words([profile === undefined ? undefined : given(profile)], profileWord);
  const [chain] = words([given("Le_Preferred_Chain")], chainName);
  const used = hooks.filter((key) => given(key) !== undefined);
  const alias = ["Le_ChallengeAlias", "Le_DomainAlias"].filter((key) => given(key) !== undefined);
  return {
    settings: {
      ...proof.settings,
      ...(chosen === undefined ? {} : { profiles: [chosen] }),
      ...(chain === undefined ? {} : { preferredChain: chain }),
      ...(given("Le_ForceNewDomainKey") === "1" ? { reuseKey: false } : {}),
    },
    notTranslated: [
      ...proof.notTranslated,
      ...(used.length === 0
        ? []
        : [
            `${name}: ${used.join(", ")} in ${path}: not run by mailcert, which reloads mail servers itself; what else it does is yours to keep`,
          ]),
      ...(alias.length === 0
        ? []
        : [`${name}: ${alias.join(", ")}: mailcert follows a CNAME of _acme-challenge instead`]),
    ],
  };
};
