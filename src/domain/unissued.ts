// The finding of a dry run that has nothing to deploy: asked for by the exit status, and by what is said.
import type { Finding } from "./finding.ts";

/** Some certificate of the plans cannot be deployed. */
export const hasUnissued = (plans: readonly { readonly notes: readonly Finding[] }[]): boolean =>
  plans.some(({ notes }) => notes.some(({ check }) => check === "deploy-unissued"));
