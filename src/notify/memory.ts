// notified.json: what is open, what each channel has told, when the last run was. 0600, replaced whole.
import { join } from "node:path";
import type { Memory } from "../usecases/notify-tools.ts";
import { readTextIfPresent, writeFileAtomic } from "../system/files.ts";

const schema = "mailcert.notified/1";

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isCause = (value: unknown): boolean =>
  isRecord(value) &&
  ["check", "certificate", "entry", "severity", "message", "since"].every((key) => typeof value[key] === "string");

const isTold = (value: unknown): boolean =>
  isRecord(value) &&
  isCause(value["cause"]) &&
  typeof value["urgency"] === "number" &&
  typeof value["at"] === "string" &&
  ["string", "undefined"].includes(typeof value["over"]);

const every = (value: unknown, is: (one: unknown) => boolean): boolean =>
  isRecord(value) && Object.values(value).every(is);

const isMemory = (value: unknown): value is Memory & { readonly schema: string } =>
  isRecord(value) &&
  value["schema"] === schema &&
  every(value["causes"], isCause) &&
  every(value["told"], (told) => every(told, isTold)) &&
  ["string", "undefined"].includes(typeof value["heard"]) &&
  [value["lastRun"], value["lastSuccess"]].every(
    (date) => date === undefined || (typeof date === "string" && !Number.isNaN(Date.parse(date))),
  );

export const createMemory = (stateDir: string) => {
  const path = join(stateDir, "notified.json");
  return {
    /** One that is damaged, or of another mailcert, is as none: everything that is open is told once more. */
    read: async (): Promise<Memory> => {
      const text = await readTextIfPresent(path);
      try {
        const value: unknown = JSON.parse(text ?? "");
        if (isMemory(value)) return value;
      } catch {
        // As none.
      }
      return { causes: {}, told: {} };
    },
    write: (memory: Memory): Promise<void> =>
      writeFileAtomic(path, `${JSON.stringify({ ...memory, schema }, undefined, 1)}\n`, { mode: 0o600 }),
  };
};
