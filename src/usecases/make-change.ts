// Makes one change to a server's settings, or takes it back at once, with its line in the log of changes before it is made.
import { describeChange, describeRevert } from "../domain/describe-change.ts";
import { isStamped } from "../domain/stamp.ts";
import type { Change } from "../servers/server.ts";
import type { HostEvent } from "../store/store.ts";
import type { Deployable } from "./entries.ts";
import { changesInForce, placeOfChange } from "./changes-in-force.ts";
import { recordChange } from "./record-change.ts";
import type { World } from "./world.ts";

type Recorded = NonNullable<HostEvent["change"]>;

/** Five hundred certificates rewrite a file of theirs five hundred times: of a text of ours, the log says that there is one. */
const inLog = (change: Change): Change => {
  if (change.kind !== "file" || !change.shared) return change;
  return { ...change, content: "", before: isStamped(change.before) ? undefined : change.before };
};

const recorded = ({ installation }: Deployable, change: Change): Recorded => ({
  server: installation.server,
  installation: installation.id,
  change: inLog(change),
});

/** What is in force where a change is to be made, the newest last. */
const inForceAt = async (world: World, { installation }: Deployable, change: Change): Promise<readonly HostEvent[]> =>
  changesInForce(await world.store.events()).filter(
    (event) =>
      event.change?.installation === installation.id && placeOfChange(event.change.change) === placeOfChange(change),
  );

/** It would give back what stood there before the newest change: then that one is taken back, to the very same bytes. */
const undoes = (change: Change, newest: Change | undefined): boolean => {
  if (newest === undefined || newest.kind !== change.kind) return false;
  if (change.kind === "file") return change.shared === true && change.content === undefined;
  if (change.kind !== "parameter" && change.kind !== "service-parameter") return false;
  if (newest.kind !== "parameter" && newest.kind !== "service-parameter") return false;
  return change.shared === true && newest.after === change.before && newest.before === change.after;
};

export interface MadeChange {
  readonly change: Change;
  /** One sentence. */
  readonly what: string;
  /** The earlier change that was taken back for it. */
  readonly undone?: HostEvent;
}

/** `certificate`: whose line in the log it is. */
export const makeChange = async (
  world: World,
  deployable: Deployable,
  certificate: string,
  change: Change,
): Promise<MadeChange> => {
  const { server, installation } = deployable;
  const before = change.kind === "copies" || change.kind === "line" ? [] : await inForceAt(world, deployable, change);
  const newest = before.at(-1);
  if (newest?.change && undoes(change, newest.change.change)) {
    const what = describeRevert(newest.change.change, true);
    if ((await server.revert(installation, newest.change.change)) === "reverted") {
      await recordChange(world, {
        ...(newest.certificate === undefined ? {} : { certificate: newest.certificate }),
        what: `${installation.id}: ${what}`,
        change: newest.change,
        reverts: true,
      });
      world.step(`${installation.id}: ${what}`);
      return { change, what, undone: newest };
    }
  }
  const what = describeChange(change);
  // A text of ours that takes the place of another one: what undoes both is written down already.
  const again = change.kind === "file" && change.shared === true && isStamped(change.before) && newest !== undefined;
  await recordChange(world, {
    certificate,
    what: `${installation.id}: ${what}`,
    undo: `mailcert deploy --remove ${certificate}`,
    ...(again ? {} : { change: recorded(deployable, change) }),
  });
  const made: MadeChange = { change, what };
  try {
    await server.apply(installation, change);
  } catch (error) {
    // What is half done goes; an error of its way back says less than the first one.
    await unmakeChange(world, deployable, certificate, made).catch(() => undefined);
    throw error;
  }
  world.step(`${installation.id}: ${what}`);
  return made;
};

/**
 * The same back again, where it did harm. Copies stay: they take their places together or not at all, harm no server's start, and what would be put in
 * their place was there before the first of them.
 */
export const unmakeChange = async (
  world: World,
  deployable: Deployable,
  certificate: string,
  { change, undone }: MadeChange,
): Promise<void> => {
  const { server, installation } = deployable;
  if (change.kind === "copies") return;
  if ((await server.revert(installation, change)) === "not-ours") return;
  const what = `${installation.id}: ${describeRevert(change, true)}`;
  if (undone) {
    const { certificate: whose = certificate, change: stands } = undone;
    await recordChange(world, { certificate: whose, what, ...(stands ? { change: stands } : {}) });
    return;
  }
  const again = change.kind === "file" && change.shared === true && isStamped(change.before);
  await recordChange(world, {
    certificate,
    what,
    ...(again ? {} : { change: recorded(deployable, change), reverts: true }),
  });
};
