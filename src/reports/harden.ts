// TLS policy as `deploy --harden` sets it: each setting with what stood there, what stands there now, and why; for people and as JSON.
import { groupBy } from "../domain/group-by.ts";
import { policyTitle } from "../domain/tls-policy.ts";
import type { PolicySetting } from "../servers/policy.ts";
import type { HardenResult } from "../usecases/harden.ts";
import type { HardenedServer } from "../usecases/harden-server.ts";
import { findingLines } from "./findings-text.ts";
import { textWidth, wrap } from "../domain/wrap.ts";

const outcomes: Readonly<Record<HardenedServer["outcome"], string>> = {
  "as-it-should-be": "nothing to do",
  planned: "would change",
  set: "set",
  "not-proven": "settings in place, NOT proven: it is not running",
  "taken-back": "TAKEN BACK",
  "taken-out": "taken out",
  untouched: "NOT touched",
};

const outcomeText = ({ outcome, proven }: HardenedServer): string => {
  const done = outcome === "set" || (outcome === "taken-out" && proven > 0);
  return done ? `${outcomes[outcome]}, and proven: ${proven} entry points take clients as before` : outcomes[outcome];
};

const shown = (value: string): string => (value === "" ? "not set" : value);

/** On one line where it fits. */
const settingLines = ({ setting, now, wanted, why, place }: PolicySetting): readonly string[] => {
  const where = place === undefined ? [] : [`      at    ${place} (becomes a comment)`];
  const short = `    ${setting}: ${shown(now)} -> ${wanted}`;
  if (short.length <= textWidth) return [short, ...where, `      why   ${why}`];
  return [`    ${setting}`, `      now   ${shown(now)}`, `      then  ${wanted}`, ...where, `      why   ${why}`];
};

const serverLines = (server: HardenedServer): readonly string[] => {
  const { id, version, library, settings, stricter, notCovered, findings, outcome } = server;
  const linked = library
    ? `, linked with ${library.name} ${library.version}`
    : ", linked with a TLS library that does not say its version";
  const shownSettings = outcome === "as-it-should-be" ? [] : settings;
  return [
    `${id} ${version}${linked}: ${outcomeText(server)}`,
    ...[...groupBy(shownSettings, ({ scope }) => scope)].flatMap(([scope, ofScope]) => [
      `  ${scope}`,
      ...ofScope.flatMap(settingLines),
    ]),
    ...stricter.map((setting) => `  stricter than the profile, and left: ${setting}`),
    ...notCovered.map((what) => wrap(`not covered: ${what}`, textWidth, "  ", "    ")),
    ...findings.flatMap((finding) => findingLines(finding, "  ")),
  ];
};

const removalLines = (server: HardenedServer): readonly string[] => [
  `${server.id} ${server.version}: ${server.outcome === "planned" ? "would take out" : outcomeText(server)}`,
  ...server.changes.map((change) => `  ${change}`),
  ...server.findings.flatMap((finding) => findingLines(finding, "  ")),
];

/** What --harden=none did, or would do. */
const policyRemovalText = ({ servers, findings }: HardenResult): string =>
  [
    "TLS policy: none, as it was before mailcert deploy --harden; certificates stay",
    ...[...servers.flatMap(removalLines), ...findings.flatMap((finding) => findingLines(finding))].map(
      (line) => `  ${line}`,
    ),
    ...(servers.length + findings.length === 0 ? ["  mailcert has set none: nothing to do"] : []),
  ].join("\n");

export const hardenText = (result: HardenResult): string => {
  const { profile, servers, findings } = result;
  if (profile === "none") return policyRemovalText(result);
  return [
    `TLS policy: ${policyTitle(profile)}`,
    ...[...servers.flatMap(serverLines), ...findings.flatMap((finding) => findingLines(finding))].map(
      (line) => `  ${line}`,
    ),
    ...(servers.length === 0 ? ["  no mail server was found whose policy mailcert sets"] : []),
  ].join("\n");
};

/** What a person is asked. */
export const hardenQuestion = (planned: HardenResult): string => `${hardenText(planned)}\n\nSet this TLS policy?`;

export const hardenDocument = ({ profile, servers, findings }: HardenResult): object => ({
  profile,
  ...(profile === "none" ? {} : { guideline: "Mozilla 6.0" }),
  servers: servers.map(({ library, ...server }) => ({
    ...server,
    ...(library ? { library: `${library.name} ${library.version}` } : {}),
  })),
  findings,
});

export const hardenHasFault = ({ servers, findings }: HardenResult): boolean =>
  [...findings, ...servers.flatMap((server) => server.findings)].some(({ severity }) => severity === "fault");
