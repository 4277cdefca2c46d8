// Hints name a setting by its key and, in parentheses behind it, by its option: `webroot: DIR (--webroot DIR)`. What the running command lacks goes.
import { Failure } from "./failure.ts";

/** `options`: what the running command takes, as it is typed (`--webroot`). A timer's run has the configuration alone. */
export const fittingHint = (hint: string, options: ReadonlySet<string>): string =>
  hint.replaceAll(/ \((--[a-z][a-z-]*)[^()]*\)/g, (written, option: string) => (options.has(option) ? written : ""));

/** For what outlives the run, or is shown by several commands. */
export const inConfiguration = (hint: string): string => fittingHint(hint, new Set());

export const fittingFailure = (failure: Failure, options: ReadonlySet<string>): Failure => {
  const { kind, message, hints, facts, stack } = failure;
  const fitting = new Failure(kind, fittingHint(message, options), {
    hints: hints.map((hint) => fittingHint(hint, options)),
    ...(facts === undefined ? {} : { facts }),
    cause: failure.cause,
  });
  return Object.assign(fitting, { stack });
};
