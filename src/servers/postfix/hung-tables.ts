// A table that did not answer in time is not asked again in the same run: each question would cost half a minute.
import { Failure } from "../../domain/failure.ts";
import type { RunProgram } from "../../system/run.ts";

/** The same, but for `postmap -c DIR -q KEY MAP` of a map that failed before: that fails at once, with the words of then. */
export const withoutHungTables = (run: RunProgram): RunProgram => {
  const hung = new Map<string, Failure>();
  return async (program, args, options) => {
    const asks = program === "postmap" && args[2] === "-q";
    const table = JSON.stringify([args[1], args[4]]);
    const before = asks ? hung.get(table) : undefined;
    if (before) throw before;
    try {
      return await run(program, args, options);
    } catch (failure) {
      if (asks && failure instanceof Failure) hung.set(table, failure);
      throw failure;
    }
  };
};
