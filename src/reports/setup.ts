// What setup did, what clients need now, and how to take it back.
import { few } from "../domain/doctor/words.ts";
import type { Failure } from "../domain/failure.ts";
import type { Finding } from "../domain/finding.ts";
import { effectiveSettings } from "../domain/certificate-settings.ts";
import { lineChanges } from "../domain/line-changes.ts";
import { isWildcard } from "../domain/names.ts";
import { selfSignedNotes } from "../domain/self-signed-notes.ts";
import type { AfterSetup } from "../usecases/after-setup.ts";
import type { SetupPlan, SetupResult } from "../usecases/setup.ts";
import { bundleText } from "./bundle.ts";
import { clientSettings } from "./client-settings.ts";
import { deploymentDocument, deploymentText, hasFault } from "./deployment.ts";
import { deployPlanLines } from "./deploy-plan.ts";
import { findingsText } from "./findings-text.ts";
import { namesForPeople } from "./names.ts";
import { hasFaults, preflightText } from "./preflight.ts";
import { decisionText } from "./renew.ts";
import { scheduleInstallText } from "./schedule.ts";
import { table } from "./table.ts";
import { textWidth, wrap } from "../domain/wrap.ts";

/** How the configuration file changes: a new one by its path, a known one line by line. */
const configText = ({ config }: SetupPlan, done: boolean): readonly string[] => {
  const { path, before, after } = config;
  if (before === after) return done ? [] : [`configuration: ${path} stays as it is`];
  if (before === undefined) return [done ? `wrote ${path}` : `configuration: would write ${path}`];
  return [
    `${done ? "changed" : "configuration: would change"} ${path}:`,
    ...lineChanges(before, after).map((line) => `  ${line}`),
  ];
};

/** What was asked for and does not hold yet. */
const laterLines = ({ certificate, fromNextRenewal }: SetupPlan): readonly string[] =>
  effectiveSettings(certificate)
    .filter(({ key }) => (fromNextRenewal as readonly string[]).includes(key))
    .map(
      ({ key, value }) =>
        `${key}: ${[value].flat().map(String).join(", ")} holds from the next renewal; now: mailcert renew --force ${certificate.name}`,
    );

const nameLines = ({ severity, message, hint = "" }: Finding): readonly string[] => [
  wrap(`${severity}: ${message}`, textWidth, "", "  "),
  wrap(`-> ${hint}`, textWidth, "  ", "     "),
];

const planText = (plan: SetupPlan): string => {
  const { certificate, decision, deploy } = plan;
  const none = certificate.servers !== "auto" && certificate.servers.length === 0;
  const noServer = none ? "no mail server is touched (servers: none)" : "no mail server was found on this host";
  return [
    `${certificate.name}: plan (nothing was changed)`,
    `  names: ${namesForPeople(certificate.names)}`,
    `  certificate: ${decisionText(decision)} (${certificate.issuer.kind}, ${certificate.keys.join(" + ")})`,
    ...(plan.made ?? []).map((sentence) => wrap(sentence, textWidth, "  ", "    ")),
    ...[...configText(plan, false), ...laterLines(plan)].map((line) => `  ${line}`),
    ...deployPlanLines(deploy, { advice: true, noServer }).map((line) => `  ${line}`),
    ...(certificate.bundle === undefined
      ? []
      : [`  would write the files for mail programs into ${certificate.bundle}`]),
    ...plan.nameFindings.flatMap(nameLines).map((line) => `  ${line}`),
  ].join("\n");
};

const trust = ({ plan: { certificate }, deployed }: SetupResult): readonly string[] => {
  const { issuer, bundle, name } = certificate;
  if (deployed?.outcome === "rolled-back") return [];
  // A file of roots to trust the CA by is a sign of a CA that clients do not know either; `bundle` finds out.
  if (issuer.kind === "acme")
    return issuer.caFile === undefined || bundle !== undefined
      ? []
      : [
          "",
          "Clients that do not know this CA import its root (FILE: its certificate, from the",
          "CA itself). The files, and the steps:",
          `  mailcert bundle ${name} --out DIR --root FILE`,
        ];
  if (issuer.kind === "self-signed") return ["", ...selfSignedNotes];
  // The bundle's own report says what to do with it.
  if (bundle !== undefined) return [];
  return [
    "",
    "Clients trust it once they have imported the private CA's root. The files, and",
    "the steps for each client:",
    `  mailcert bundle ${name} --out DIR`,
  ];
};

