// The log of changes read: which changes of servers' settings still stand, and where.
import type { Change } from "../servers/server.ts";
import type { HostEvent } from "../store/store.ts";

/** The changes that are still in force, of every certificate, oldest first. */
export const changesInForce = (events: readonly HostEvent[]): readonly HostEvent[] => {
  const open: HostEvent[] = [];
  for (const event of events) {
    if (event.certificate === undefined || !event.change) continue;
    const text = JSON.stringify(event.change);
    if (!event.reverts) {
      // Copies are made anew at each renewal, and taken back once; so is a file of ours that a killed run did not come to write.
      const { change } = event.change;
      const once = change.kind === "copies" || (change.kind === "file" && change.shared === true);
      const again = once && open.some((one) => JSON.stringify(one.change) === text);
      if (!again) open.push(event);
      continue;
    }
    const index = open.findLastIndex(
      (one) => one.certificate === event.certificate && JSON.stringify(one.change) === text,
    );
    if (index >= 0) open.splice(index, 1);
  }
  return open;
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
