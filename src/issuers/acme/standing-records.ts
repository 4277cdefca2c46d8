// What a challenge leaves in DNS for good is said in the run's output, and written into the log with its undo.
import type { ChallengeDeps } from "../../challenges/challenge.ts";
import type { IssueRequest } from "../issuer.ts";

/** `notes`: gets a sentence for people. */
export const standingRecords =
  ({ record: log }: Pick<IssueRequest, "record">, notes: string[]): ChallengeDeps["standing"] =>
  async ({ record, zone, updater }) => {
    // First of all: a run that is killed after this has published something that nobody would know of.
    await log?.({
      what: `publishes in ${zone} (${updater}), to stay: ${record}`,
      undo: `take the record away from ${zone}, when this account is not to have certificates without another proof any more`,
    });
    notes.push(
      `published in ${zone} (${updater}): ${record} It stays, and lets this host's ACME account have certificates for the name: when that is to end, take it away yourself.`,
    );
  };
