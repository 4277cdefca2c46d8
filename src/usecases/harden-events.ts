// How far a change of TLS policy got, as the log of changes tells it: a run that was cut short is followed by one that finishes it or takes it back.
import type { Change } from "../servers/server.ts";
import type { PolicyName } from "../domain/tls-policy.ts";
import type { HostEvent } from "../store/store.ts";
import { changesInForce } from "./changes-in-force.ts";
import type { World } from "./world.ts";

/** `none`: what mailcert set goes. */
export type PolicyAim = PolicyName | "none";

export const begun = (id: string, aim: PolicyAim): string => `${id}: setting the TLS policy ${aim}`;
export const settled = (id: string, how: "in effect" | "taken back" | "taken out"): string =>
  `${id}: TLS policy ${how}`;

/** How each change of it is taken back. */
export const undoPolicy = "mailcert deploy --harden=none";

/** The first one that was begun after the last that came to an end; -1: none is open. */
const firstOpen = (events: readonly HostEvent[], id: string): number => {
  const ended = events.findLastIndex(({ what }) => what.startsWith(`${id}: TLS policy `));
  return events.findIndex(({ what }, index) => index > ended && what.startsWith(`${id}: setting the TLS policy `));
};

/** Begun, and neither seen in effect nor taken back since. */
export const wasLeftUndone = (events: readonly HostEvent[], id: string): boolean => firstOpen(events, id) >= 0;

/** What of TLS policy stands at a server, oldest first. */
export const policyInForce = (events: readonly HostEvent[], id: string): readonly HostEvent[] =>
  changesInForce(events).filter(({ policy, change }) => policy === true && change?.installation === id);

export const changesOf = (events: readonly HostEvent[]): readonly Change[] =>
  events.flatMap(({ change }) => (change ? [change.change] : []));

/** What of it was set since it was begun, oldest first. */
export const changesSinceBegun = (events: readonly HostEvent[], id: string): readonly HostEvent[] => {
  const first = firstOpen(events, id);
  const since = new Set(first < 0 ? [] : events.slice(first));
  return policyInForce(events, id).filter((event) => since.has(event));
};

/** All that was set since it was begun stands there no more: what is missing is that the server reads that. */
export const wasTakenBack = (events: readonly HostEvent[], id: string): boolean => {
  const first = firstOpen(events, id);
  const back = events
    .slice(first)
    .some(({ policy, reverts, change }) => policy === true && reverts === true && change?.installation === id);
  return first >= 0 && back && changesSinceBegun(events, id).length === 0;
};

export interface UnfinishedPolicy {
  readonly id: string;
  readonly aim: PolicyAim;
  /** Under which it is written down. */
  readonly certificate: string;
}

export const unfinishedPolicies = (events: readonly HostEvent[]): readonly UnfinishedPolicy[] => {
  const last = new Map<string, UnfinishedPolicy>();
  for (const { what, certificate = "" } of events) {
    const match = /^(.+): setting the TLS policy (intermediate|modern|none)$/.exec(what);
    const [, id, aim] = match ?? [];
    if (id !== undefined && wasLeftUndone(events, id)) last.set(id, { id, aim: aim as PolicyAim, certificate });
  }
  return [...last.values()];
};

/** Nothing is under way any more where the log says so of each server. */
export const clearMark = async (world: World): Promise<void> => {
  if (unfinishedPolicies(await world.store.events()).length === 0) await world.store.markPolicy(false);
};
