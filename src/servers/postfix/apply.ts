// Applies one Postfix change and takes it back: a main.cf parameter or a service's own parameter, only where the value is still the one known.
import { join } from "node:path";
import { Failure } from "../../domain/failure.ts";
import { exists } from "../../system/exists.ts";
import { readTextIfPresent } from "../../system/files.ts";
import { removeLeftovers } from "../../system/leftovers.ts";
import type { RunProgram } from "../../system/run.ts";
import type { Reverted } from "../edits.ts";
import { output } from "../program.ts";
import type { Change } from "../server.ts";
import { type EditedText, installText, withPrivateCopy } from "./install.ts";
import { restoreParameter, setParameter } from "./main-cf.ts";
import { addOption, removeOption } from "./master-cf.ts";
import { createPostconf } from "./postconf.ts";
import { replaceOption } from "./replace-option.ts";
import { mapFile, namesOurs, sniParameter, withoutOurs } from "./sni.ts";

type ParameterChange = Extract<Change, { kind: "parameter" }>;
type ServiceChange = Extract<Change, { kind: "service-parameter" }>;
type PostfixChange = ParameterChange | ServiceChange;

const squeeze = (text: string | undefined): string | undefined => text?.trim().replace(/\s+/g, " ");
const same = (a: string | undefined, b: string | undefined): boolean => squeeze(a) === squeeze(b);

const read = async (configDir: string, file: "main.cf" | "master.cf"): Promise<string> => {
  const path = join(configDir, file);
  const text = await readTextIfPresent(path);
  if (text !== undefined) return text;
  throw new Failure("config", `${path} is missing`, {
    hints: ["install Postfix's configuration again, or leave it out: servers: dovecot (--server dovecot)"],
  });
};

/** The value in the files of `folder` now; undefined: not set there. */
const currentValue = async (run: RunProgram, folder: string, change: PostfixChange): Promise<string | undefined> => {
  const postconf = createPostconf(run, folder);
  if (change.kind === "parameter") return (await postconf.explicit([change.parameter])).get(change.parameter);
  return (await postconf.overrides()).get(change.service)?.get(change.parameter);
};

/** A value that replaces another one of a service's own: postconf edits the copy, at the price of the entry's layout. */
const editedByPostconf = (
  run: RunProgram,
  configDir: string,
  change: ServiceChange,
  value: string | undefined,
): Promise<string> =>
  withPrivateCopy(configDir, async (folder) => {
    const key = `${change.service}/${change.parameter}`;
    await output(run, "postconf", ["-c", folder, ...(value === undefined ? ["-PX", key] : ["-P", `${key}=${value}`])]);
    return read(folder, "master.cf");
  });

const fileOf = ({ kind }: PostfixChange): "main.cf" | "master.cf" => (kind === "parameter" ? "main.cf" : "master.cf");

const install = (
  run: RunProgram,
  configDir: string,
  change: PostfixChange,
  edited: EditedText,
  value: string | undefined,
): Promise<void> =>
  installText(configDir, fileOf(change), edited, async (folder) =>
    same(await currentValue(run, folder, change), value),
  );

export const applyPostfix = async (run: RunProgram, configDir: string, change: PostfixChange): Promise<void> => {
  const { before, after, parameter } = change;
  // First of all: what changes from here on is found out before the edit is put in place.
  const base = await read(configDir, fileOf(change));
  const current = await currentValue(run, configDir, change);
  if (same(current, after)) return;
  if (!same(current, before)) {
    throw new Failure("try-later", `${parameter} in ${configDir} changed while mailcert worked: nothing was edited`, {
      hints: ["run the command again: it reads the configuration anew"],
    });
  }
  if (change.kind === "parameter") {
    return install(run, configDir, change, { base, text: setParameter(base, parameter, after) }, after);
  }
  const added =
    before === undefined && after !== undefined
      ? addOption(base, change.service, parameter, after)
      : before !== undefined && after === undefined
        ? removeOption(base, change.service, parameter, before)
        : replaceOption(base, change.service, parameter, before, after);
  const text = added ?? (await editedByPostconf(run, configDir, change, after));
  return install(run, configDir, change, { base, text }, after);
};

const isService = async (run: RunProgram, configDir: string, { service }: ServiceChange): Promise<boolean> =>
  (await createPostconf(run, configDir).services()).some(({ id }) => id === service);

/** Main.cf's list of SNI maps, which others write into, too. */
const isOfList = ({ kind, parameter, shared }: PostfixChange): boolean =>
  kind === "parameter" && shared === true && parameter === sniParameter;

/** The list without our map: in its place, where it is one line. */
const shorter = (base: string, { parameter }: PostfixChange, current: string, value: string | undefined): string => {
  const lines = base.split("\n");
  const [line, ...more] = lines.flatMap((text, index) => (same(text, `${parameter} = ${current}`) ? [index] : []));
  if (value === undefined || line === undefined || more.length > 0)
    return restoreParameter(base, parameter, value, current);
  lines[line] = `${parameter} = ${value}`;
  return lines.join("\n");
};

/** Others came before or behind our map since: they stay, and it goes all the same. */
const leaveList = async (
  run: RunProgram,
  configDir: string,
  change: PostfixChange,
  base: string,
  current = "",
): Promise<Reverted> => {
  if (!namesOurs(current, configDir)) return "reverted";
  const value = withoutOurs(current, configDir);
  await install(run, configDir, change, { base, text: shorter(base, change, current, value) }, value);
  return "reverted";
};

export const revertPostfix = async (run: RunProgram, configDir: string, change: PostfixChange): Promise<Reverted> => {
  const { after, parameter } = change;
  const before = change.kind === "service-parameter" && change.beforeIsOurs ? undefined : change.before;
  // Of a run that was killed while it wrote the file: nothing is written where it never came to be.
  await removeLeftovers(configDir).catch(() => undefined);
  const base = await read(configDir, fileOf(change));
  const current = await currentValue(run, configDir, change);
  if (change.kind === "service-parameter" && current === undefined && !(await isService(run, configDir, change)))
    return "gone";
  const list = isOfList(change);
  // A map that is not there any more is never named again.
  const lost = list && namesOurs(before, configDir) && !(await exists(mapFile(configDir)));
  if (same(current, before) && !lost) return "reverted";
  if (lost || !same(current, after)) return list ? leaveList(run, configDir, change, base, current) : "not-ours";
  if (change.kind === "parameter") {
    await install(run, configDir, change, { base, text: restoreParameter(base, parameter, before, after) }, before);
    return "reverted";
  }
  const removed =
    before === undefined && after !== undefined
      ? removeOption(base, change.service, parameter, after)
      : replaceOption(base, change.service, parameter, after, before);
  const text = removed ?? (await editedByPostconf(run, configDir, change, before));
  await install(run, configDir, change, { base, text }, before);
  return "reverted";
};
