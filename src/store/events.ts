// events.jsonl: every change made to this host, one JSON object a line, only ever appended to.
import { type FileHandle, open, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { holdsKey } from "../domain/text.ts";
import { appendLine } from "../system/create-once.ts";
import { ensureFolder, fileFailure } from "../system/files.ts";
import type { HostEvent, Store } from "./store.ts";

type Part = Pick<Store, "record" | "events">;

interface Known {
  readonly ino: number;
  /** Bytes that were read. */
  readonly size: number;
  readonly events: readonly HostEvent[];
}

const readFrom = async (path: string, start: number): Promise<Buffer> => {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, "r");
    const parts: Buffer[] = [];
    for (let at = start; ;) {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(1 << 16), 0, 1 << 16, at);
      if (bytesRead === 0) return Buffer.concat(parts);
      parts.push(buffer.subarray(0, bytesRead));
      at += bytesRead;
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return Buffer.alloc(0);
    throw fileFailure(error, "read", path);
  } finally {
    await handle?.close();
  }
};

const parsed = (text: string): readonly HostEvent[] =>
  text.split("\n").flatMap((line) => {
    if (line.trim() === "") return [];
    try {
      return [JSON.parse(line) as HostEvent];
    } catch {
      // Half a line from a killed run: the step it announced is repeated by the next run, which records it again.
      return [];
    }
  });

export const createEvents = (path: string): Part => {
  /** A run asks many times. */
  let known: Known | undefined;
  return {
    record: async (event) => {
      const line = JSON.stringify(event);
      if (holdsKey(line)) throw new Error("an event must never hold a key");
      await ensureFolder(dirname(path), 0o755);
      await appendLine(path, line);
    },

    events: async () => {
      const found = await stat(path).catch(() => undefined);
      const { ino = 0, size = 0 } = found ?? {};
      if (known && known.ino === ino && known.size === size) return known.events;
      // Only ever appended to: what was read is what stands there.
      const from = known && known.ino === ino && known.size < size ? known : { ino, size: 0, events: [] };
      const added = await readFrom(path, from.size);
      // Half a line may become a whole one: it is read again.
      const whole = added.lastIndexOf(0x0a) + 1;
      const events = [...from.events, ...parsed(added.subarray(0, whole).toString("utf8"))];
      known = { ino, size: from.size + whole, events };
      return whole === added.length ? events : [...events, ...parsed(added.subarray(whole).toString("utf8"))];
    },
  };
};
