// The log of changes made to this host, oldest first, a block for each run; and its JSON twin.
import { groupBy } from "../domain/group-by.ts";
import type { HostEvent } from "../store/store.ts";
import { minute } from "./dates.ts";

/** Changes that follow each other and are taken back by the same command share its line. */
const runLines = (events: readonly HostEvent[]): readonly string[] =>
  events.flatMap((event, index) => {
    const { certificate, what, undo } = event;
    const next = events[index + 1];
    const last = next === undefined || next.undo !== undo;
    return [
      `  ${certificate === undefined ? "" : `${certificate}: `}${what}`,
      ...(undo !== undefined && last ? [`    undo: ${undo}`] : []),
    ];
  });

/** `name`: the certificate that was asked for, where it was one. */
export const logText = (events: readonly HostEvent[], name?: string): string => {
  if (events.length === 0) return `nothing was changed on this host ${name === undefined ? "" : `for ${name} `}yet`;
  const runs = [...groupBy(events, ({ run }) => run).values()];
  return runs
    .map((of) => {
      const [first] = of;
      const head = first === undefined ? "" : `${minute(new Date(first.at))}  ${first.command}  (run ${first.run})`;
      return [head, ...runLines(of)].join("\n");
    })
    .join("\n\n");
};

export const logDocument = (events: readonly HostEvent[]): object => ({ schema: "mailcert.log/1", ok: true, events });
