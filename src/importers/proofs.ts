// How another client proved its names, in mailcert's settings; a sentence where there is no counterpart.
import { normalize } from "node:path";
import { workingChallenges } from "../domain/certificate-defaults.ts";
import { parseListenAddress } from "../domain/listen-address.ts";
import { clean } from "../domain/text.ts";
import type { ForeignSettings } from "./importer.ts";

export interface Proof {
  readonly settings: ForeignSettings;
  readonly notTranslated: readonly string[];
}

/** A listener of its own; `address` and `port` where they differ from everything on port 80. */
export const standalone = (address = "", port = "80"): Proof => {
  const listen = `${address.includes(":") ? `[${address}]` : address}:${port}`;
  if ("problem" in parseListenAddress(listen))
    return other(`a listener on ${clean(listen, 100)}, which is no address,`, "http-01");
  return {
    settings: { challenges: ["http-01"], ...(listen === ":80" ? {} : { httpAddress: listen }) },
    notTranslated: [],
  };
};

/** The folders that a web server hands out; mailcert takes one for all names. `where`: the setting, for people. */
export const webroots = (paths: readonly string[], where: string): Proof => {
  const [first, ...others] = [...new Set(paths.map((path) => normalize(path).replace(/(?<=.)\/+$/, "")))];
  if (first === undefined || !first.startsWith("/") || clean(first, 1000) !== first)
    return other(`${where}, which names no folder`, "http-01");
  const note = `${where} names ${others.length + 1} folders, mailcert takes one for all names: ${clean(first, 200)}`;
  return {
    settings: { challenges: ["http-01"], webroot: first },
    notTranslated: others.length === 0 ? [] : [note],
  };
};

export const tlsAlpn = (where: string): Proof =>
  workingChallenges.includes("tls-alpn-01")
    ? { settings: { challenges: ["tls-alpn-01"] }, notTranslated: [] }
    : other(`${where} (tls-alpn-01)`, "http-01");

/** DNS: the way may be the same, credentials never come along. */
export const dns = (provider: string, where: string): Proof => {
  const name = /^[a-z0-9][a-z0-9.-]{0,62}$/.test(provider) ? provider : "dns";
  if (!workingChallenges.includes("dns-01")) return other(`${where} (dns-01)`, "http-01");
  const note = `${where}: DNS credentials do not come along; before it renews, write them to secrets/${name}.yaml beside the configuration`;
  return { settings: { challenges: ["dns-01"], dns: name }, notTranslated: [note] };
};

/** No counterpart: mailcert's own way, which the sentence names. */
export const other = (where: string, way: "http-01"): Proof => ({
  settings: {},
  notTranslated: [
    `${where} has no counterpart: mailcert will prove names by ${way} on port 80 unless you set a challenge`,
  ],
});

/** A word that a CA knows (a profile) or a name in a certificate (a chain), fit for the configuration. */
export const words = (texts: readonly (string | undefined)[], pattern: RegExp): readonly string[] =>
  texts.filter((text): text is string => text !== undefined && pattern.test(text) && clean(text, 200) === text);

export const profileWord = /^[\x21-\x7e]{1,64}$/;
export const chainName = /\S/;
