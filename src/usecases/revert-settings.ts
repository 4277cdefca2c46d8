// Takes back what mailcert changed in the servers' settings, newest first, where the present value is still ours.
import {
  describeChange,
  describeCovered,
  describeGone,
  describeKept,
  describeRevert,
} from "../domain/describe-change.ts";
import { Failure } from "../domain/failure.ts";
import { copies } from "../domain/file-target.ts";
import type { Finding } from "../domain/finding.ts";
import { shellWord } from "../domain/shell-word.ts";
import type { HostEvent } from "../store/store.ts";
import type { Change, Installation, Server } from "../servers/server.ts";
import { changesInForce } from "./changes-in-force.ts";
import { installSettings } from "./install-settings.ts";
import { cover, netReverts } from "./net-reverts.ts";
import { recordChange } from "./record-change.ts";
import { allOf, servingOn } from "./serving.ts";
import { finder, goes, sidesOf } from "./sides.ts";
import { stillThereHint } from "./still-there.ts";
import { dropFromUnder, standingOn } from "./standing-on.ts";
import { readableState, unlessFailure } from "./unless-failure.ts";
import { forgetUnread, unreadOf } from "./unread.ts";
import type { World } from "./world.ts";

export interface RevertedSettings {
  /** What happened to the host, one sentence each: `dovecot: removed /etc/dovecot/conf.d/99-mailcert.conf`. */
  readonly reverted: readonly string[];
  /** Left as it is, with the reason. */
  readonly kept: readonly string[];
  /** Installation ids that were reloaded. */
  readonly reloaded: readonly string[];
  /** Those of them that read settings only when they start: it ended their sessions. Absent: none. */
  readonly restarted?: readonly string[];
  /** What could not be taken back, and servers that could not be reloaded; the others were. */
  readonly findings: readonly Finding[];
}

export interface RevertOptions {
  /** These installations; default all. */
  readonly only?: readonly string[];
  /** Paths of copies that stay. */
  readonly wanted?: ReadonlySet<string>;
  /** Installations that did not read what an earlier run took out. */
  readonly owed?: ReadonlySet<string>;
}

/**
 * Takes back the changes of these certificates together, newest first: where one stands on another's, both go in the right order. What a server has for
 * several certificates goes with the last of them; where others stay, its settings are planned anew for those.
 * By certificate.
 */
export const revertSettings = async (
  world: World,
  certificates: readonly string[],
  { only, wanted = new Set(), owed = new Set() }: RevertOptions = {},
): Promise<ReadonlyMap<string, RevertedSettings>> => {
  const servers = await world.servers();
  const installations = finder(servers);
  const results = new Map(certificates.map((name) => [name, emptyResult()]));
  const going = new Set(certificates);
  const open = changesInForce(await world.store.events()).filter(
    ({ change }) => change && (only === undefined || only.includes(change.installation)),
  );
  const sides = await sidesOf(world, servers, installations, certificates, open);
  const left = unreadOf(world, certificates);
  const touched = new Map<string, Touched>();
  /** Nobody could look at these, or something of ours is still there. */
  const unsettled = new Set<string>();
  const tell = netReverts();
  const isCovered = cover();
  // Of some servers only: it is deployed to the others.
  const again = (name: string): string => `mailcert deploy ${only === undefined ? "--remove " : ""}${shellWord(name)}`;
  for (const event of open.toReversed()) {
    const { change } = event;
    const side = change && sides.get(change.installation);
    // What is there for all is told with one of them.
    const told = results.has(event.certificate ?? "") ? (event.certificate ?? "") : (certificates[0] ?? "");
    const result = results.get(told);
    if (!change || !side || !result) continue;
    const server = servers[change.server];
    const found = await installations(event);
    const installation = found instanceof Failure ? undefined : found;
    const others = side.stay.length > 0 && server?.sni === true && !side.all;
    const touch = (line?: Line): void => {
      if (!server || !installation) return;
      const { reverts = [] } = touched.get(installation.id) ?? {};
      touched.set(installation.id, {
        server,
        installation,
        told,
        others,
        reverts: line ? [...reverts, line] : reverts,
      });
    };
    if (!goes(event, side, going, server)) {
      if (others) touch();
      if (others && found instanceof Failure && left.has(change.installation) && !unsettled.has(change.installation)) {
        unsettled.add(change.installation);
        result.findings.push(troubleFinding(`${change.installation} was not changed: ${found.message}`, found));
      }
      continue;
    }
    if (found instanceof Failure) {
      unsettled.add(change.installation);
      result.findings.push(stillThere(again(told), change, found));
      continue;
    }
    if (!server || !installation) {
      result.kept.push(`${change.installation}: not installed any more: ${describeChange(change.change)}`);
      continue;
    }
    const above = standingOn(side.open, event, (later) => goes(later, side, going, server));
    if (above) {
      await dropFromUnder(world, event, above);
      result.reverted.push(`${installation.id}: ${above.certificate ?? ""} stands there now`);
      continue;
    }
    const undone = withoutPaths(change.change, wanted);
    const covered = isCovered(installation.id, undone);
    const outcome = await unlessFailure(() => server.revert(installation, undone));
    if (outcome instanceof Failure) {
      unsettled.add(installation.id);
      result.findings.push(stillThere(again(told), change, outcome));
      continue;
    }
    const done =
      outcome === "reverted"
        ? describeRevert(undone, true) || "its copies have another entry in files: now"
        : outcome === "gone"
          ? describeGone(undone)
          : covered
            ? describeCovered(undone)
            : `left alone: ${describeKept(undone)}`;
    touch({
      ...(event.certificate === undefined ? {} : { certificate: event.certificate }),
      what: `${installation.id}: ${done}`,
      ...(outcome === "reverted" ? { undo: `mailcert deploy ${told}` } : {}),
      change,
      reverts: true,
    });
    if (outcome !== "not-ours") tell(result.reverted, installation.id, change.change, done);
    else if (!covered) result.kept.push(`${installation.id}: ${describeKept(change.change)}`);
  }
  const read = new Set<string>();
  for (const [id, one] of touched) {
    // Not before the server has read it: a run that is killed here, or a server that refuses, is followed by one that does all of it again.
    const settled = await settle(world, { ...one, owed: owed.has(id) }, certificates, results.get(one.told));
    // A program that copies were for may be gone for good.
    if (!settled && one.installation.server !== copies) continue;
    for (const line of one.reverts) await recordChange(world, line);
    read.add(id);
  }
  const isAsked = (id: string): boolean => only === undefined || only.includes(id);
  const isRead = (id: string): boolean => !unsettled.has(id) && (read.has(id) || !touched.has(id));
  await forgetUnread(world, certificates, (id) => isAsked(id) && isRead(id));
  for (const [id, side] of sides) if (side.all) await letGo(world, id, side.stay, results.get(certificates[0] ?? ""));
  return results;
};

