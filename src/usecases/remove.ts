// Remove: takes out of the servers' settings what mailcert put there, and restores what stood there, where it is still ours.
import { join } from "node:path";
import { describeRevert } from "../domain/describe-change.ts";
import { Failure } from "../domain/failure.ts";
import { targetOf } from "../domain/generation.ts";
import type { Finding } from "../domain/finding.ts";
import { setupAgain } from "../domain/setup-command.ts";
import { clean } from "../domain/text.ts";
import { grantKeys } from "./key-readers.ts";
import type { HostEvent } from "../store/store.ts";
import { changesInForce } from "./changes-in-force.ts";
import { finishRemovals } from "./finish-removals.ts";
import { cover, netReverts } from "./net-reverts.ts";
import { portsAfter, portsBefore } from "./ports-after.ts";
import { removalDangers, returnsOf } from "./removal-dangers.ts";
import { type RevertedSettings, revertSettings } from "./revert-settings.ts";
import { stillNamed } from "./still-named.ts";
import { readableState, unlessFailure } from "./unless-failure.ts";
import { liveGeneration } from "./live-generation.ts";
import type { World } from "./world.ts";

export interface Removal extends RevertedSettings {
  readonly certificate: string;
  readonly dryRun: boolean;
  /** It left the configuration: nothing renews it, and nothing deploys it again. */
  readonly left?: {
    /** Everything that is kept of it. */
    readonly folder: string;
    /** The command that has it renewed again. */
    readonly again?: string;
  };
}

/** Names of certificates that this host knows: those with a state, and those whose changes are in force. */
const known = (world: World, open: readonly HostEvent[]): readonly string[] => [
  ...new Set([...world.store.list(), ...open.flatMap(({ certificate }) => certificate ?? [])]),
];

export interface RemoveOptions {
  readonly dryRun: boolean;
  /** Asked, once for all of them, before servers are left without a certificate. Absent: yes. @throws Failure where the answer is no: then nothing was changed. */
  readonly confirm?: (dangers: readonly Finding[]) => Promise<void>;
}

/** What a person should be asked about before these are taken out, one for each server; none named: all. Takes no lock, and changes nothing. */
export const dangersOf = async (world: World, wanted: readonly string[]): Promise<readonly Finding[]> => {
  const open = changesInForce(await world.store.events());
  const names = wanted.length > 0 ? wanted : known(world, open);
  return [...removalDangers(await returnsOf(world, names, open), names, wanted).values()].flat();
};

/**
 * Certificates, keys and accounts stay; timer runs renew but no longer deploy. None named: all. The caller holds the lock.
 * @throws Failure `usage` for a name that this host does not know.
 */
