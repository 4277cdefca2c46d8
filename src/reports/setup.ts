// What setup did, what clients need now, and how to take it back.
import { type EntryPoint, clientLabel } from "../domain/entry-point.ts";
import { selfSignedNotes } from "../domain/self-signed-notes.ts";
import type { AfterSetup } from "../usecases/after-setup.ts";
import type { SetupPlan, SetupResult } from "../usecases/setup.ts";
import { bundleText } from "./bundle.ts";
import { deploymentDocument, deploymentText, hasFault } from "./deployment.ts";
import { deployPlanLines } from "./deploy-plan.ts";
import { lineChanges } from "./line-changes.ts";
import { decisionText } from "./renew.ts";
import { scheduleInstallText } from "./schedule.ts";
import { table } from "./table.ts";

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

const planText = (plan: SetupPlan): string => {
  const { certificate, decision, deploy } = plan;
  return [
    `${certificate.name}: plan (nothing was changed)`,
    `  names: ${certificate.names.join(", ")}`,
    `  certificate: ${decisionText(decision)} (${certificate.issuer.kind}, ${certificate.keys.join(" + ")})`,
    ...configText(plan, false).map((line) => `  ${line}`),
    ...deployPlanLines(deploy).map((line) => `  ${line}`),
  ].join("\n");
};

const words: Readonly<Record<EntryPoint["protocol"], string>> = {
  imap: "IMAP",
  pop3: "POP3",
  smtp: "SMTP",
  submission: "Submission",
  lmtp: "LMTP",
  sieve: "ManageSieve",
};

/** Ports that clients know; Dovecot also listens on 2000 for ManageSieve of old. */
const usual = new Set([110, 143, 465, 587, 993, 995, 4190]);

/** What people type into their clients: only what was proven, submission and mailboxes alone. */
const clientTable = ({ deployed }: SetupResult): readonly string[] => {
  if (deployed?.outcome === "rolled-back") return [];
  const proven = (deployed?.entries ?? []).filter(
    ({ verdict, entry }) => verdict === "proven" && usual.has(entry.port),
  );
  const rows = new Map(
    proven.map(({ entry }) => [
      entry.port,
      [
        words[entry.protocol],
        String(entry.port),
        clientLabel(entry.mode),
        entry.mode === "implicit" ? 'old clients: "SSL"' : 'old Outlook: "TLS"',
      ],
    ]),
  );
  const sorted = [...rows].toSorted(([left], [right]) => left - right).map(([, row]) => row);
  return sorted.length === 0
    ? []
    : ["", `Settings for mail clients (server ${deployed?.generation.names[0] ?? ""}):`, table(sorted, "  ")];
};

const trust = (result: SetupResult): readonly string[] => {
  const { issuer } = result.plan.certificate;
  if (issuer.kind === "acme" || result.deployed?.outcome === "rolled-back") return [];
  if (issuer.kind === "self-signed") return ["", ...selfSignedNotes];
  return [
    "",
    "Clients trust it once they have imported the private CA's root:",
    `  mailcert bundle ${result.plan.certificate.name} --out DIR   writes the files and the steps for each client`,
  ];
};

export const setupText = (result: SetupResult, after: AfterSetup, now: Date): string => {
  const { plan, deployed, snippets } = result;
  if (!deployed) return `${planText(plan)}\n  ${scheduleInstallText(after.schedule)}`;
  const without =
    deployed.outcome === "no-server"
      ? [
          "",
          "No mail server was found on this host. Install one, then point it at the certificate:",
          "  apt install dovecot-imapd postfix",
          `  mailcert deploy ${plan.certificate.name}`,
          "For a server that mailcert does not know, or on another host, these are the settings:",
          ...(snippets ?? []).map(({ title, text }) => `\n--- ${title}\n${text.trimEnd()}`),
        ]
      : [];
  const next = hasFault(deployed)
    ? ["", "Not done yet: see the faults above. Running the same command again is safe."]
    : [
        "",
        `Check it from another host:  mailcert verify ${plan.certificate.names[0] ?? ""}`,
        `Take it back:                mailcert deploy --remove ${plan.certificate.name}`,
      ];
  return [
    deploymentText(deployed, now),
    ...(plan.config.before === plan.config.after ? [] : ["", ...configText(plan, true)]),
    "",
    scheduleInstallText(after.schedule),
    ...(after.bundle ? ["", bundleText(after.bundle)] : []),
    ...after.failures.flatMap(({ message, hints }) => [
      "",
      `fault: ${message}`,
      ...hints.map((hint) => `  -> ${hint}`),
    ]),
    ...clientTable(result),
    ...trust(result),
    ...without,
    ...(deployed.outcome === "no-server" ? [] : next),
  ].join("\n");
};

export const setupDocument = (result: SetupResult, after: AfterSetup): object => {
  const { plan, issued, deployed, snippets } = result;
  return {
    schema: "mailcert.setup/1",
    ok: after.failures.length === 0 && (!deployed || !hasFault(deployed)),
    ...(deployed ? {} : { dryRun: true }),
    certificate: plan.certificate.name,
    names: plan.certificate.names,
    issuer: plan.certificate.issuer.kind,
    decision: plan.decision,
    config: { path: plan.config.path, changed: plan.config.before !== plan.config.after },
    ...(deployed ? {} : { plan: plan.deploy }),
    ...(issued ? { issued: issued.generation } : {}),
    ...(deployed ? { deployed: deploymentDocument(deployed) } : {}),
    ...(snippets ? { snippets } : {}),
    schedule: after.schedule,
    ...(after.bundle ? { bundle: after.bundle } : {}),
    ...(after.failures.length > 0
      ? { failures: after.failures.map(({ kind, message, hints }) => ({ kind, message, hints })) }
      : {}),
  };
};
