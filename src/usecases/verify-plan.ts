// What a run of verify would connect to, and how often: names are looked up, nothing is connected to.
import { isIpName } from "../domain/names.ts";
import type { VerifyPlan } from "../domain/verify-plan.ts";
import { furtherQuestions } from "./further-looks.ts";
import { asksProfile, wants } from "./judge.ts";
import { placesOf } from "./places.ts";
import type { VerifyDeps, VerifyRequest, Wanted } from "./verify.ts";

/** What the profile of TLS makes together with the ordinary handshakes (hello/profile.ts). */
export const mostWithProfile = 10;

/** At most: a server that shows no TLS is not asked the rest. */
const connectionsTo = (
  deps: Pick<VerifyDeps, "further" | "profile">,
  request: VerifyRequest,
  wanted: Wanted,
): number => {
  const slots = request.quick ? 1 : Math.max(1, wanted.slots?.length ?? 1);
  if (!request.full) return slots;
  const named = request.sni === undefined && !isIpName(wanted.host);
  const profile = deps.profile && asksProfile(request) ? mostWithProfile - slots : 0;
  return slots + profile + furtherQuestions({ wanted, slots, named, tools: deps.further, wants: wants(request) });
};

export const verifyPlan = async (
  deps: Pick<VerifyDeps, "resolve" | "further" | "profile">,
  request: VerifyRequest,
): Promise<VerifyPlan> => {
  const entries = (await placesOf(deps, request)).places.map(({ wanted, address, unresolved }) => {
    const { protocol, mode, host, port } = wanted;
    return {
      entry: { protocol, mode, host, port, ...(address === undefined ? {} : { address }) },
      connections: address === undefined ? 0 : connectionsTo(deps, request, wanted),
      ...(unresolved === undefined ? {} : { unresolved }),
    };
  });
  return { entries, connections: entries.reduce((sum, { connections }) => sum + connections, 0) };
};