export const remove = async (
  world: World,
  wanted: readonly string[],
  options: RemoveOptions,
): Promise<readonly Removal[]> => {
  const inForce = changesInForce(await world.store.events());
  const all = known(world, inForce);
  const unknown = wanted.find((name) => !all.includes(name));
  if (unknown !== undefined) {
    throw new Failure("usage", `no certificate is named "${clean(unknown, 100)}" on this host`, {
      hints: [all.length === 0 ? "nothing was deployed here" : `it has: ${all.slice(0, 10).join(", ")}`],
    });
  }
  const names = wanted.length > 0 ? wanted : all;
  const returns = await returnsOf(world, names, inForce);
  const dangers = removalDangers(returns, names, wanted);
  if (options.dryRun) return planned(names, inForce, dangers);
  if (dangers.size > 0) await options.confirm?.([...dangers.values()].flat());
  const ports = await portsBefore(world, changing(world, names, inForce), firstNameOf(world, names));
  const owed = new Set<string>();
  const servedBy = new Map<string, readonly string[]>();
  for (const name of names) {
    const state = world.store.read(name);
    // Written first: a run killed half-way must not be undone by the next timer run.
    if (state) {
      const { baseline: _baseline, unread = [], ...rest } = state;
      for (const id of unread) owed.add(id);
      servedBy.set(name, Object.keys(state.deployments));
      const ids = [...new Set([...unread, ...Object.keys(state.deployments)])];
      await world.store.write({
        ...rest,
        parked: true,
        ...(ids.length > 0 ? { unread: ids } : {}),
        deployments: {},
      });
    }
  }
  const results = await revertSettings(world, names, { owed });
  const reloaded = new Set([...results.values()].flatMap((one) => one.reloaded));
  const open = await finishRemovals(world, [...reloaded], names);
  const after = await portsAfter(world, ports, { reloaded, returns, name: names[0] ?? "" });
  const stays = ({ kept, findings }: RevertedSettings): boolean => kept.length + findings.length > 0;
  for (const name of names) {
    const state = world.store.read(name);
    // Where settings stay, the server goes on with our files, and needs to read them: a list of all certificates is told with one of them.
    if (state?.keyGroup === undefined || [...results.values()].some(stays)) continue;
    const { keyGroup, ...rest } = state;
    await grantKeys(world, rest, keyGroup);
  }
  const leftOf = await leftThere(world);
  const named = await stillNamed(world, names);
  const told = new Map([...results.values()].flatMap((one) => one.reloaded.map((id) => [id, one] as const)));
  return [...results].map(([certificate, result]) => ({
    certificate,
    dryRun: false,
    ...leftOf(certificate),
    ...result,
    reverted: [
      ...result.reverted,
      ...goneWith(servedBy.get(certificate) ?? [], result, told),
      ...result.reloaded.flatMap((id) => after.plain.get(id) ?? []),
    ],
    findings: [
      ...result.findings,
      ...result.reloaded.flatMap((id) => after.lost.get(id) ?? []),
      ...(named.get(certificate) ?? []),
      ...(certificate === names[0] ? open : []),
    ],
  }));
};

/** Installations that have something of these. */
const changing = (world: World, names: readonly string[], open: readonly HostEvent[]): ReadonlySet<string> =>
  new Set([
    ...names.flatMap((name) => Object.keys(readableState(world, name)?.deployments ?? {})),
    ...open.flatMap(({ certificate, change }) =>
      change && names.includes(certificate ?? "") ? [change.installation] : [],
    ),
  ]);

/** A name that is served now. */
const firstNameOf = (world: World, names: readonly string[]): string => {
  for (const name of names) {
    const state = readableState(world, name);
    const live = state && liveGeneration(world, name, state);
    if (live?.names[0] !== undefined) return live.names[0];
  }
  return "localhost";
};

/** What a server has for several certificates is told with one of them; of the others, that they went along. */
const goneWith = (
  ids: readonly string[],
  mine: RevertedSettings,
  told: ReadonlyMap<string, RevertedSettings>,
): readonly string[] => {
  const isTold = (id: string): boolean => mine.reverted.some((what) => what.startsWith(`${id}: `));
  return ids
    .filter((id) => told.has(id) && told.get(id) !== mine && !isTold(id))
    .map((id) => `${id}: serves it no more`);
};

/** Where the configuration cannot be read, nobody can tell. */
const leftThere = async (world: World): Promise<(name: string) => Pick<Removal, "left">> => {
  const read = await unlessFailure(() => world.config.read());
  const configured = read instanceof Failure ? undefined : new Set(read?.certificates.map(({ name }) => name));
  return (name) => {
    const state = configured === undefined || configured.has(name) ? undefined : readableState(world, name);
    if (!state) return {};
    const generation = liveGeneration(world, name, state) ?? targetOf(state);
    const folder = join(world.store.dir, "certificates", name);
    return { left: { folder, ...(generation ? { again: setupAgain(name, generation) } : {}) } };
  };
};

const planned = (
  names: readonly string[],
  inForce: readonly HostEvent[],
  dangers: ReadonlyMap<string, readonly Finding[]>,
): readonly Removal[] => {
  const open = inForce.toReversed();
  return names.map((name) => {
    const mine = open.filter(({ certificate }) => certificate === name);
    const reverted: string[] = [];
    const tell = netReverts();
    const isCovered = cover();
    for (const { change } of mine)
      if (change && !isCovered(change.installation, change.change))
        tell(reverted, change.installation, change.change, describeRevert(change.change, false));
    return { certificate: name, dryRun: true, reverted, kept: [], reloaded: [], findings: dangers.get(name) ?? [] };
  });
};
