// The result of deploy over one or more certificates: what was done, and what could not be.
import type { DeployAttempt } from "../usecases/deploy-all.ts";
import { deploymentDocument, deploymentText, hasFault } from "./deployment.ts";

const oneText = ({ certificate, deployed, failure }: DeployAttempt, now: Date): string => {
  if (deployed) return deploymentText(deployed, now);
  const hints = (failure?.hints ?? []).map((hint) => `\n  -> ${hint}`).join("");
  return `${certificate}: FAILED: ${failure?.message ?? ""}${hints}`;
};

export const deployText = (attempts: readonly DeployAttempt[], now: Date): string =>
  attempts.map((one) => oneText(one, now)).join("\n\n");

const oneDocument = ({ certificate, deployed, failure }: DeployAttempt): object => {
  if (deployed) return deploymentDocument(deployed);
  const { kind, message, hints, facts } = failure ?? {};
  return { certificate, error: { kind, message, hints, ...(facts ? { facts } : {}) } };
};

/** `fault` if any needs a person, else `waiting` if any waits, else `done`. */
export const deployOutcome = (attempts: readonly DeployAttempt[]): "done" | "fault" | "waiting" => {
  const isFault = ({ deployed, failure }: DeployAttempt): boolean =>
    deployed ? hasFault(deployed) : failure?.kind !== "try-later";
  if (attempts.some(isFault)) return "fault";
  return attempts.some(({ failure }) => failure) ? "waiting" : "done";
};

export const deployDocument = (attempts: readonly DeployAttempt[]): object => ({
  schema: "mailcert.deploy/1",
  ok: deployOutcome(attempts) === "done",
  certificates: attempts.map(oneDocument),
});
