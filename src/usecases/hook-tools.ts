// What hooks need of the outside world: how a program of the admin's own is run, and this host's name for it.
import type { Hook } from "../domain/hook.ts";

export interface HookTools {
  readonly hostName: string;
  /**
   * Runs the program to its end with `input` on its standard input.
   * @throws Failure naming the program, with its last words; `try-later` where the run was stopped meanwhile.
   */
  readonly run: (hook: Hook, input: string, signal: AbortSignal) => Promise<void>;
  /** @throws Failure `config` where root would not run it: not there, not executable, or others can change it. */
  readonly check: (hook: Hook) => Promise<void>;
}
