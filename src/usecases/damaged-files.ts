// Files that are served and are missing, empty, or not what was written: the servers read them at their next start, which would fail.
import { Failure } from "../domain/failure.ts";
import type { Finding } from "../domain/finding.ts";
import { shellWord } from "../domain/shell-word.ts";
import type { CertificateState, GenerationRecord } from "../store/store.ts";
import { slotsOf } from "./served-certificate.ts";
import { unlessFailure } from "./unless-failure.ts";
import type { World } from "./world.ts";

const lossOf = async (world: World, name: string, live: GenerationRecord): Promise<string | undefined> => {
  const lost = world.store.liveLoss(name, live.leaves);
  if (lost !== undefined) return lost;
  const damage = await unlessFailure(() => world.store.damage(name, live.number, slotsOf(live)));
  if (!(damage instanceof Failure)) return damage;
  return damage.kind === "no-permission" ? undefined : damage.message;
};

/** What is live, or should be: a certificate that was seen to be served has a `live`. Whoever may not look is told nothing. */
export const damagedFindings = async (
  world: World,
  state: CertificateState,
  live: GenerationRecord | undefined,
): Promise<readonly Finding[]> => {
  const due = live ?? state.generations.find(({ number }) => state.stage === "verified" && number === state.target);
  const loss = due && !state.parked ? await lossOf(world, state.name, due) : undefined;
  if (loss === undefined) return [];
  return [
    {
      check: "live-damaged",
      severity: "fault",
      message: `files that servers read for ${state.name} are damaged: ${loss}; a server that starts now does without TLS, or not at all`,
      hint: `make them anew: mailcert renew --force ${shellWord(state.name)}`,
    },
  ];
};
