// A deployment's plan for --dry-run, for people and as JSON.
import { hasUnissued } from "../domain/unissued.ts";
import type { DeployPlan } from "../usecases/plan-deploy.ts";
import { findingLines, withoutAdvice } from "./findings-text.ts";

const liveLine = ({ from, to }: NonNullable<DeployPlan["live"]>): string => {
  const next = to === undefined ? "the new generation" : `generation ${to}`;
  return from === undefined
    ? `would make ${next} live`
    : `would switch live: generation ${from} -> ${to ?? "the new one"}`;
};

interface PlanWords {
  /** Also what nobody asked about and setup says once. */
  readonly advice: boolean;
  /** What stands where there is no server. */
  readonly noServer: string;
}

const afterYes = "after a yes: ";

const usualWords: PlanWords = { advice: false, noServer: "no mail server was found that is to serve it" };

export const deployPlanLines = (plan: DeployPlan, { advice, noServer } = usualWords): readonly string[] => [
  ...(plan.live ? [liveLine(plan.live)] : []),
  ...plan.servers.flatMap((server) => [
    `${server.id} ${server.version}${server.running ? "" : " (not running)"}: ${server.changes.length === 0 ? "settings are as they should be" : "would change"}`,
    ...server.changes.map((change) => `  ${change}`),
    ...(advice ? server.notes : withoutAdvice(server.notes)).flatMap((note) => findingLines(note, "  ")),
  ]),
  ...(plan.servers.some(({ changes }) => changes.some((change) => change.startsWith(afterYes)))
    ? ["after a yes: at a terminal you are asked; else: mailcert deploy --yes"]
    : []),
  ...plan.notes.flatMap((note) => findingLines(note)),
  ...(plan.servers.length === 0 && !hasUnissued([plan]) ? [noServer] : []),
];

export const deployPlanText = (plans: readonly DeployPlan[]): string =>
  plans
    .map((plan) => [`${plan.certificate}:`, ...deployPlanLines(plan).map((line) => `  ${line}`)].join("\n"))
    .join("\n\n");

export const deployPlanDocument = (plans: readonly DeployPlan[]): object => ({
  schema: "mailcert.deploy/1",
  ok: !hasUnissued(plans),
  dryRun: true,
  certificates: plans,
});
