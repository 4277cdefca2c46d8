// How far a change of TLS policy got, as the log of changes tells it: a killed run is followed by one that reloads and proves.
import type { PolicyName } from "../domain/tls-policy.ts";
import type { HostEvent } from "../store/store.ts";

export const begun = (id: string, profile: PolicyName): string => `${id}: setting the TLS policy ${profile}`;
export const settled = (id: string, how: "in effect" | "taken back"): string => `${id}: TLS policy ${how}`;

/** The first one that was begun after the last that came to an end; -1: none is open. */
const firstOpen = (events: readonly HostEvent[], id: string): number => {
  const ended = events.findLastIndex(({ what }) => what.startsWith(`${id}: TLS policy `));
  return events.findIndex(({ what }, index) => index > ended && what.startsWith(`${id}: setting the TLS policy `));
};

/** Begun, and neither seen in effect nor taken back since. */
export const wasLeftUndone = (events: readonly HostEvent[], id: string): boolean => firstOpen(events, id) >= 0;

/** What was changed there since, oldest first. */
export const changesSinceBegun = (events: readonly HostEvent[], id: string): readonly HostEvent[] => {
  const first = firstOpen(events, id);
  return first < 0 ? [] : events.slice(first).filter(({ change, reverts }) => change?.installation === id && !reverts);
};
