// Asks `postconf` about one instance: parameters as written and as they work out, services, and their own `-o` parameters.
import type { RunProgram } from "../../system/run.ts";
import { output } from "../program.ts";

export interface Service {
  /** `submission/inet`, as `postconf -P` wants it. */
  readonly id: string;
  readonly name: string;
  readonly type: string;
  /** Base name of the daemon: `smtpd`, `postscreen`. */
  readonly command: string;
}

export type Parameters = ReadonlyMap<string, string>;

export interface Postconf {
  /** Parameters that main.cf itself sets, values as written there; without names: all of them. */
  readonly explicit: (names?: readonly string[]) => Promise<Parameters>;
  /** Values in effect, defaults included, `$name` expanded. */
  readonly effective: (names: readonly string[]) => Promise<Parameters>;
  readonly services: () => Promise<readonly Service[]>;
  /** Types of tables that this Postfix can read (`postconf -m`). */
  readonly types: () => Promise<readonly string[]>;
  /** By service id. `expanded`: `$name` in values replaced. */
  readonly overrides: (expanded?: boolean) => Promise<ReadonlyMap<string, Parameters>>;
}

/** Lines `name = value`. */
export const parseParameters = (text: string): Parameters => {
  const found = new Map<string, string>();
  for (const line of text.split("\n")) {
    const [name = "", ...rest] = line.split("=");
    if (rest.length > 0) found.set(name.trim(), rest.join("=").trim());
  }
  return found;
};

/** Lines `service/type/parameter = value`. */
const parseOverrides = (text: string): ReadonlyMap<string, Parameters> => {
  const found = new Map<string, Map<string, string>>();
  for (const [key, value] of parseOverridesLines(text)) {
    const slash = key.lastIndexOf("/");
    const service = key.slice(0, slash);
    const parameters = found.get(service) ?? new Map<string, string>();
    parameters.set(key.slice(slash + 1), value);
    found.set(service, parameters);
  }
  return found;
};

const parseOverridesLines = (text: string): readonly (readonly [string, string])[] =>
  text.split("\n").flatMap((line) => {
    const match = /^(\S+\/\S+\/[\w$.-]+) =(.*)$/.exec(line);
    return match?.[1] === undefined ? [] : [[match[1], (match[2] ?? "").trim()] as const];
  });

/** `postconf -M`: service, type, private, unprivileged, chroot, wake-up, processes, command. */
const parseServices = (text: string): readonly Service[] =>
  text.split("\n").flatMap((line) => {
    const [name, type, , , , , , command] = line.trim().split(/\s+/);
    if (name === undefined || type === undefined || command === undefined) return [];
    return [{ id: `${name}/${type}`, name, type, command: command.replace(/^.*\//, "") }];
  });

export const createPostconf = (run: RunProgram, configDir: string): Postconf => {
  const ask = (args: readonly string[]) => output(run, "postconf", ["-c", configDir, ...args]);
  return {
    explicit: async (names = []) => parseParameters(await ask(["-n", ...names])),
    effective: async (names) => parseParameters(await ask(["-x", ...names])),
    types: async () => (await ask(["-m"])).split(/\s+/).filter((type) => type !== ""),
    services: async () => parseServices(await ask(["-M"])),
    overrides: async (expanded = false) => parseOverrides(await ask(expanded ? ["-Px"] : ["-P"])),
  };
};
