// What hooks and notifications work with on the real host. A part of compose.ts, loaded when one is configured.
import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import type { Host } from "./cli/host.ts";
import { channelsOf } from "./domain/notify-settings.ts";
import type { RunProgram } from "./system/run.ts";
import type { HookTools } from "./usecases/hook-tools.ts";
import type { NotifyTools } from "./usecases/notify-tools.ts";

export const openHooks = async (run: RunProgram): Promise<HookTools> => {
  const { checkHook, createHookRunner } = await import("./system/hook-program.ts");
  return { hostName: hostname(), run: createHookRunner(run), check: checkHook };
};

export const openNotifying = async (
  stateDir: string,
  run: RunProgram,
  { version, env }: Pick<Host, "version" | "env">,
): Promise<NotifyTools> => {
  // As systemd gives it to what it starts.
  const { INVOCATION_ID: invocation } = env;
  const [{ channels }, { createMemory }] = await Promise.all([
    import("./notify/index.ts"),
    import("./notify/memory.ts"),
  ]);
  const deps = { run, userAgent: `mailcert/${version}`, randomId: () => randomBytes(12).toString("hex") };
  return {
    hostName: hostname(),
    ...(invocation !== undefined && /^[0-9a-f]{32}$/.test(invocation) ? { invocation } : {}),
    memory: createMemory(stateDir),
    open: (settings) =>
      Promise.all(
        channelsOf(settings).map(async (name) => ({ name, channel: (await channels[name].load())(settings, deps) })),
      ),
  };
};
