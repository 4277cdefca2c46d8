// What root gives a daemon in its environment: `NAME=value` in files of root's (/etc/default) and in units.
import { readTextIfPresent } from "../system/files.ts";
import { offenceOnTheWay } from "../system/root-only.ts";

export type Values = Readonly<Record<string, string>>;

const one = /(?:^|\s)(?:export\s+)?("?)([A-Za-z_]\w*)=(?:"([^"\n]*)"|'([^'\n]*)'|([^\s"']*))\1(?=\s|$)/g;

/** Those whose value can be told: what a shell would work out is none. */
export const assignments = (text: string): Values =>
  Object.fromEntries(
    [...text.matchAll(one)].flatMap(([, , name = "", double, single, plain]) => {
      const value = double ?? single ?? plain ?? "";
      return /[$`\\]/.test(value) ? [] : [[name, value] as const];
    }),
  );

/** Of files that root alone can change; a later one wins. */
export const valuesIn = async (paths: readonly string[]): Promise<Values> => {
  let values: Values = {};
  for (const path of paths) {
    if ((await offenceOnTheWay(path).catch(() => true)) !== undefined) continue;
    const text = (await readTextIfPresent(path).catch(() => undefined)) ?? "";
    values = { ...values, ...assignments(text.replace(/^\s*#.*$/gm, "")) };
  }
  return values;
};
