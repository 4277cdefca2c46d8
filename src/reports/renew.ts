// A renewal run's result: a line or a block for each certificate, and its JSON twin.
import type { Decision } from "../domain/renew-decision.ts";
import type { RenewResult, RenewedCertificate } from "../usecases/renew.ts";
import { day, minute } from "./dates.ts";
import { deploymentDocument, deploymentText, hasFault } from "./deployment.ts";

export const decisionText = (decision: Decision): string => {
  switch (decision.action) {
    case "nothing":
      return `nothing to do; renewal is due on ${day(decision.dueAt)}`;
    case "issue":
      return `to be issued: ${decision.why}`;
    case "deploy":
      return `to be deployed: ${decision.why}`;
    case "wait":
      return `next attempt ${minute(decision.until)}: ${decision.why}`;
  }
};

const oneText = (one: RenewedCertificate, now: Date): string => {
  const deployed = one.deployed ? deploymentText(one.deployed, now, true) : undefined;
  if (one.failure) {
    const hints = one.failure.hints.map((hint) => `\n  -> ${hint}`).join("");
    const failed = `${one.certificate}: FAILED: ${one.failure.message}${hints}`;
    return deployed === undefined ? failed : `${deployed}\n\n${failed}`;
  }
  if (deployed !== undefined) return deployed;
  return `${one.certificate}: ${decisionText(one.decision)}`;
};

/** With `quiet` only what a person must see: faults; waiting is no news. */
export const renewText = (result: RenewResult, now: Date, quiet: boolean): string =>
  result.certificates
    .filter(
      (one) => !quiet || (one.failure && one.failure.kind !== "try-later") || (one.deployed && hasFault(one.deployed)),
    )
    .map((one) => oneText(one, now))
    .join("\n\n");

export const renewDocument = (result: RenewResult): object => ({
  schema: "mailcert.renew/1",
  ok: result.outcome === "done",
  outcome: result.outcome,
  certificates: result.certificates.map((one) => ({
    certificate: one.certificate,
    decision: one.decision,
    ...(one.issued ? { issued: one.issued.generation } : {}),
    ...(one.deployed ? { deployed: deploymentDocument(one.deployed) } : {}),
    ...(one.failure
      ? {
          error: {
            kind: one.failure.kind,
            message: one.failure.message,
            hints: one.failure.hints,
            ...(one.failure.facts ? { facts: one.failure.facts } : {}),
          },
        }
      : {}),
  })),
});
