// What a run of verify would connect to, and how often: names are looked up, nothing is connected to.
import { mostConnections } from "../domain/allowance.ts";
import { isIpName } from "../domain/names.ts";
import type { VerifyPlan } from "../domain/verify-plan.ts";
import { furtherQuestions } from "./further-looks.ts";
import { asksProfile, judgeDomains, wants } from "./judge.ts";
import { placesOf } from "./places.ts";
import type { VerifyDeps, VerifyRequest, Wanted } from "./verify.ts";

/** At most: a server that shows no TLS is not asked the rest, and a sound one less. */
const connectionsTo = (
  deps: Pick<VerifyDeps, "further" | "profile">,
  request: VerifyRequest,
  wanted: Wanted,
): number => {
  const slots = request.quick ? 1 : Math.max(1, wanted.slots?.length ?? 1);
  if (!request.full) return slots;
  // One count for all that is asked there.
  if (deps.profile && asksProfile(request)) return mostConnections;
  const named = request.sni === undefined && !isIpName(wanted.host);
  const further = furtherQuestions({ wanted, slots, named, tools: deps.further, wants: wants(request) });
  return Math.min(mostConnections, slots + further);
};

export const verifyPlan = async (
  deps: Pick<VerifyDeps, "resolve" | "further" | "profile">,
  request: VerifyRequest,
): Promise<VerifyPlan> => {
  const { places, notes } = await placesOf(deps, request);
  const entries = places.map(({ wanted, address, unresolved }) => {
    const { protocol, mode, host, port } = wanted;
    return {
      entry: { protocol, mode, host, port, ...(address === undefined ? {} : { address }) },
      connections: address === undefined ? 0 : connectionsTo(deps, request, wanted),
      ...(unresolved === undefined ? {} : { unresolved }),
    };
  });
  return {
    entries,
    connections: entries.reduce((sum, { connections }) => sum + connections, 0),
    policies: (request.domains ?? []).filter(({ sts }) => sts?.kind === "found").map(({ domain }) => domain),
    findings: [...(request.notes ?? []), ...notes, ...judgeDomains(request)],
  };
};
