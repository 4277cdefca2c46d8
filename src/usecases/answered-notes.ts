// Advice of one server that another server of this host has answered: no port for sending mail, where a proxy in front of it has one.
import type { Finding } from "../domain/finding.ts";
import type { Deployable } from "./entries.ts";

/** Without what holds of the server alone. `id`: whose notes these are; `found`: all servers of the certificate. */
export const unanswered = (
  notes: readonly Finding[],
  id: string,
  found: readonly Pick<Deployable, "installation" | "listeners">[],
): readonly Finding[] => {
  const elsewhere = found.some(
    ({ installation, listeners }) =>
      installation.id !== id && listeners.some(({ protocol }) => protocol === "submission"),
  );
  return elsewhere ? notes.filter(({ check }) => check !== "submission-off") : notes;
};
