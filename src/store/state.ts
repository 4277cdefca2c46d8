// state.json text to CertificateState: an older schema is migrated, a newer one refused, a damaged file named.
import { Failure } from "../domain/failure.ts";
import { newerFailure, schemaNumber } from "../domain/newer.ts";
import { emptyState } from "../domain/state.ts";
import type { CertificateState } from "./store.ts";

const current = "mailcert.state/1";

/** @throws Failure `config` for a newer schema, `data` for anything that is not a state. */
export const readState = (text: string, path: string): CertificateState => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw damaged(path, "it is not JSON", error);
  }
  if (typeof value !== "object" || value === null) throw damaged(path, "it is not an object");
  const schema = (value as { schema?: unknown }).schema;
  const number = schemaNumber(schema, "mailcert.state");
  if (number === undefined) throw damaged(path, "it has no schema");
  if (number > 1)
    throw newerFailure({
      path,
      schema: String(schema),
      known: current,
      by: (value as { writtenBy?: unknown }).writtenBy,
    });
  const state = value as Partial<CertificateState>;
  if (typeof state.name !== "string" || !Array.isArray(state.generations)) throw damaged(path, "fields are missing");
  const problem = shapeProblem(state);
  if (problem !== undefined) throw damaged(path, problem);
  return { ...emptyState(state.name), ...state };
};

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isDate = (value: unknown): boolean => typeof value === "string" && !Number.isNaN(Date.parse(value));

const isUnmet = (value: unknown): boolean =>
  Array.isArray(value) &&
  value.every((one) => isRecord(one) && typeof one["setting"] === "string" && typeof one["message"] === "string");

const isGeneration = (value: unknown): boolean =>
  isRecord(value) &&
  Number.isInteger(value["number"]) &&
  Array.isArray(value["names"]) &&
  isDate(value["notBefore"]) &&
  isDate(value["notAfter"]) &&
  (value["entry"] === undefined || isRecord(value["entry"])) &&
  (value["unmet"] === undefined || isUnmet(value["unmet"])) &&
  isRecord(value["leaves"]) &&
  Object.values(value["leaves"]).every(
    (leaf) =>
      isRecord(leaf) && typeof leaf["sha256"] === "string" && ["string", "undefined"].includes(typeof leaf["key"]),
  );

const isPending = (value: unknown): boolean =>
  isRecord(value) &&
  Number.isInteger(value["generation"]) &&
  typeof value["reason"] === "string" &&
  typeof value["byKey"] === "boolean" &&
  isDate(value["since"]);

const isAdvice = (value: unknown): boolean =>
  isRecord(value) &&
  Number.isInteger(value["generation"]) &&
  isDate(value["nextPoll"]) &&
  isRecord(value["windows"]) &&
  Object.values(value["windows"]).every(
    (window) => isRecord(window) && [window["start"], window["end"], window["chosen"]].every(isDate),
  );

const isCaFailure = (value: unknown): boolean =>
  isRecord(value) && isDate(value["at"]) && isDate(value["nextAttempt"]) && typeof value["message"] === "string";

const isError = (value: unknown): boolean =>
  isRecord(value) &&
  typeof value["message"] === "string" &&
  (value["hints"] === undefined || Array.isArray(value["hints"])) &&
  (value["entry"] === undefined || isRecord(value["entry"]));

const isHold = (value: unknown): boolean =>
  isRecord(value) &&
  typeof value["message"] === "string" &&
  isDate(value["at"]) &&
  [value["hints"], value["keys"], value["names"], value["publish"]].every(Array.isArray) &&
  ["number", "undefined"].includes(typeof value["ttl"]) &&
  [value["since"], value["until"]].every((date) => date === undefined || isDate(date));

const isDane = (value: unknown): boolean =>
  isRecord(value) && isRecord(value["seen"]) && (value["held"] === undefined || isHold(value["held"]));

const isOwedHook = (value: unknown): boolean =>
  isRecord(value) && isDate(value["since"]) && Number.isInteger(value["attempts"]);

/** What of the fields that runs rely on is not as it was written. */
const shapeProblem = (state: Partial<CertificateState>): string | undefined => {
  if (!state.generations?.every(isGeneration)) return "a generation lacks a field";
  if (state.keys !== undefined && !isRecord(state.keys)) return "keys is not an object";
  const deployments: unknown = state.deployments ?? {};
  const whole =
    isRecord(deployments) &&
    Object.values(deployments).every((one) => isRecord(one) && isDate(one["at"]) && Array.isArray(one["entries"]));
  if (!whole) return "a deployment lacks a field";
  if (state.ari !== undefined && !isAdvice(state.ari)) return "ari lacks a field";
  const unread: unknown = state.unread ?? [];
  if (!Array.isArray(unread) || !unread.every((id) => typeof id === "string")) return "unread is not a list of texts";
  const caFailures: unknown = state.caFailures ?? {};
  if (!isRecord(caFailures) || !Object.values(caFailures).every(isCaFailure)) return "caFailures lacks a field";
  if (state.droppedSeen !== undefined && !isDate(state.droppedSeen)) return "droppedSeen is not a date";
  if (state.retired !== undefined && !Array.isArray(state.retired)) return "retired is not a list";
  const earlier: unknown = state.earlierRevocations ?? [];
  const last = state.revocation === undefined || isPending(state.revocation);
  const pending = last && Array.isArray(earlier) && earlier.every(isPending);
  if (!pending) return "revocation lacks a field";
  if (state.dane !== undefined && !isDane(state.dane)) return "dane lacks a field";
  const hooks: unknown = state.hooks ?? {};
  if (!isRecord(hooks) || !Object.values(hooks).every(isOwedHook)) return "hooks lacks a field";
  if (!["string", "undefined"].includes(typeof state.keyGroup)) return "keyGroup is not a text";
  if (state.nextAttempt !== undefined && !isDate(state.nextAttempt)) return "nextAttempt is not a date";
  if (state.attempts !== undefined && typeof state.attempts !== "number") return "attempts is not a number";
  return state.lastError === undefined || isError(state.lastError) ? undefined : "lastError lacks a field";
};

const damaged = (path: string, why: string, cause?: unknown): Failure =>
  new Failure("data", `${path} is damaged: ${why}`, {
    cause,
    hints: [
      "put it back from a backup, or move the file away: the keys and generations beside it stay, and the next run writes a new one",
    ],
  });
