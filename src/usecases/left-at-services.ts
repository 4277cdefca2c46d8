// What a certificate set at a service that is not its place any more: found in the log of changes, and taken back.
import { describeKept, describeRevert } from "../domain/describe-change.ts";
import type { Installation, ServerPlan } from "../servers/server.ts";
import type { HostEvent } from "../store/store.ts";
import { changesInForce } from "./changes-in-force.ts";
import type { Deployable } from "./entries.ts";
import { recordChange } from "./record-change.ts";
import type { World } from "./world.ts";

/** Newest first. */
export const leftAtServices = async (
  world: World,
  { id }: Pick<Installation, "id">,
  { ofServices = [] }: Pick<ServerPlan, "ofServices">,
): Promise<readonly HostEvent[]> =>
  changesInForce(await world.store.events())
    .filter(({ change }) => {
      if (change?.installation !== id || change.change.kind !== "service-parameter") return false;
      const { service, parameter, certificate } = change.change;
      if (certificate === undefined) return false;
      return !ofServices.some(
        (one) => one.service === service && one.parameter === parameter && one.certificate === certificate,
      );
    })
    .toReversed();

/** What was done, in one sentence. Where somebody changed it since it stays, and nobody asks again. */
export const takeBack = async (
  world: World,
  { server, installation }: Deployable,
  { certificate, change }: HostEvent,
): Promise<string> => {
  if (!change) return "";
  const outcome = await server.revert(installation, change.change);
  const what =
    outcome === "reverted" ? describeRevert(change.change, true) : `left alone: ${describeKept(change.change)}`;
  await recordChange(world, {
    ...(certificate === undefined ? {} : { certificate }),
    what: `${installation.id}: ${what}`,
    change,
    reverts: true,
  });
  world.step(`${installation.id}: ${what}`);
  return what;
};
