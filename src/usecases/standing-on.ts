// Two certificates' changes to one setting, one on top of the other: the lower one can go from under the upper.
import type { Change } from "../servers/server.ts";
import type { HostEvent } from "../store/store.ts";
import { placeOfChange, valueOfChange } from "./changes-in-force.ts";
import { recordChange } from "./record-change.ts";
import type { World } from "./world.ts";

/** A later change that stays, made on top of this one: its own way back leads through ours. */
export const standingOn = (
  open: readonly HostEvent[],
  event: HostEvent,
  goes: (later: HostEvent) => boolean,
): HostEvent | undefined => {
  const mine = event.change;
  if (!mine) return undefined;
  return open.slice(open.indexOf(event) + 1).find((later) => {
    const { change } = later;
    return (
      change !== undefined &&
      !goes(later) &&
      change.installation === mine.installation &&
      change.change.kind !== "copies" &&
      placeOfChange(change.change) === placeOfChange(mine.change) &&
      change.change.before === valueOfChange(mine.change)
    );
  });
};

/** The change above is written down anew, standing on what stood before ours: the host itself stays as it is. */
export const dropFromUnder = async (world: World, event: HostEvent, above: HostEvent): Promise<void> => {
  const { change: mine } = event;
  const { change: theirs } = above;
  if (!mine || !theirs || mine.change.kind === "copies") return;
  const what = `${mine.installation}: what ${above.certificate ?? ""} set now stands on what stood before ${event.certificate ?? ""}`;
  const { policy, undo } = above;
  const rebased = { ...theirs, change: { ...theirs.change, before: mine.change.before } as Change };
  for (const { certificate, change, reverts } of [
    { certificate: above.certificate, change: theirs, reverts: true },
    { certificate: above.certificate, change: rebased, reverts: false },
    { certificate: event.certificate, change: mine, reverts: true },
  ]) {
    await recordChange(world, {
      what,
      change,
      ...(certificate === undefined ? {} : { certificate }),
      ...(reverts ? { reverts } : {}),
      // What it is, and how it goes, is as before.
      ...(change === rebased && policy ? { policy } : {}),
      ...(change === rebased && undo !== undefined ? { undo } : {}),
    });
  }
};
