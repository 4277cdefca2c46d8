// What the configuration has this host run or write around a run, and what of it would fail: hooks, programs, those who are told.
import type { Config } from "../domain/certificate-config.ts";
import { Failure } from "../domain/failure.ts";
import { type Hook, hooksOf, usualHookSeconds } from "../domain/hook.ts";
import { unlessFailure } from "./unless-failure.ts";
import type { World } from "./world.ts";

/** A thousand entries would say the same thing a thousand times. */
export const mostOfAKind = 5;

/** What a run would fail at. */
export interface Trouble {
  /** Whose it is: `before_deploy`, a certificate's name. */
  readonly what: string;
  /** The text of the configuration that it is about. */
  readonly at: string;
  readonly failure: Failure;
}

/** Programs that root would not run, each named once: hooks, what is told of new copies, what fills a database. */
export const programTroubles = async (world: World, { certificates, sniRows }: Config): Promise<readonly Trouble[]> => {
  // Its arguments count: one of them can be the script that an interpreter runs.
  const programs = new Map<string, readonly [string, Hook]>();
  const add = (what: string, hook: Hook): void => {
    const command = hook.run.join("\0");
    if (!programs.has(command)) programs.set(command, [what, hook]);
  };
  for (const certificate of certificates) {
    for (const [event, hook] of Object.entries(hooksOf(certificate))) add(event, hook);
    for (const { name, reload } of certificate.files ?? [])
      // One without a path is looked for where programs are, at that time.
      if (reload?.[0]?.startsWith("/")) add(`files: ${name}`, { run: reload, timeout: usualHookSeconds });
  }
  if (sniRows) add("postfix_sni_rows", sniRows);
  if (programs.size === 0) return [];
  const { check } = await world.hooks();
  const troubles: Trouble[] = [];
  const told = new Set<string>();
  for (const [what, hook] of [...programs.values()].slice(0, 1000)) {
    if (troubles.length >= mostOfAKind) break;
    const checked = await unlessFailure(() => check(hook));
    if (!(checked instanceof Failure) || told.has(checked.message)) continue;
    told.add(checked.message);
    const at = hook.run.find((word) => word === checked.facts?.["path"]) ?? hook.run[0] ?? "";
    troubles.push({ what, at, failure: checked });
  }
  return troubles;
};

/** Those who are told would not hear of it: each run would end with a fault for that. */
export const toldTroubles = async (world: World, { notify }: Config): Promise<readonly Trouble[]> => {
  if (!notify) return [];
  const troubles: Trouble[] = [];
  for (const { name, channel } of await (await world.notifying()).open(notify)) {
    const checked = await unlessFailure(async () => channel.check?.());
    if (!(checked instanceof Failure)) continue;
    const path = checked.facts?.["path"];
    troubles.push({ what: "notify", at: typeof path === "string" ? path : name, failure: checked });
  }
  return troubles;
};
