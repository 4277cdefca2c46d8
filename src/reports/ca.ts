// Private CAs for people and as JSON: never a key.
import type { BackedUp, ShownCa, ShownCertificate, ShownRoot } from "../issuers/private-cas.ts";
import type { Finding } from "../domain/finding.ts";
import type { NameConstraints } from "../domain/name-constraints.ts";
import { displayName } from "../domain/names.ts";
import type { ImportStep } from "../domain/private-ca.ts";
import type { RestoreResult } from "../usecases/ca/backup.ts";
import type { CrlResult } from "../usecases/ca/crl.ts";
import type { InitResult } from "../usecases/ca/init.ts";
import type { CaRevoked } from "../usecases/ca/revoke.ts";
import type { RotateResult } from "../usecases/ca/rotate.ts";
import type { ShownCas } from "../usecases/ca/show.ts";
import { clientLines } from "./ca-client.ts";
import { day, minute, timeLeft } from "./dates.ts";
import { findingLines } from "./findings-text.ts";
import { textWidth, wrap } from "../domain/wrap.ts";

const schema = "mailcert.ca/1";

const limitsText = (limits: NameConstraints | undefined): string =>
  limits === undefined
    ? "any name (no name constraints)"
    : [...limits.domains.map((domain) => `${displayName(domain)} and the names below it`), ...limits.addresses].join(
        ", ",
      ) || "nothing";

const spanText = ({ notBefore, notAfter }: ShownCertificate, now: Date): string => {
  const left = timeLeft(now, new Date(notAfter));
  return `${day(new Date(notBefore))} to ${day(new Date(notAfter))} (${left === "ended" ? "ENDED" : left})`;
};

const keyText = ({ key, file }: ShownCertificate): string =>
  ({
    here: file.replace(/\.pem$/, "-key.pem"),
    sealed: `${file.replace(/\.pem$/, "-key.pem")}, under a passphrase`,
    away: "not on this host",
  })[key];

const colons = (hex: string): string => (hex.toUpperCase().match(/../g) ?? []).join(":");

const certificateLines = (one: ShownCertificate, now: Date): readonly string[] => [
  `    valid ${spanText(one, now)}`,
  `    SHA-256 ${colons(one.sha256)}`,
  `    file ${one.file}`,
  `    key ${keyText(one)}`,
];

const rootLines = (root: ShownRoot, now: Date): readonly string[] => [
  ...certificateLines(root, now),
  wrap(`may certify ${limitsText(root.limits)}`, textWidth, "    ", "      "),
  ...(root.crossSigned ? ["    signed by the root before it as well"] : []),
];

const crlLines = ({ crls, published }: ShownCa): readonly string[] =>
  crls.length === 0
    ? ["  no list of revoked certificates (CRL) yet: mailcert ca crl makes one, and so does the first revocation"]
    : [
        ...crls.map(
          ({ of, file, number, revoked, thisUpdate, nextUpdate }) =>
            `  list of revoked certificates (CRL) of ${of}: ${revoked} revoked, number ${number}\n    valid from ${minute(new Date(thisUpdate))}, the next by ${minute(new Date(nextUpdate))}\n    file ${file}`,
        ),
        ...published.map((path) => `    copy ${path}`),
      ];

const caText = (ca: ShownCa, now: Date): string => {
  const { name, root, issuing, older, certificates, rotateBy } = ca;
  const { issued, valid, revoked } = certificates;
  return [
    `private CA "${name}"`,
    `  root ${root.title}`,
    ...rootLines(root, now),
    `    to be rotated by ${day(new Date(rotateBy))}`,
    ...(issuing ? [`  issuing CA ${issuing.title}`, ...certificateLines(issuing, now)] : []),
    ...older.flatMap((one) => [`  earlier root ${one.title}`, ...rootLines(one, now)]),
    `  certificates: ${issued} issued, ${valid} valid, ${revoked} revoked`,
    ...clientLines(ca),
    ...crlLines(ca),
  ].join("\n");
};

const findingsBelow = (findings: readonly Finding[]): readonly string[] =>
  findings.flatMap((finding) => ["", ...findingLines(finding)]);

const noteLines = (notes: readonly string[]): readonly string[] =>
  notes.map((note) => wrap(note, textWidth, "  - ", "    "));

export const hasFault = (findings: readonly Finding[]): boolean =>
  findings.some(({ severity }) => severity === "fault");

export const showText = ({ cas, findings }: ShownCas, now: Date): string =>
  cas.length === 0 && findings.length === 0
    ? "no private CA; the first certificate by one makes it, and so does: mailcert ca init"
    : [cas.map((ca) => caText(ca, now)).join("\n\n"), ...findingsBelow(findings)].join("\n").trimStart();

export const showDocument = ({ cas, findings }: ShownCas): object => ({
  schema,
  action: "show",
  ok: !hasFault(findings),
  cas,
  findings,
});

export const initText = ({ name, folder, outcome, limits, ca, notes }: InitResult, now: Date): string =>
  outcome === "planned"
    ? [
        `would make the private CA "${name}" in ${folder}; it may certify ${limitsText(limits)}`,
        ...noteLines(notes),
      ].join("\n")
    : [`made the private CA "${name}"`, "", ...(ca ? [caText(ca, now), ""] : []), ...noteLines(notes)].join("\n");

export const initDocument = ({ name, folder, outcome, limits, ca, notes }: InitResult): object => ({
  schema,
  action: "init",
  ok: true,
  outcome,
  name,
  folder,
  ...(limits ? { limits } : {}),
  ...(ca ? { ca } : {}),
  notes,
});

