// `hooks:` of a certificate's entry, or of the whole configuration -> a program for each event, or every problem in it.
import { isMap, isSeq } from "yaml";
import { type Hook, type Hooks, hookEvents, mostHookSeconds, usualHookSeconds } from "../domain/hook.ts";
import { type Field, type Source, type Text, readFields, readTexts, readWhole, reportUnknown } from "./source.ts";
import { isNone, pathOf } from "./values.ts";

const example = "write the program and each argument: [/usr/local/sbin/after-deploy, argument]";

const readRun = (source: Source, field: Field, name: string): readonly string[] | undefined => {
  const texts = readTexts(source, field, name);
  const [program] = texts ?? [];
  if (texts === undefined || program === undefined) return undefined;
  if (!isSeq(field.value) && /\s/.test(program.text)) {
    source.report(program.node, `${name} is run without a shell`, example);
    return undefined;
  }
  const odd = texts.find(({ text }: Text) => text.includes("\0") || text.length > 4000);
  if (odd) source.report(odd.node, `an argument of ${name} has a NUL in it, or is too long`);
  return pathOf(source, program, name) === undefined ? undefined : texts.map(({ text }) => text);
};

const readTimeout = (source: Source, field: Field | undefined, name: string): number => {
  const seconds = readWhole(source, field, `timeout of ${name}`);
  if (seconds === undefined) return usualHookSeconds;
  if (seconds.number >= 1 && seconds.number <= mostHookSeconds) return seconds.number;
  source.report(seconds.node, `timeout of ${name} must be between 1 and ${mostHookSeconds} seconds`);
  return usualHookSeconds;
};

/** `[/program, argument]`, or `{ run: [...], timeout: 90 }`. */
export const readHook = (source: Source, field: Field, name: string): Hook | undefined => {
  if (!isMap(field.value)) {
    const run = readRun(source, field, name);
    return run && { run, timeout: usualHookSeconds };
  }
  const fields = readFields(source, field.value, name);
  if (fields === undefined) return undefined;
  reportUnknown(source, fields, name, ["run", "timeout"]);
  const run = fields.get("run");
  const timeout = readTimeout(source, fields.get("timeout"), name);
  if (run === undefined) {
    source.report(field.key, `${name} names no program`, "write run: [/usr/local/sbin/program, argument]");
    return undefined;
  }
  const words = readRun(source, run, `run of ${name}`);
  return words && { run: words, timeout };
};

/** undefined where there are none. */
export const readHooks = (source: Source, field: Field | undefined): Hooks | undefined => {
  if (field === undefined) return undefined;
  const fields = readFields(source, field.value, "hooks");
  if (fields === undefined) return undefined;
  reportUnknown(source, fields, "hooks", hookEvents);
  if (fields.size === 0) source.report(field.key, "hooks names no event", `known are ${hookEvents.join(", ")}`);
  return Object.fromEntries(
    hookEvents.flatMap((event) => {
      const one = fields.get(event);
      const hook = one && readHook(source, one, event);
      return hook === undefined ? [] : [[event, hook]];
    }),
  );
};

/** Of one certificate: `none` is a word, too. */
export const readOwnHooks = (source: Source, field: Field | undefined): Hooks | "none" | undefined =>
  isNone(field) ? "none" : readHooks(source, field);
