// Makes one change to a server's settings, or takes it back at once, with its line in the log of changes before it is made.
import { describeChange, describeMade, describeRevert } from "../domain/describe-change.ts";
import { isStamped } from "../domain/stamp.ts";
import type { Change } from "../servers/server.ts";
import type { HostEvent } from "../store/store.ts";
import type { Deployable } from "./entries.ts";
import { changesInForce, placeOfChange } from "./changes-in-force.ts";
import { undoPolicy } from "./harden-events.ts";
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

/** A copy of a line of ours that goes: nothing brings it back. */
const isForGood = (change: Change): boolean =>
  change.kind === "service-parameter" && change.beforeIsOurs === true && change.after === undefined;

/** Of a run that undoes its own step: that gives back what it found, whosever it was. */
const asFound = (change: Change): Change => {
  if (change.kind !== "service-parameter") return change;
  const { beforeIsOurs: _ours, ...found } = change;
  return found;
};

/** In the place of a text that is ours as well. */
const isTextOfOurs = (change: Change): boolean =>
  change.kind === "file" && (change.reworded === true || (change.shared === true && isStamped(change.before)));

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
  const what = describeMade(change);
  // A text of ours that takes the place of another one: what undoes both is written down already.
  const again = (newest !== undefined && isTextOfOurs(change)) || isForGood(change);
  await recordChange(world, {
    certificate,
    what: `${installation.id}: ${what}`,
    undo: newest?.policy ? undoPolicy : `mailcert deploy --remove ${certificate}`,
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

/** Writes down what stands there already as a change of ours, where the log has none: it goes with its certificate. */
export const adoptChange = async (
  world: World,
  deployable: Deployable,
  certificate: string,
  change: Change,
): Promise<void> => {
  if ((await inForceAt(world, deployable, change)).length > 0) return;
  const what = `${deployable.installation.id}: stands there already: ${describeChange(change)}`;
  const undo = `mailcert deploy --remove ${certificate}`;
  await recordChange(world, { certificate, what, undo, change: recorded(deployable, change) });
  world.step(what);
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
  const found = asFound(change);
  if ((await server.revert(installation, found)) === "not-ours") return;
  const what = `${installation.id}: ${describeRevert(found, true)}`;
  if (undone) {
    const { certificate: whose = certificate, change: stands } = undone;
    await recordChange(world, { certificate: whose, what, ...(stands ? { change: stands } : {}) });
    return;
  }
  const again = isTextOfOurs(change) || isForGood(change);
  await recordChange(world, {
    certificate,
    what,
    ...(again ? {} : { change: recorded(deployable, change), reverts: true }),
  });
};
