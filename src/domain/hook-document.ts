// What a hook reads on its standard input: docs/schema/hook.json. It has paths of keys, never a key.
import type { HookServer, OwedHook } from "../store/store.ts";
import type { SlotPaths } from "../servers/server.ts";
import type { HookEvent } from "./hook.ts";
import type { Slot } from "./keys.ts";

export interface HookFacts {
  readonly event: HookEvent;
  readonly certificate: string;
  readonly names: readonly string[];
  /** What is to be live, or is; absent: nothing was issued. */
  readonly generation?: number;
  /** What was live before, where it is another one. */
  readonly previous?: number;
  /** ISO date at which `generation` ends. */
  readonly notAfter?: string;
  readonly paths: Readonly<Partial<Record<Slot, SlotPaths>>>;
  readonly servers: readonly HookServer[];
  /** What the deployment came to; absent before it. */
  readonly told?: OwedHook["told"];
  readonly host: string;
  readonly run: string;
  /** ISO date of this call. */
  readonly at: string;
  /** 1, and more where this very call failed before. */
  readonly attempt: number;
}

export const hookDocument = ({ told, ...facts }: HookFacts): object => ({
  schema: "mailcert.hook/1",
  ...facts,
  ...(told ? { servers: told.servers, outcome: told.outcome } : {}),
  findings: told?.findings ?? [],
  ...(told?.error ? { error: told.error } : {}),
});
