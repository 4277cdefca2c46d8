// What hooks and notifications work with on the real host. A part of compose.ts, loaded when one is configured.
import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { channelsOf } from "./domain/notify-settings.ts";
import type { RunProgram } from "./system/run.ts";
import type { HookTools } from "./usecases/hook-tools.ts";
import type { NotifyTools } from "./usecases/notify-tools.ts";

export const openHooks = async (run: RunProgram): Promise<HookTools> => {
  const { checkHook, createHookRunner } = await import("./system/hook-program.ts");
  return { hostName: hostname(), run: createHookRunner(run), check: checkHook };
};

export const openNotifying = async (stateDir: string, run: RunProgram, version: string): Promise<NotifyTools> => {
  const [{ channels }, { createMemory }] = await Promise.all([
    import("./notify/index.ts"),
    import("./notify/memory.ts"),
  ]);
  const deps = { run, userAgent: `mailcert/${version}`, randomId: () => randomBytes(12).toString("hex") };
  return {
    hostName: hostname(),
    memory: createMemory(stateDir),
    open: (settings) =>
      Promise.all(
        channelsOf(settings).map(async (name) => ({ name, channel: (await channels[name].load())(settings, deps) })),
      ),
  };
};