const noServer = ({ plan: { certificate }, snippets = [] }: SetupResult): readonly string[] => {
  const { name, servers } = certificate;
  const none = servers !== "auto" && servers.length === 0;
  const why = none
    ? [
        "It was not to be given to a mail server (servers: none). To do so after all:",
        `  mailcert setup ${name} --server ${snippets.map(({ title }) => title.split(" ")[0]).join(",")}`,
        "The settings, for pasting:",
      ]
    : [
        "No mail server was found on this host. Install one, then point it at the",
        "certificate:",
        "  apt install dovecot-imapd postfix",
        `  mailcert deploy ${name}`,
        "The settings, for a server that mailcert does not know, or on another host:",
      ];
  return ["", ...why, ...snippets.map(({ title, text }) => `\n--- ${title}\n${text.trimEnd()}`)];
};

const failureLines = ({ message, hints }: Failure): readonly string[] => [
  `fault: ${message}`,
  ...hints.map((hint) => `  -> ${hint}`),
];

/** A wildcard is no host: any name that it covers will do. */
const verifyLine = (names: readonly string[], caFile?: string): string => {
  const known = names.find((name) => !isWildcard(name));
  const host = known ?? (names[0] ?? "").replace("*", "mail");
  const command = caFile === undefined ? `mailcert verify ${host}` : `mailcert verify ${host} --ca-file ${caFile}`;
  return known === undefined ? `${command}   (or as the host is called)` : command;
};

/** Nobody but this host knows what it made itself: the file of `mailcert bundle` to trust it by, on another host. */
const trustElsewhere: Readonly<Record<string, string>> = { "private-ca": "ca.crt", "self-signed": "server.crt" };

const verifyElsewhere = ({ name, names, issuer }: SetupPlan["certificate"]): readonly string[] => {
  const file = trustElsewhere[issuer.kind];
  if (file === undefined) return [`Check it from another host:  ${verifyLine(names)}`];
  return [
    `Check it from another host:  ${verifyLine(names, file)}`,
    `  (${file} is one of the files of: mailcert bundle ${name} --out DIR)`,
  ];
};

/** Each thing that this run changed and what takes it back, in the order in which that is done. */
const wayBack = (
  { plan: { certificate, known, config, folder, madeCa }, issued, deployed }: SetupResult,
  { schedule }: AfterSetup,
): readonly string[] => {
  const { name } = certificate;
  const first = issued && deployed?.generation.number === 1;
  const untouched = deployed?.servers.every(({ changes }) => changes.length === 0) === true;
  const edited = known !== undefined && config.before !== config.after;
  const rows: (readonly [string, string])[] = [];
  // First of all: a run that comes between would issue it again, as long as the configuration asks for it.
  if (edited) rows.push([`# in ${config.path}`, "lines as before, shown above"]);
  // To take it out of the servers would be more than what was done.
  if (issued !== undefined && !first) rows.push([`mailcert rollback ${name}`, "certificate of before"]);
  else if (!(edited && untouched)) rows.push([`mailcert deploy --remove ${name}`, "servers' settings"]);
  if (schedule.change === "installed") rows.push(["mailcert schedule remove", "hourly run"]);
  if (config.before === undefined) rows.push([`rm ${config.path}`, "configuration"]);
  else if (!edited && config.before !== config.after) rows.push([`# in ${config.path}`, "as shown above"]);
  if (first) rows.push([`rm -r ${folder}`, "keys, certificates"]);
  if (issued && madeCa !== undefined) rows.push([`rm -r ${madeCa}`, "private CA, its key"]);
  if (rows.length === 1 && !edited) return rows.map(([command]) => `Take it back:                ${command}`);
  return [
    "",
    "To take back what was changed, in this order (mailcert log says when and how):",
    table(rows, "  "),
    ...(issued && madeCa !== undefined
      ? ["A CA that is gone cannot be made again: who has imported its root needs another."]
      : []),
  ];
};

const nextSteps = (result: SetupResult, after: AfterSetup, unfinished: boolean): readonly string[] =>
  unfinished
    ? ["", "Not done yet: see the faults above. Running the same command again is safe."]
    : ["", ...verifyElsewhere(result.plan.certificate), ...wayBack(result, after)];

