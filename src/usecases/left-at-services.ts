// What a certificate set at a service that is not its place any more: found in the log of changes, and taken back.
import { describeChange, describeGone, describeKept, describeRevert } from "../domain/describe-change.ts";
import type { Installation, ServerPlan } from "../servers/server.ts";
import type { HostEvent } from "../store/store.ts";
import { changesInForce } from "./changes-in-force.ts";
import type { Deployable } from "./entries.ts";
import { recordChange } from "./record-change.ts";
import type { World } from "./world.ts";

/** Newest first. `going`: certificates that somebody else is taking out, and writes that down when the server has read it. */
export const leftAtServices = async (
  world: World,
  { id }: Pick<Installation, "id">,
  { ofServices = [] }: Pick<ServerPlan, "ofServices">,
  going: readonly string[] = [],
): Promise<readonly HostEvent[]> =>
  changesInForce(await world.store.events())
    .filter(({ change }) => {
      if (change?.installation !== id || change.change.kind !== "service-parameter") return false;
      const { service, parameter, certificate, after } = change.change;
      // What was taken out after a yes gives the service nothing that could be left there.
      if (certificate === undefined || after === undefined || going.includes(certificate)) return false;
      return !ofServices.some(
        (one) => one.service === service && one.parameter === parameter && one.certificate === certificate,
      );
    })
    .toReversed();

/** What was taken back. */
export interface TakenBack {
  /** One sentence. */
  readonly what: string;
  readonly event: HostEvent;
  /** False: somebody changed it since; it stays, and nobody asks again. */
  readonly done: boolean;
}

export const takeBack = async (
  world: World,
  { server, installation }: Deployable,
  event: HostEvent,
): Promise<TakenBack> => {
  const { certificate, change } = event;
  if (!change) return { what: "", event, done: false };
  const outcome = await server.revert(installation, change.change);
  const what =
    outcome === "gone"
      ? describeGone(change.change)
      : outcome === "reverted"
        ? describeRevert(change.change, true)
        : `left alone: ${describeKept(change.change)}`;
  await recordChange(world, {
    ...(certificate === undefined ? {} : { certificate }),
    what: `${installation.id}: ${what}`,
    change,
    reverts: true,
  });
  world.step(`${installation.id}: ${what}`);
  return { what, event, done: outcome === "reverted" };
};

/** Puts it there again, where what was to take its place did harm: in the log it is in force as before. */
export const giveBack = async (
  world: World,
  { server, installation }: Deployable,
  { certificate, change, undo }: HostEvent,
): Promise<void> => {
  if (!change) return;
  const what = `${installation.id}: put back: ${describeChange(change.change)}`;
  await recordChange(world, {
    ...(certificate === undefined ? {} : { certificate }),
    what,
    ...(undo === undefined ? {} : { undo }),
    change,
  });
  await server.apply(installation, change.change);
  world.step(what);
};
