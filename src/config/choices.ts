// What a configuration file may choose from, and the version of its layout.
import type { ChallengeName } from "../domain/certificate-config.ts";
import { workingChallenges } from "../domain/certificate-defaults.ts";
import { serverNames } from "../domain/server-names.ts";

/** A file with a larger number was written for a newer mailcert and is refused. */
export const schemaVersion = 1;

/** The rest of the program can hand in its registries. */
export interface Choices {
  readonly servers: readonly string[];
  readonly challenges: readonly ChallengeName[];
}

export const defaultChoices: Choices = {
  servers: serverNames,
  challenges: workingChallenges,
};
