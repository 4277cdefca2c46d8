// Look: the clock is right, by what this host knows, by who keeps it, and by the CA's where one is asked anyway.
import { type Known, clockLooked } from "../../domain/doctor/clock.ts";
import { together } from "../../domain/doctor/finding.ts";
import { namesIn } from "../unless-failure.ts";
import type { Ground, Look } from "./look.ts";
import { preflightPart } from "./preflight-part.ts";

const known = ({ world, state }: Ground): readonly Known[] =>
  namesIn(world.store).flatMap((name) => {
    const kept = state(name);
    const generations = kept?.generations ?? [];
    return [
      ...generations.map(({ number, notBefore }) => ({
        what: `generation ${number} of ${name} begins`,
        at: notBefore,
      })),
      ...generations.map(({ number, createdAt }) => ({
        what: `generation ${number} of ${name} was made`,
        at: createdAt,
      })),
      ...Object.entries(kept?.deployments ?? {}).map(([id, { at }]) => ({ what: `${name} was deployed to ${id}`, at })),
    ];
  });

export const clockLook: Look = {
  id: "clock",
  title: "clock",
  look: async (ground) =>
    together([
      clockLooked(ground.world.now(), known(ground), await ground.tools.clock()),
      await preflightPart(ground, ["preflight-clock"]),
    ]),
};
