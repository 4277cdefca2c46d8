// Hooks: programs of the admin's own that run around a deployment, as the configuration names them.
import type { CertificateConfig } from "./certificate-config.ts";

/** In the order in which they can come. */
export const hookEvents = ["before_deploy", "after_deploy", "on_failure"] as const;
export type HookEvent = (typeof hookEvents)[number];

export interface Hook {
  /** Absolute path of the program, then its arguments; no shell. */
  readonly run: readonly string[];
  /** Seconds until it is ended. */
  readonly timeout: number;
}

export type Hooks = Readonly<Partial<Record<HookEvent, Hook>>>;

export const usualHookSeconds = 60;
/** The unit of the hourly run is stopped after three hours. */
export const mostHookSeconds = 3600;

/** What holds for a certificate: its own, else those at the top of the configuration, each event by itself. */
export const hooksOf = ({ hooks, inherited }: Pick<CertificateConfig, "hooks" | "inherited">): Hooks =>
  hooks === "none" ? {} : { ...inherited?.hooks, ...hooks };

/** As the configuration spells it. */
export const rawHook = ({ run, timeout }: Hook): Readonly<Record<string, number | readonly string[]>> => ({
  run,
  ...(timeout === usualHookSeconds ? {} : { timeout }),
});

/** The same of all that there are. */
export const rawHooks = (
  hooks: Hooks | "none",
): "none" | Readonly<Record<string, Readonly<Record<string, number | readonly string[]>>>> =>
  hooks === "none"
    ? hooks
    : Object.fromEntries(
        hookEvents.flatMap((event) => {
          const hook = hooks[event];
          return hook === undefined ? [] : [[event, rawHook(hook)] as const];
        }),
      );

/** Whether anything has to be loaded for them. */
export const hasHooks = (certificate: Pick<CertificateConfig, "hooks" | "inherited">): boolean =>
  Object.keys(hooksOf(certificate)).length > 0;
