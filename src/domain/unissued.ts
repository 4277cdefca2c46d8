// Whether a plan waits for a certificate that was never issued: a deployment issues none.
import type { Finding } from "./finding.ts";

export const hasUnissued = (plans: readonly { readonly notes: readonly Finding[] }[]): boolean =>
  plans.some(({ notes }) => notes.some(({ check }) => check === "deploy-unissued"));
