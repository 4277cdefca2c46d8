// The log of changes read: which changes of servers' settings still stand, and where.
import type { Change } from "../servers/server.ts";
import type { HostEvent } from "../store/store.ts";

/** A text per change, once: the log of a year is read many times in a run. */
const texts = new WeakMap<HostEvent, string>();

const textOf = (event: HostEvent): string => {
  const known = texts.get(event) ?? JSON.stringify(event.change);
  texts.set(event, known);
  return known;
};

/** Copies are made anew at each renewal, and taken back once; so is a file of ours that a killed run did not come to write. */
const isOnce = (change: Change): boolean =>
  change.kind === "copies" || (change.kind === "file" && change.shared === true);

/** Of a log that has not grown since: five hundred certificates ask the same. */
const folded = new WeakMap<readonly HostEvent[], readonly HostEvent[]>();

/** The changes that are still in force, of every certificate, oldest first. */
export const changesInForce = (events: readonly HostEvent[]): readonly HostEvent[] => {
  const known = folded.get(events) ?? fold(events);
  folded.set(events, known);
  return known;
};

const fold = (events: readonly HostEvent[]): readonly HostEvent[] => {
  /** By place in `events`. */
  const open = new Map<number, HostEvent>();
  /** How many of them are the same change, and where those of one certificate are. */
  const alike = new Map<string, number>();
  const places = new Map<string, number[]>();
  for (const [place, event] of events.entries()) {
    if (event.certificate === undefined || !event.change) continue;
    const text = textOf(event);
    const own = `${event.certificate} ${text}`;
    const count = alike.get(text) ?? 0;
    if (event.reverts) {
      const last = places.get(own)?.pop();
      if (last === undefined) continue;
      open.delete(last);
      alike.set(text, count - 1);
      continue;
    }
    if (count > 0 && isOnce(event.change.change)) continue;
    open.set(place, event);
    alike.set(text, count + 1);
    places.set(own, [...(places.get(own) ?? []), place]);
  }
  return [...open.values()];
};

/** Which setting a change is about. */
export const placeOfChange = (change: Change): string => {
  switch (change.kind) {
    case "file":
      return `file ${change.path}`;
    case "line":
      return `line ${change.path} ${change.line}`;
    case "parameter":
      return `parameter ${change.parameter}`;
    case "service-parameter":
      return `parameter ${change.service} ${change.parameter}`;
    case "copies":
      return `copies ${change.files.map(({ path }) => path).join(" ")}`;
  }
};

/** What a change left there. */
export const valueOfChange = (change: Change): string | undefined =>
  change.kind === "file" ? change.content : change.kind === "copies" ? undefined : change.after;
