// Doctor: everything that would make the other commands fail, looked at one after the other. Changes nothing, takes no lock.
import { type DoctorFinding, type Looked, isFault, nothing, unseenBy } from "../../domain/doctor/finding.ts";
import { whileAtWork } from "../../domain/doctor/lock.ts";
import { isKeptFromStarting } from "../../domain/doctor/servers.ts";
import { isExplained } from "../../domain/doctor/served.ts";
import { withoutExplained } from "../../domain/doctor/state.ts";
import { Failure } from "../../domain/failure.ts";
import { unlessFailure } from "../unless-failure.ts";
import type { World } from "../world.ts";
import { openGround } from "./ground.ts";
import { looks } from "./index.ts";
import type { Ground, Look } from "./look.ts";

export interface LookResult extends Looked {
  readonly id: string;
  readonly title: string;
}

export interface DoctorResult {
  /** Nothing is a fault. */
  readonly ok: boolean;
  /** This run was root's, and could look at everything. */
  readonly root: boolean;
  readonly looks: readonly LookResult[];
}

/** One that cannot be done must not keep the others from being done. */
const done = async (
  ground: Ground,
  { id, title, needsRoot, look }: Look,
  told: readonly DoctorFinding[],
): Promise<LookResult> => {
  const here = { id, title };
  if (needsRoot && !ground.root) return { ...here, ...nothing, unseen: [`${title}: only root can look at it`] };
  ground.world.step(`looking at: ${title}`);
  const looked = await unlessFailure(() => look(ground, told));
  return looked instanceof Failure
    ? { ...here, ...nothing, unseen: [unseenBy(ground.root, title, looked)] }
    : { ...here, ...looked };
};

/** `only`: names of certificates; empty: all. */
export const doctor = async (world: World, only: readonly string[]): Promise<DoctorResult> => {
  const ground = await openGround(world, only);
  const results: LookResult[] = [];
  for (const look of looks) {
    const others = results.flatMap(({ findings }) => findings);
    const result = await done(ground, look, others);
    const findings = withoutExplained(result.findings, others).filter(
      (one) => !isExplained(one, others) && !isKeptFromStarting(one, others),
    );
    results.push({ ...result, findings: ground.atWork ? whileAtWork(findings) : findings });
  }
  return { ok: !results.some(({ findings }) => findings.some(isFault)), root: ground.root, looks: results };
};

/** Names that can be asked about: of the configuration, where that can be read, and of the state folder. */
export const knownToDoctor = async (world: World): Promise<readonly string[]> => {
  const config = await unlessFailure(() => world.config.read());
  const configured = config instanceof Failure ? [] : (config?.certificates ?? []).map(({ name }) => name);
  const kept = await unlessFailure(async () => world.store.list());
  return [...new Set([...configured, ...(kept instanceof Failure ? [] : kept)])];
};
