// Names that were left out of what is served: looked at once a day, and taken back when they resolve again.
import type { CertificateConfig } from "../domain/certificate-config.ts";
import { droppedNames, lookAgain } from "../domain/dropped-names.ts";
import type { Decision } from "../domain/renew-decision.ts";
import type { CertificateState } from "../store/store.ts";
import { askAddresses } from "./dead-names.ts";
import type { World } from "./world.ts";

export interface ReturnedNames {
  readonly names: readonly string[];
  readonly decision: Extract<Decision, { readonly action: "issue" }>;
}

/** What to do for names that live again; undefined: `decision` holds. Only where nothing is left to be done: a certificate that is not served yet goes first. */
export const returnedNames = async (
  world: World,
  certificate: CertificateConfig,
  state: CertificateState | undefined,
  decision: Decision,
  /** A person asked for this certificate by name: no need to wait for the day to pass. */
  named: boolean,
): Promise<ReturnedNames | undefined> => {
  const settled = decision.action === "nothing" || (decision.action === "deploy" && state?.stage === "verified");
  if (!settled || state === undefined || (!named && !lookAgain(state, world.now()))) return undefined;
  const dropped = droppedNames(state, certificate);
  if (dropped.length === 0) return undefined;
  const found = await askAddresses(world, dropped);
  const back = found.filter(({ lookup }) => lookup.kind === "found").map(({ name }) => name);
  // Written first: whatever comes of it, the next look is a day away.
  await world.store.write({ ...state, droppedSeen: world.now().toISOString() });
  if (back.length === 0) return undefined;
  const why = `${back.join(", ")}, which had been left out, ${back.length === 1 ? "resolves" : "resolve"} again`;
  return { names: back, decision: { action: "issue", why } };
};
