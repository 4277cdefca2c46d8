// What a command file is: a declaration, and one function that reads, does and shows.
import type { Command } from "commander";
import type { Failure } from "../domain/failure.ts";
import type { World } from "../usecases/world.ts";
import type { Host } from "./host.ts";
import type { Output } from "./output.ts";
import type { Completion } from "./takes.ts";

/** The options that every command takes. */
export interface Globals {
  /** As given; undefined: the default file, which may be missing. */
  readonly config: string | undefined;
  readonly state: string;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly dryRun: boolean;
  readonly yes: boolean;
}

export interface Context {
  readonly host: Host;
  readonly globals: Globals;
  /** The command's own arguments and options, as commander parsed them. */
  readonly args: readonly string[];
  readonly options: Readonly<Record<string, unknown>>;
  readonly output: Output;
  /** The same, with hints that name no option which this command lacks (domain/fitting-hint.ts). */
  readonly fitting: (failure: Failure) => Failure;
  /** Wires the adapters together; heavy rooms are loaded when first used. */
  readonly world: () => Promise<World>;
  /** The same anew, for a command that goes round and round. `run`: what went before is the same run (World.run). */
  readonly newWorld: (run?: string) => Promise<World>;
}

/** One of a command's actions, its first argument: `mailcert ca revoke`. */
export interface Action {
  /** One line for the list of actions, and for its own page. */
  readonly summary: string;
  /** Adds its arguments and options to a bare command. An option with the same name in two actions MUST take the same kind of value. */
  readonly declare?: (command: Command) => void;
  /** What its page says behind the options, in lines of at most 80 columns. */
  readonly about?: string;
  /** Whole command lines, the most usual one first. */
  readonly examples: readonly string[];
  readonly statuses: readonly number[];
  run(context: Context): Promise<number>;
}

export interface CommandModule {
  /** It makes the file that --config names; for all others a missing one is a mistake (78). */
  readonly mayMakeConfig?: true;
  /** What shells complete, where the declaration does not say it. */
  readonly completion?: Completion;
  /** Where the first argument says what is to be done: cli/actions.ts makes the rest of the module of them. */
  readonly actions?: Readonly<Record<string, Action>>;
  /** Adds arguments, options and help text to a bare command. MUST be quick and free of I/O. */
  declare(command: Command): void;
  /** Returns the exit status (cli/exit-status.ts); expected failures are thrown as Failure. */
  run(context: Context): Promise<number>;
}

export interface CommandEntry {
  readonly summary: string;
  /** Words behind the name in usage lines, e.g. `<host> [name...]`. */
  readonly load: () => Promise<{ readonly command: CommandModule }>;
}
