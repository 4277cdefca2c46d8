// What a valid configuration says that will not do, or that means nothing: sentences for `config check`.
import { bindingWarnings } from "./binding-warnings.ts";
import type { AcmeSettings, CertificateConfig } from "./certificate-config.ts";
import { defaults } from "./certificate-defaults.ts";
import { isIpName, isWildcard } from "./names.ts";
import { windowsOf } from "./window-hold.ts";
import { windowMinutes } from "./window.ts";

/** A thousand entries would say the same thing a thousand times. */
const mostOfAKind = 5;

const unproven = ({ name, names, issuer }: CertificateConfig): readonly string[] => {
  if (issuer.kind !== "acme") return [];
  const inDns = issuer.challenges.filter((type) => type.startsWith("dns-"));
  const wildcard = inDns.length === 0 ? names.find(isWildcard) : undefined;
  const address = inDns.length === issuer.challenges.length ? names.find(isIpName) : undefined;
  return [
    ...(wildcard === undefined
      ? []
      : [
          `${name}: ${wildcard} cannot be proven by ${issuer.challenges.join(" or ")}: a wildcard takes challenge: dns-01 and dns: NAME (docs/dns.md)`,
        ]),
    ...(address === undefined
      ? []
      : [`${name}: ${address} cannot be proven by ${inDns.join(" or ")}: an address takes challenge: http-01`]),
  ];
};

/** Settings of a challenge that is not in force. Defaults that are spelled out say nothing wrong. */
const idle = ({ challenges, webroot, httpAddress, tlsAlpnAddress, dns }: AcmeSettings): readonly string[] => {
  const http = challenges.includes("http-01");
  const inDns = challenges.some((type) => type.startsWith("dns-"));
  const how = `challenge ${challenges.join(", ")}`;
  return [
    ...(httpAddress === defaults.http_address || (http && webroot === undefined)
      ? []
      : [`http_address means nothing with ${http ? "webroot: the web server shows the tokens" : how}`]),
    ...(webroot === undefined || http ? [] : [`webroot means nothing with ${how}`]),
    ...(tlsAlpnAddress === defaults.tls_alpn_address || challenges.includes("tls-alpn-01")
      ? []
      : [`tls_alpn_address means nothing with ${how}`]),
    ...(dns === undefined || inDns ? [] : [`dns means nothing with ${how}`]),
  ];
};

/** Runs come every hour, and up to half an hour late (mailcert.timer). */
const surelyMinutes = 90;

/** A window that no run may fall into. One that stands at the top is said once. */
const shortWindows = (certificates: readonly CertificateConfig[]): readonly string[] => {
  const short = certificates.flatMap((one) =>
    windowsOf(one)
      .filter((window) => windowMinutes(window) < surelyMinutes)
      .map(({ text }) => `${Array.isArray(one.window) ? `${one.name}: ` : ""}window "${text}"`),
  );
  return [...new Set(short)].map(
    (which) =>
      `${which} is shorter than the ${surelyMinutes} minutes that can lie between two runs of the hourly timer: a run may miss it, and then the next one is waited for`,
  );
};

/** One sentence each, a few of each kind. */
export const configWarnings = (certificates: readonly CertificateConfig[]): readonly string[] => [
  ...certificates.flatMap(unproven).slice(0, mostOfAKind),
  ...certificates
    .flatMap(({ name, issuer }) =>
      issuer.kind === "acme" ? idle(issuer).map((sentence) => `${name}: ${sentence}`) : [],
    )
    .slice(0, mostOfAKind),
  ...bindingWarnings(certificates),
  ...shortWindows(certificates).slice(0, mostOfAKind),
];
