// What Postfix goes back to when our settings are taken out: the parameters as they would stand then, in main.cf and at the services that we changed.
import { join } from "node:path";
import type { FormerSetting } from "../../domain/former-certificate.ts";
import type { Change } from "../server.ts";
import { sameFiles } from "./own-certificate.ts";
import { chainParameter, legacyParameters } from "./parameters.ts";
import type { Parameters, Postconf } from "./postconf.ts";

/** A parameter's value where it counts, and the file in which it stands. */
type Read = (name: string) => { readonly value: string; readonly place: string };

const alike = (a: string | undefined, b: string | undefined): boolean =>
  a === undefined || b === undefined ? a === b : sameFiles(a, b);

/** `name = /file`: what is written with `$` is Postfix's to work out. */
const namedBy = (parameter: string, { value, place }: ReturnType<Read>): readonly FormerSetting[] =>
  value
    .split(/[\s,]+/)
    .filter((word) => word.startsWith("/"))
    .map((file) => ({ setting: `${parameter} = ${file} in ${place}`, file }));

/** smtpd reads the older parameters only where there are no chain files; each certificate of them is with its key. */
const certificatesOf = (read: Read): readonly (readonly FormerSetting[])[] => {
  const chain = read(chainParameter);
  if (chain.value !== "") return [namedBy(chainParameter, chain)];
  const pairs = [0, 2, 4].map((at) => legacyParameters.slice(at, at + 2));
  return pairs.map((pair) => {
    const [certificate = ""] = pair;
    // A key alone serves nobody.
    return read(certificate).value === "" ? [] : pair.flatMap((name) => namedBy(name, read(name)));
  });
};

/** `changes`: newest first. Everybody's come first, then those of services. */
export const formerCertificates = async (
  postconf: Postconf,
  configDir: string,
  changes: readonly Change[],
): Promise<readonly (readonly FormerSetting[])[]> => {
  const main = new Map(await postconf.explicit());
  const services = new Map<string, Map<string, string>>();
  for (const [service, own] of await postconf.overrides()) services.set(service, new Map(own));
  const touched = new Set<string>();
  for (const change of changes) {
    if (change.kind !== "parameter" && change.kind !== "service-parameter") continue;
    const { parameter, after } = change;
    const service = change.kind === "parameter" ? undefined : change.service;
    const before = change.kind === "service-parameter" && change.beforeIsOurs ? undefined : change.before;
    const there = service === undefined ? main : services.get(service);
    // As revertPostfix does: what somebody changed since stays.
    if (!there || !alike(there.get(parameter), after)) continue;
    if (before === undefined) there.delete(parameter);
    else there.set(parameter, before);
    if (service !== undefined) touched.add(service);
  }
  const reads =
    (own: Parameters, place: string): Read =>
    (name) => {
      const mine = own.get(name);
      const value = mine ?? main.get(name) ?? "";
      return { value: value === "none" ? "" : value, place: mine === undefined ? join(configDir, "main.cf") : place };
    };
  return [
    ...certificatesOf(reads(main, join(configDir, "main.cf"))),
    ...[...touched].flatMap((service) =>
      certificatesOf(reads(services.get(service) ?? main, `${join(configDir, "master.cf")} (${service})`)),
    ),
  ];
};
