// The log of changes made to this host, oldest first, and its JSON twin.
import type { HostEvent } from "../store/store.ts";
import { minute } from "./dates.ts";

export const logText = (events: readonly HostEvent[]): string => {
  if (events.length === 0) return "nothing was changed on this host yet";
  return events
    .map((event) => {
      const certificate = event.certificate === undefined ? "" : `${event.certificate}: `;
      return `${minute(new Date(event.at))}  run ${event.run}  ${certificate}${event.what}${event.undo === undefined ? "" : `\n    undo: ${event.undo}`}`;
    })
    .join("\n");
};

export const logDocument = (events: readonly HostEvent[]): object => ({ schema: "mailcert.log/1", ok: true, events });