const otherClientLines = ({ otherClients = [] }: AfterSetup): readonly string[] =>
  otherClients.flatMap(({ client, switchOff, besides }) => [
    `warning: ${client} renews it, too; keep it from that:`,
    ...(besides.length > 0 ? [`  (${client} goes on renewing ${few(besides)})`] : []),
    ...switchOff.map((way) => `  -> ${way}`),
  ]);

/** Of the certificate and its deployment, or of what stands in the way of both. */
export const setupFaults = ({ deployed, preflight = [] }: SetupResult): boolean =>
  (deployed !== undefined && hasFault(deployed)) || hasFaults(preflight);

/** What a person is asked below the plan. */
export const setupQuestion = (plan: SetupResult): string =>
  setupFaults(plan) ? "Do all of this, in spite of the fault above?" : "Do all of this?";

/** `policy`: what --harden does, or did. */
export const setupText = (result: SetupResult, after: AfterSetup, now: Date, policy?: string): string => {
  const { plan, deployed, preflight = [] } = result;
  const failures = after.failures.flatMap(failureLines);
  if (!deployed)
    return [
      planText(plan),
      scheduleInstallText(after.schedule).replaceAll(/^/gm, "  "),
      ...failures,
      ...(policy === undefined ? [] : ["", policy]),
      ...(preflight.length === 0 ? [] : ["before the order (pre-flight):", preflightText(preflight)]),
    ].join("\n");
  const clients =
    deployed.outcome === "rolled-back" ? [] : clientSettings(deployed, plan.certificate.servers === "auto");
  const unfinished = hasFault(deployed) || failures.length > 0;
  return [
    deploymentText(deployed, now, "everything"),
    ...(policy === undefined ? [] : ["", policy]),
    ...(plan.config.before === plan.config.after ? [] : ["", ...configText(plan, true)]),
    ...(result.issued?.notes ? ["", ...result.issued.notes.map((note) => wrap(note, textWidth, "", "  "))] : []),
    ...laterLines(plan),
    ...(result.issued?.findings ? ["", findingsText(result.issued.findings)] : []),
    ...(plan.nameFindings.length > 0 ? ["", ...plan.nameFindings.flatMap(nameLines)] : []),
    "",
    scheduleInstallText(after.schedule),
    ...otherClientLines(after),
    ...failures,
    ...(after.bundle ? ["", bundleText(after.bundle)] : []),
    ...(clients.length > 0 ? ["", ...clients] : []),
    ...trust(result),
    ...(deployed.outcome === "no-server" ? noServer(result) : []),
    ...(deployed.outcome === "no-server" && !unfinished ? [] : nextSteps(result, after, unfinished)),
  ].join("\n");
};

export const setupDocument = (result: SetupResult, after: AfterSetup): object => {
  const { plan, issued, deployed, snippets } = result;
  const findings = [...(issued?.findings ?? []), ...plan.nameFindings];
  return {
    schema: "mailcert.setup/1",
    ok: after.failures.length === 0 && (after.bundle?.findings ?? []).length === 0 && !setupFaults(result),
    ...(deployed ? {} : { dryRun: true }),
    ...(result.preflight && result.preflight.length > 0 ? { preflight: result.preflight } : {}),
    certificate: plan.certificate.name,
    names: plan.certificate.names,
    issuer: plan.certificate.issuer.kind,
    decision: plan.decision,
    config: {
      path: plan.config.path,
      changed: plan.config.before !== plan.config.after,
      ...(plan.fromNextRenewal.length > 0 ? { fromNextRenewal: plan.fromNextRenewal } : {}),
    },
    ...(deployed ? {} : { plan: plan.deploy }),
    ...(issued ? { issued: issued.generation } : {}),
    ...(issued?.notes ? { notes: issued.notes } : !deployed && plan.made ? { notes: plan.made } : {}),
    ...(findings.length > 0 ? { findings } : {}),
    ...(deployed ? { deployed: deploymentDocument(deployed) } : {}),
    ...(snippets ? { snippets } : {}),
    schedule: after.schedule,
    ...(after.otherClients ? { otherClients: after.otherClients } : {}),
    ...(after.bundle ? { bundle: after.bundle } : {}),
    ...(after.failures.length > 0
      ? { failures: after.failures.map(({ kind, message, hints }) => ({ kind, message, hints })) }
      : {}),
  };
};
