// What servers still have of certificates that they should have nothing of: settings of ours that no removal could take back, and pasted ones that name their files.
import { describeChange } from "../domain/describe-change.ts";
import { Failure } from "../domain/failure.ts";
import type { Finding } from "../domain/finding.ts";
import { shellWord } from "../domain/shell-word.ts";
import type { CertificateState } from "../store/store.ts";
import { changesInForce } from "./changes-in-force.ts";
import { finder, goes, sidesOf } from "./sides.ts";
import { stillNamed } from "./still-named.ts";
import { unlessFailure } from "./unless-failure.ts";
import type { World } from "./world.ts";

type Found = Map<string, readonly Finding[]>;

const add = (found: Found, name: string, more: readonly Finding[]): unknown =>
  found.set(name, [...(found.get(name) ?? []), ...more]);

/** Those that a removal would take back now: it and this go by the same log. What a server has not read is told by its own finding. */
const openOf = async (world: World, out: readonly CertificateState[]): Promise<Found> => {
  const found: Found = new Map();
  const open = changesInForce(await world.store.events());
  const unread = new Map(out.map(({ name, unread: ids = [] }) => [name, new Set(ids)]));
  const names = new Set(unread.keys());
  if (!open.some(({ certificate = "" }) => names.has(certificate))) return found;
  const servers = await world.servers();
  const installations = finder(servers);
  const sides = await sidesOf(world, servers, installations, [...names], open);
  for (const event of open) {
    const { certificate: name = "", change } = event;
    const side = change && sides.get(change.installation);
    const told = unread.get(name);
    if (!change || !side || !told || told.has(change.installation)) continue;
    if (!goes(event, { ...side, all: false }, names, servers[change.server])) continue;
    // A program that is gone for good reads nothing.
    if ((await installations(event)) === undefined) continue;
    told.add(change.installation);
    add(found, name, [
      {
        check: "deploy-unread",
        severity: "fault",
        message: `${change.installation} still has settings of mailcert's for ${name}: ${describeChange(change.change)}`,
        hint: `mailcert deploy --remove ${shellWord(name)}`,
      },
    ]);
  }
  return found;
};

/**
 * `out`: taken out, or not in the configuration and deployed nowhere. `forgettable`: those of them whose folder somebody is told how to remove.
 * By certificate. Who may not read the log, or ask a server, is told nothing of it.
 */
export const leftInServers = async (
  world: World,
  out: readonly CertificateState[],
  forgettable: readonly CertificateState[],
): Promise<ReadonlyMap<string, readonly Finding[]>> => {
  const open = await unlessFailure(() => openOf(world, out));
  const found: Found = open instanceof Failure ? new Map() : open;
  const live = forgettable.filter(({ name }) => world.store.liveNumber(name) !== undefined);
  const names = live.map(({ name }) => name);
  for (const [name, findings] of names.length === 0 ? [] : await stillNamed(world, names)) {
    // Where nobody took it out, somebody may want it to be so.
    const meant = !live.some((one) => one.name === name && one.parked);
    add(found, name, meant ? findings.map((one) => ({ ...one, severity: "warning" })) : findings);
  }
  return found;
};
