// Hooks that are scripted: what each was told, and how it ends.
import { Failure } from "../../src/domain/failure.ts";
import type { Hooks } from "../../src/domain/hook.ts";
import type { HookTools } from "../../src/usecases/hook-tools.ts";
import { complaints } from "../docs/schemas.ts";

export interface HookCall {
  readonly event: string;
  readonly certificate: string;
  readonly generation?: number;
  readonly previous?: number;
  readonly outcome?: string;
  readonly attempt: number;
  readonly findings: readonly { readonly check: string }[];
  readonly servers: readonly { readonly id: string; readonly reloaded: boolean }[];
  readonly error?: { readonly message: string };
}

export const allHooks: Hooks = {
  before_deploy: { run: ["/usr/local/sbin/before"], timeout: 60 },
  after_deploy: { run: ["/usr/local/sbin/after", "now"], timeout: 60 },
  on_failure: { run: ["/usr/local/sbin/failed"], timeout: 60 },
};

/** Every document is held to its schema. `ends` decides by the event: a message fails it, an Error kills the run. */
type End = string | Error | undefined;

export interface ScriptedHooks {
  readonly calls: HookCall[];
  readonly ends: Record<string, End>;
  /** Decides by the whole call, where one is given. */
  endOf: ((call: HookCall) => End) | undefined;
  readonly tools: HookTools;
  /** What was called since the last time. */
  readonly taken: () => readonly string[];
}

export const scriptedHooks = (): ScriptedHooks => {
  const calls: HookCall[] = [];
  const ends: Record<string, End> = {};
  const tools: HookTools = {
    hostName: "mail.example.org",
    check: async () => undefined,
    run: async (hook, input) => {
      const call = JSON.parse(input) as HookCall;
      const wrong = complaints(call);
      if (wrong.length > 0) throw new Error(wrong.join("\n"));
      if (input.includes("PRIVATE KEY")) throw new Error("a key was told");
      calls.push(call);
      const end = hooks.endOf === undefined ? ends[call.event] : hooks.endOf(call);
      if (end instanceof Error) throw end;
      if (end !== undefined) throw new Failure("unavailable", `${hook.run[0] ?? ""} ended with status 1: ${end}`);
    },
  };
  const hooks: ScriptedHooks = {
    calls,
    ends,
    endOf: undefined,
    tools,
    taken: (): readonly string[] =>
      calls.splice(0).map(({ event, generation, attempt }) => `${event} ${generation ?? "-"} ${attempt}`),
  };
  return hooks;
};