const stepText = ({ certificate, bundle, by, beyond }: ImportStep): string => {
  const files = bundle === undefined ? `mailcert bundle ${certificate} --out DIR` : `files in ${bundle}`;
  const when =
    by === undefined
      ? `before its next certificate is served: the old root may not certify ${beyond.slice(0, 3).join(", ")}${beyond.length > 3 ? ", ..." : ""}`
      : `by ${day(new Date(by))}`;
  return `clients of ${certificate}: ${when} (${files})`;
};

const planLines = (plan: readonly ImportStep[]): readonly string[] =>
  plan.length === 0
    ? ["No certificate here is by this CA: nobody has to import anything yet."]
    : [
        "Who has to import the new root, and by when; until then clients that know only the old one go on:",
        ...plan.slice(0, 50).map((step) => wrap(stepText(step), textWidth, "  - ", "    ")),
        ...(plan.length > 50 ? [`  (${plan.length - 50} more)`] : []),
      ];

export const rotateText = ({ name, outcome, limits, ca, plan, notes }: RotateResult, now: Date): string =>
  [
    outcome === "planned"
      ? `would give the private CA "${name}" a new root, signed by ${ca.root.title}; it may certify ${limitsText(limits)}`
      : `gave the private CA "${name}" a new root\n\n${caText(ca, now)}`,
    "",
    ...planLines(plan),
    ...(notes.length > 0 ? ["", ...noteLines(notes)] : []),
  ].join("\n");

export const rotateDocument = ({ name, outcome, limits, ca, plan, notes }: RotateResult): object => ({
  schema,
  action: "rotate",
  ok: true,
  outcome,
  name,
  ...(limits ? { limits } : {}),
  ca,
  plan,
  notes,
});

export const crlText = ({ name, outcome, ca, copy, findings }: CrlResult): string =>
  [
    outcome === "planned"
      ? `would make the list of revoked certificates of the private CA "${name}" anew${copy === undefined ? "" : `, and keep a copy of it in ${copy}`}`
      : `made the list of revoked certificates of the private CA "${name}"; the timer makes it anew from now on`,
    ...(outcome === "planned" ? [] : crlLines(ca)),
    ...(outcome === "planned" || copy === undefined
      ? []
      : ["  - let the hourly run under systemd write into that folder, too: mailcert schedule install"]),
    ...findingsBelow(findings),
  ].join("\n");

export const crlDocument = ({ name, outcome, ca, copy, findings }: CrlResult): object => ({
  schema,
  action: "crl",
  ok: !hasFault(findings),
  outcome,
  name,
  crls: ca.crls,
  published: ca.published,
  ...(copy === undefined ? {} : { copy }),
  findings,
});

const revokedWords: Readonly<Record<CaRevoked["outcome"], string>> = {
  planned: "would be revoked",
  revoked: "is revoked",
  already: "was revoked already",
  expired: "has ended: there is nothing to revoke",
};

export const caRevokeText = ({ found, outcome, reason, generation, findings }: CaRevoked): string =>
  [
    `the certificate ${found.serial}${found.names.length > 0 ? ` (${found.names.slice(0, 5).join(", ")})` : ""} by the private CA "${found.ca}" ${revokedWords[outcome]} (${reason})`,
    ...(generation ? [`  it is generation ${generation.number} of ${generation.certificate}, and is not served`] : []),
    ...(outcome === "revoked"
      ? ["  it is on the CA's list (mailcert ca crl); who does not read that goes on to accept it until it ends"]
      : []),
    ...findingsBelow(findings),
  ].join("\n");

export const caRevokeDocument = ({ found, ...result }: CaRevoked): object => ({
  schema,
  action: "revoke",
  ok: !hasFault(result.findings),
  ...result,
  certificate: found,
});

export const backupText = ({ ca, file, contains, bytes }: BackedUp): string =>
  [
    `backed up the private CA "${ca}" into ${file} (${contains.length} files, ${bytes} octets, encrypted)`,
    "  - keep it on another machine, and the passphrase elsewhere: with both, anybody can pose as your servers",
    "  - back from it: mailcert ca restore FILE",
  ].join("\n");

export const backupDocument = (result: BackedUp): object => ({
  schema,
  action: "backup",
  ok: true,
  outcome: "made",
  ...result,
});

export const restoreText = (
  { ca, folder, contains, replaced, madeAt, findings }: RestoreResult,
  dryRun: boolean,
): string =>
  [
    `${dryRun ? "would restore" : "restored"} the private CA "${ca}" into ${folder} (${contains.length} files, as of ${minute(new Date(madeAt))})`,
    ...(replaced === undefined ? [] : [`  - the one before ${dryRun ? "would lie" : "lies"} in ${replaced}`]),
    ...(dryRun
      ? []
      : [
          replaced === undefined
            ? `  - what was signed after the backup is not in its records; what was revoked after it stays so where a list of this host has it, and the rest is in mailcert log, to be revoked again; make the list of revoked ones anew: mailcert ca crl${ca === "default" ? "" : ` ${ca}`}`
            : "  - what the one before issued and revoked since the backup stays known",
        ]),
    ...findingsBelow(findings),
  ].join("\n");

export const restoreDocument = (result: RestoreResult, dryRun: boolean): object => ({
  schema,
  action: "restore",
  ok: !hasFault(result.findings),
  outcome: dryRun ? "planned" : "restored",
  ...result,
});
