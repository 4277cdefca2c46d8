// Why an observation ended early: thrown inside the probe, turned into `Observation.error` at its edge.
import type { Observation, ProbeStage } from "../domain/observation.ts";
import { clean } from "../domain/text.ts";
import { ConversationError } from "../protocols/conversation-error.ts";

type ObservationError = NonNullable<Observation["error"]>;

export class Stop extends Error {
  readonly stage: ProbeStage;
  readonly reason: ObservationError["reason"];
  constructor(stage: ProbeStage, reason: ObservationError["reason"], message: string) {
    super(clean(message, 400));
    this.name = "Stop";
    this.stage = stage;
    this.reason = reason;
  }
}

/** Runs a piece of dialogue; what breaks off in it ends the observation at `stage()`. */
export const during = async <Result>(stage: () => ProbeStage, piece: () => Promise<Result>): Promise<Result> => {
  try {
    return await piece();
  } catch (error) {
    if (error instanceof ConversationError) throw new Stop(stage(), error.reason, error.message);
    throw error;
  }
};
