// A deployment's plan for --dry-run, for people and as JSON.
import type { DeployPlan } from "../usecases/plan-deploy.ts";
import { findingsText } from "./findings-text.ts";

export const deployPlanLines = (plan: DeployPlan): readonly string[] => [
  ...(plan.live
    ? [`would switch live: generation ${plan.live.from ?? "none"} -> ${plan.live.to ?? "the new one"}`]
    : []),
  ...plan.servers.flatMap((server) => [
    `${server.id} ${server.version}${server.running ? "" : " (not running)"}: ${server.changes.length === 0 ? "settings are as they should be" : "would change"}`,
    ...server.changes.map((change) => `  ${change}`),
    ...server.notes.map((note) => `  ${findingsText([note])}`),
  ]),
  ...plan.notes.map((note) => findingsText([note])),
  ...(plan.servers.length === 0 ? ["no mail server was found on this host"] : []),
];

export const deployPlanText = (plans: readonly DeployPlan[]): string =>
  plans
    .map((plan) => [`${plan.certificate}:`, ...deployPlanLines(plan).map((line) => `  ${line}`)].join("\n"))
    .join("\n\n");

export const deployPlanDocument = (plans: readonly DeployPlan[]): object => ({
  schema: "mailcert.deploy/1",
  ok: true,
  dryRun: true,
  certificates: plans,
});
