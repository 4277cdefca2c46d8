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

/** What stands after so many lines of a log. */
interface Fold {
  /** Lines that were gone through, and the last of them. */
  read: number;
  last: HostEvent | undefined;
  /** By place in the log. */
  readonly open: Map<number, HostEvent>;
  /** How many of them are the same change, and where those of one certificate are. */
  readonly alike: Map<string, number>;
  readonly places: Map<string, number[]>;
  /** `open` as it was told last. */
  told: readonly HostEvent[] | undefined;
}

/** By the first line of a log: it only grows, and what five hundred certificates add to it in one run is gone through once. */
const folds = new WeakMap<HostEvent, Fold>();

const begun = (): Fold => ({
  read: 0,
  last: undefined,
  open: new Map(),
  alike: new Map(),
  places: new Map(),
  told: undefined,
});

/** The changes that are still in force, of every certificate, oldest first. */
export const changesInForce = (events: readonly HostEvent[]): readonly HostEvent[] => {
  const [first] = events;
  if (first === undefined) return [];
  const known = folds.get(first);
  // An earlier state of it, a part, or another log that begins with the same line, is gone through by itself.
  const grown = known && known.read <= events.length && events[known.read - 1] === known.last ? known : begun();
  if (grown.read < events.length) goOn(grown, events);
  if (!known || grown.read >= known.read) folds.set(first, grown);
  return (grown.told ??= [...grown.open.values()]);
};

const goOn = (fold: Fold, events: readonly HostEvent[]): void => {
  const { open, alike, places } = fold;
  for (let place = fold.read; place < events.length; place += 1) {
    const event = events[place];
    if (event?.certificate === undefined || !event.change) continue;
    const text = textOf(event);
    const own = `${event.certificate} ${text}`;
    const count = alike.get(text) ?? 0;
    if (event.reverts) {
      const last = places.get(own)?.pop();
      if (last === undefined) continue;
      open.delete(last);
      alike.set(text, count - 1);
    } else if (count === 0 || !isOnce(event.change.change)) {
      open.set(place, event);
      alike.set(text, count + 1);
      const before = places.get(own);
      if (before) before.push(place);
      else places.set(own, [place]);
    } else continue;
    fold.told = undefined;
  }
  fold.read = events.length;
  fold.last = events.at(-1);
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
