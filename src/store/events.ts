// events.jsonl: every change made to this host, one JSON object a line, only ever appended to.
import { dirname } from "node:path";
import { holdsKey } from "../domain/text.ts";
import { appendLine } from "../system/create-once.ts";
import { ensureFolder, readTextIfPresent } from "../system/files.ts";
import type { HostEvent, Store } from "./store.ts";

type Part = Pick<Store, "record" | "events">;

export const createEvents = (path: string): Part => ({
  record: async (event) => {
    const line = JSON.stringify(event);
    if (holdsKey(line)) throw new Error("an event must never hold a key");
    await ensureFolder(dirname(path), 0o755);
    await appendLine(path, line);
  },

  events: async () => {
    const text = (await readTextIfPresent(path)) ?? "";
    const events: HostEvent[] = [];
    for (const line of text.split("\n")) {
      if (line.trim() === "") continue;
      try {
        events.push(JSON.parse(line) as HostEvent);
      } catch {
        // Half a line from a killed run: the step it announced is repeated by the next run, which records it again.
      }
    }
    return events;
  },
});
