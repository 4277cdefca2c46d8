// Proof for several certificates at once: one bounded number of connections, however many names there are.
import type { Baseline } from "../domain/verdict.ts";
import type { Job } from "./deployment.ts";
import { type ProofRequest, type ProofTarget, type ProvedEntry, entryKey, prove } from "./prove.ts";
import { expectedOf } from "./served-certificate.ts";
import type { World } from "./world.ts";

export interface JobTargets {
  readonly job: Pick<Job, "certificate" | "target">;
  readonly targets: readonly ProofTarget[];
  /** By `entryKey` and slot. */
  readonly baseline: ReadonlyMap<string, Baseline>;
}

/** In the order of `looks`: what each of its targets came to. */
export const proveTogether = async (
  world: World,
  looks: readonly JobTargets[],
  request: Pick<ProofRequest, "patienceMs" | "hopeless">,
): Promise<readonly (readonly ProvedEntry[])[]> => {
  const whose = new Map(looks.flatMap((look) => look.targets.map((target) => [target, look] as const)));
  const entries = await prove(world, {
    ...request,
    targets: [...whose.keys()],
    expected: (target) => {
      const look = whose.get(target);
      return look && expectedOf(look.job.target)(target);
    },
    before: (target) => whose.get(target)?.baseline.get(`${entryKey(target.entry)} ${target.slot}`),
    ehlo: looks[0]?.job.target.names[0] ?? "localhost",
  });
  let next = 0;
  return looks.map(({ targets }) => {
    const mine = entries.slice(next, next + targets.length);
    next += targets.length;
    return mine;
  });
};
