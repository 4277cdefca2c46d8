// A removal is proven, too: every port that gave a TLS handshake before it is looked at again after the reload.
import { type EntryPoint, entryUrl } from "../domain/entry-point.ts";
import { Failure } from "../domain/failure.ts";
import { copies } from "../domain/file-target.ts";
import type { Finding } from "../domain/finding.ts";
import { shellWord } from "../domain/shell-word.ts";
import type { Deployable } from "./entries.ts";
import { type ProofTarget, observeBaseline, proofTargets } from "./prove.ts";
import type { Return } from "./removal-dangers.ts";
import { parallel } from "./parallel.ts";
import { unlessFailure } from "./unless-failure.ts";
import type { World } from "./world.ts";

/** A port that gave a handshake, and the leaf that it had. */
export interface PortBefore {
  readonly target: ProofTarget;
  readonly leaf: string;
}

/** Those that run, with the listeners that their settings have now. */
const runningOf = async (world: World, ids: ReadonlySet<string>): Promise<readonly Deployable[]> => {
  const found: Deployable[] = [];
  for (const [kind, server] of Object.entries(await world.servers())) {
    const installations = kind === copies ? [] : await unlessFailure(() => server.detect());
    for (const installation of installations instanceof Failure ? [] : installations) {
      if (!ids.has(installation.id) || !installation.running) continue;
      const listeners = await unlessFailure(() => server.listeners(installation));
      if (listeners instanceof Failure) continue;
      found.push({ server, installation, listeners });
    }
  }
  return found;
};

/** `ids`: installations that are about to change. One handshake each, with the name that goes first. */
export const portsBefore = async (
  world: World,
  ids: ReadonlySet<string>,
  name: string,
): Promise<readonly PortBefore[]> => {
  const found = (await runningOf(world, ids)).map((one) => ({
    ...one,
    listeners: one.listeners.filter(({ ownCertificate }) => ownCertificate === undefined),
  }));
  const targets = proofTargets(found, [name], ["ecdsa"], world.localAddresses(), "one");
  const seen = await observeBaseline(world, targets, name);
  return seen.flatMap(({ target, baseline: { leaf } }) => (leaf === undefined ? [] : [{ target, leaf }]));
};

/** Ports that servers which run have TLS on by their settings: one that has none there any more (`ssl = no`) was left as it was found. */
const withTls = async (world: World, ids: ReadonlySet<string>): Promise<ReadonlyMap<string, ReadonlySet<number>>> =>
  new Map(
    (await runningOf(world, ids)).map(({ installation, listeners }) => [
      installation.id,
      new Set(listeners.flatMap(({ port, tlsOff }) => (tlsOff === undefined ? [port] : []))),
    ]),
  );

/** As proof does: so long a server that was reloaded may take for its first handshake. */
const patienceMs = 8_000;

/** So long one that was not told yet may go on with what it has: Postfix recycles its processes. */
const lagMs = 5_000;

interface Lost {
  readonly entry: EntryPoint & { readonly address: string };
  /** It offers no STARTTLS any more. */
  readonly off: boolean;
  readonly message: string;
}

const lostAt = async (world: World, { target, leaf }: PortBefore): Promise<Lost | undefined> => {
  const started = world.elapsed();
  for (let pause = 100; ; pause = Math.min(pause * 2, 2_000)) {
    const [seen] = await observeBaseline(world, [target], target.entry.host);
    if (!seen) return undefined;
    const { baseline, observation } = seen;
    const waited = world.elapsed() - started;
    if (baseline.leaf !== undefined && (baseline.leaf !== leaf || waited >= lagMs)) return undefined;
    if (baseline.leaf === undefined && (baseline.plain || waited >= patienceMs)) {
      const message = observation.error?.message ?? "no TLS handshake";
      return { entry: target.entry, off: baseline.plain === true, message };
    }
    await world.sleep(pause, world.signal);
  }
};

export interface PortsAfter {
  /** By installation: ports that have no TLS of their own settings either, one sentence. */
  readonly plain: ReadonlyMap<string, string>;
  /** By installation: ports that lost it. */
  readonly lost: ReadonlyMap<string, Finding>;
}

/** `reloaded`: installations that read what is left. `name`: a certificate to deploy again. */
export const portsAfter = async (
  world: World,
  before: readonly PortBefore[],
  { reloaded, returns, name }: { reloaded: ReadonlySet<string>; returns: ReadonlyMap<string, Return>; name: string },
): Promise<PortsAfter> => {
  const asked = before.filter(({ target }) => reloaded.has(target.installation));
  if (asked.length > 0) world.progress?.("connecting to each port, to see what is served now");
  const seen = await parallel(asked, 12, async (one) => ({
    id: one.target.installation,
    lost: await lostAt(world, one),
  }));
  const plain = new Map<string, string>();
  const lost = new Map<string, Finding>();
  const unlike = new Set(seen.flatMap((one) => (one.lost && !one.lost.off ? [one.id] : [])));
  const offered = unlike.size === 0 ? new Map<string, ReadonlySet<number>>() : await withTls(world, unlike);
  for (const id of reloaded) {
    const mine = seen.flatMap((one) => (one.id === id && one.lost ? [one.lost] : []));
    const former = returns.get(id);
    // Where its own settings name no certificate, or have no TLS at that port, there was none before us.
    const isAsBefore = ({ off, entry }: Lost): boolean =>
      off || offered.get(id)?.has(entry.port) === false || (former?.any === false && former.troubles.length === 0);
    const ports = (some: readonly Lost[]): string => [...new Set(some.map(({ entry }) => entry.port))].join(", ");
    const bare = mine.filter(isAsBefore);
    if (bare.length > 0)
      plain.set(id, `${id}: no TLS any more on port ${ports(bare)}: its own settings have none there`);
    const broken = mine.filter((one) => !isAsBefore(one));
    const [first] = broken;
    if (!first) continue;
    lost.set(id, {
      check: "removal-broken",
      severity: "fault",
      message: `${id} gives no TLS handshake any more on port ${ports(broken)}, now that it has its own settings again (${entryUrl(first.entry)} at ${first.entry.address}: ${first.message})`,
      hint: `set a certificate that it can use by hand; or put mailcert's back: mailcert deploy ${shellWord(name)}`,
    });
  }
  return { plain, lost };
};
