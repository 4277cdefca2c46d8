// Takes changes of TLS policy back, newest first, where they are still ours; then the server's own test, a reload, and a look at its entry points.
import { describeChange, describeKept, describeRevert } from "../domain/describe-change.ts";
import { entryUrl } from "../domain/entry-point.ts";
import { Failure } from "../domain/failure.ts";
import type { Finding } from "../domain/finding.ts";
import type { HostEvent } from "../store/store.ts";
import { placeOfChange } from "./changes-in-force.ts";
import { type Deployable, hintOf } from "./entries.ts";
import { finishRemovals } from "./finish-removals.ts";
import { type Works, firstBroken } from "./harden-look.ts";
import { orFailure } from "./one-failure.ts";
import { recordChange } from "./record-change.ts";
import type { World } from "./world.ts";

export interface RevertedPolicy {
  /** One sentence each. */
  readonly reverted: readonly string[];
  /** Somebody changed it since: left as it is, with the place. */
  readonly kept: readonly string[];
  /** What is still there although it should not be. */
  readonly findings: readonly Finding[];
}

/** `events`: oldest first. One that cannot be taken back does not keep the others from it. */
export const revertPolicy = async (
  world: World,
  { server, installation }: Pick<Deployable, "server" | "installation">,
  events: readonly HostEvent[],
): Promise<RevertedPolicy> => {
  const { id } = installation;
  // Of two changes to one setting the older one's way back is what stands there then.
  const reverted = new Map<string, string>();
  const kept: string[] = [];
  const findings: Finding[] = [];
  const stuck = (what: string, failure: Failure): void =>
    void findings.push({
      check: "harden-kept",
      severity: "fault",
      message: `${id}: ${what}: ${failure.message}`,
      hint: hintOf(failure).hint ?? "the next run of mailcert renew tries again",
    });
  for (const { certificate, change } of events.toReversed()) {
    if (!change) continue;
    const outcome = await orFailure(world, () => server.revert(installation, change.change));
    if (outcome instanceof Failure) {
      if (world.signal.aborted) throw outcome;
      stuck(`still there: ${describeChange(change.change)}`, outcome);
    } else if (outcome === "not-ours") kept.push(describeKept(change.change));
    else {
      const what = `${id}: ${describeRevert(change.change, true)}`;
      reverted.delete(placeOfChange(change.change));
      reverted.set(placeOfChange(change.change), what);
      const noted = await orFailure(world, () =>
        recordChange(world, {
          ...(certificate === undefined ? {} : { certificate }),
          what,
          change,
          reverts: true,
          policy: true,
        }),
      );
      if (noted instanceof Failure) stuck(`not in the log of changes: ${what}`, noted);
      world.step(what);
    }
  }
  return { reverted: [...reverted.values()], kept, findings };
};

export interface Settled {
  /** The server runs with what stands there now. */
  readonly ok: boolean;
  /** In words, what became of it. */
  readonly words: string;
  /** What of an earlier removal it could not be made to read. */
  readonly open: readonly Finding[];
}

export const settleReverted = async (
  world: World,
  { server, installation }: Pick<Deployable, "server" | "installation">,
  works: Works,
): Promise<Settled> => {
  if (!installation.running) return { ok: true, words: "it is not running", open: [] };
  const refused = await orFailure(world, () => server.check(installation));
  if (refused instanceof Failure)
    return {
      ok: false,
      words: `but it was not reloaded, for its own test refuses what stands there now (${refused.message})`,
      open: [],
    };
  const reloaded = await orFailure(world, () => server.reload(installation));
  if (reloaded instanceof Failure)
    return { ok: false, words: `but it could not be reloaded (${reloaded.message})`, open: [] };
  const open = await finishRemovals(world, [installation.id]);
  const broken = await firstBroken(world, works);
  return broken
    ? { ok: true, words: `but ${entryUrl(broken.entry)} at ${broken.entry.address} is not as it was before`, open }
    : { ok: true, words: "and every entry point is as it was before", open };
};
