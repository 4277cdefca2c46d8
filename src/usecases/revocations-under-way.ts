// Which of several revocations a person means, and which are finished beside it.
import { generationOf } from "../domain/generation.ts";
import {
  type PendingRevocation,
  type RevocationReason,
  doomedBy,
  hasRetiredKey,
  pendingOf,
} from "../domain/revocation.ts";
import type { CertificateState } from "../store/store.ts";
import type { World } from "./world.ts";

/** The one to go on with. Whoever says that a key is compromised means what is live, whatever else is under way. */
export const underWay = (
  world: World,
  state: CertificateState,
  given: RevocationReason | undefined,
): PendingRevocation | undefined => {
  const all = pendingOf(state);
  if (given !== "keyCompromise") return all[0];
  const number = world.store.liveNumber(state.name) ?? state.target;
  return all.find((one) => doomedBy(state, one, world.now()).some((doomed) => doomed.number === number));
};

/** Those of other generations, which are finished along; not of such as have turned out to have the compromised key. */
export const besides = (
  state: CertificateState,
  pending: PendingRevocation,
  under: PendingRevocation | undefined,
): readonly PendingRevocation[] =>
  pendingOf(state).filter((one) => {
    if (one.generation === pending.generation || one === under) return false;
    const generation = generationOf(state, one.generation);
    return one.byKey || !pending.byKey || !generation || !hasRetiredKey(state, generation);
  });
