// What deploy --repair did: to the servers, and what was proven after it.
import type { Finding } from "../domain/finding.ts";
import type { DeployAttempt } from "../usecases/deploy-all.ts";
import { deployDocument, deployOutcome, deployText } from "./deploy.ts";
import { findingsText } from "./findings-text.ts";

export interface RepairOutcome {
  readonly findings: readonly Finding[];
  readonly attempts: readonly DeployAttempt[];
}

export const repairText = ({ findings, attempts }: RepairOutcome, now: Date): string =>
  findings.length === 0
    ? "nothing to repair: the servers' versions take mailcert's settings"
    : [findingsText(findings), ...(attempts.length === 0 ? [] : [deployText(attempts, now)])].join("\n\n");

export const repairDocument = ({
  findings,
  attempts,
}: RepairOutcome): { readonly ok: boolean; readonly repaired: readonly Finding[] } => ({
  ...deployDocument(attempts),
  ok: deployOutcome(attempts) === "done" && !findings.some(({ severity }) => severity === "fault"),
  repaired: findings,
});
