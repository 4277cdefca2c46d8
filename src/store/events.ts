// events.jsonl: every change made to this host, one JSON object a line, only ever appended to.
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { dirname } from "node:path";
import { ensureFolder, fileFailure, readTextIfPresent } from "../system/files.ts";
import type { HostEvent, Store } from "./store.ts";

type Part = Pick<Store, "record" | "events">;

export const createEvents = (path: string): Part => ({
  record: async (event) => {
    const line = `${JSON.stringify(event)}\n`;
    if (line.includes("PRIVATE KEY")) throw new Error("an event must never hold a key");
    await ensureFolder(dirname(path), 0o755);
    try {
      const handle = await open(path, constants.O_RDWR | constants.O_APPEND | constants.O_CREAT, 0o600);
      try {
        // A run killed in the middle of a line must not swallow this one.
        const { size } = await handle.stat();
        const last = size === 0 ? "\n" : (await handle.read(Buffer.alloc(1), 0, 1, size - 1)).buffer.toString();
        await handle.appendFile(last === "\n" ? line : `\n${line}`);
        await handle.sync();
      } finally {
        await handle.close();
      }
    } catch (error) {
      throw fileFailure(error, "write", path);
    }
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
