// The generation that servers read now: what `live` leads to.
import { generationOf } from "../domain/generation.ts";
import type { CertificateState, GenerationRecord } from "../store/store.ts";
import type { World } from "./world.ts";

/** undefined: nothing of it was ever switched to. @throws Failure where `live` cannot be read */
export const liveGeneration = (
  { store }: Pick<World, "store">,
  name: string,
  state: CertificateState,
): GenerationRecord | undefined => generationOf(state, store.liveNumber(name));