const withoutPaths = (change: Change, wanted: ReadonlySet<string>): Change =>
  change.kind === "copies" ? { ...change, files: change.files.filter(({ path }) => !wanted.has(path)) } : change;

type Line = Omit<HostEvent, "at" | "run" | "command">;

interface Touched {
  readonly server: Server;
  readonly installation: Installation;
  /** Whose result says what was done. */
  readonly told: string;
  /** Others are served there: settings are planned anew for them. */
  readonly others: boolean;
  /** What was taken back. */
  readonly reverts: readonly Line[];
}

interface Gathering {
  readonly reverted: string[];
  readonly kept: string[];
  readonly reloaded: string[];
  restarted?: readonly string[];
  readonly findings: Finding[];
}

const emptyResult = (): Gathering => ({ reverted: [], kept: [], reloaded: [], findings: [] });

/** The settings that are left are tested, and read once. False: the server goes on with those of before. */
const settle = async (
  world: World,
  { server, installation, others, reverts, owed }: Touched & { readonly owed: boolean },
  going: readonly string[],
  result: Gathering = emptyResult(),
): Promise<boolean> => {
  let changed = owed || reverts.length > 0;
  if (others) {
    const serving = await servingOn(world, { server, installation }, [], new Map(), going);
    const one = { server, installation, listeners: [] };
    const settings = await unlessFailure(() =>
      installSettings(world, one, serving, { accept: async () => false, going }),
    );
    if (settings instanceof Failure) {
      result.findings.push(troubleFinding(`${installation.id} was not changed: ${settings.message}`, settings));
      return false;
    }
    result.reverted.push(...settings.changes.map((what) => `${installation.id}: ${what}`));
    result.findings.push(...settings.findings.filter(({ check }) => check === "deploy-config"));
    if (!settings.usable) return false;
    changed ||= settings.changes.length > 0;
  }
  // Copies of keys that it keeps of its own are those of who is left.
  const left = others ? allOf(await servingOn(world, { server, installation }, [], new Map(), going)) : [];
  const remade = await unlessFailure(async () => server.refresh?.(installation, left) ?? []);
  if (remade instanceof Failure)
    result.findings.push(troubleFinding(`${installation.id} may still have copies of keys: ${remade.message}`, remade));
  else if (remade.length > 0) {
    result.reverted.push(...remade.map((what) => `${installation.id}: ${what}`));
    changed = true;
  }
  const clean = !(remade instanceof Failure);
  if (!installation.running || !changed) return clean;
  const trouble = await unlessFailure(async () => {
    await server.check(installation);
    await server.reload(installation);
  });
  if (!(trouble instanceof Failure)) {
    result.reloaded.push(installation.id);
    if (installation.restarts !== undefined) result.restarted = [...(result.restarted ?? []), installation.id];
    return clean;
  }
  result.findings.push(troubleFinding(`${installation.id} was not reloaded: ${trouble.message}`, trouble));
  return false;
};

/** They went with the default that the server cannot do without; each of the next runs deploys them, or says what it waits for. */
const letGo = async (
  world: World,
  id: string,
  names: readonly string[],
  result: Gathering | undefined,
): Promise<void> => {
  for (const name of names) {
    const state = readableState(world, name);
    if (!state) continue;
    const { [id]: _gone, ...deployments } = state.deployments;
    await world.store.write({ ...state, deployments, stage: "switched" });
  }
  result?.findings.push({
    check: "deploy-one-certificate",
    severity: "warning",
    message: `${id} serves others by their names only beside a first certificate, which went: it serves ${names.join(", ")} no more`,
    hint: `put another one first in the configuration, and run: mailcert deploy`,
  });
};

/** `command`: what takes it back, of this certificate alone. */
const stillThere = (
  command: string,
  { installation, change }: NonNullable<HostEvent["change"]>,
  failure: Failure,
): Finding => ({
  ...troubleFinding(`still there: ${installation}: ${describeChange(change)}: ${failure.message}`, failure),
  hint: stillThereHint(failure, command),
});

const troubleFinding = (message: string, { hints }: Failure): Finding => ({
  check: "deploy-config",
  severity: "fault",
  message,
  hint: hints[0] === undefined ? "mend it and run the command again" : `${hints[0]}; then run the command again`,
});
