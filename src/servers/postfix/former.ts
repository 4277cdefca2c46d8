// What Postfix goes back to when our settings are taken out: the parameters as they would stand then, in main.cf and at the services that we changed.
import { join } from "node:path";
import type { FormerSetting } from "../../domain/former-certificate.ts";
import type { Change } from "../server.ts";
import { sameFiles } from "./own-certificate.ts";
import { chainParameter, legacyParameters } from "./parameters.ts";
import type { Parameters, Postconf } from "./postconf.ts";

type Read = (name: string) => string;

const alike = (a: string | undefined, b: string | undefined): boolean =>
  a === undefined || b === undefined ? a === b : sameFiles(a, b);

/** `name = /file`: what is written with `$` is Postfix's to work out. */
const namedBy = (parameter: string, value: string, place: string): readonly FormerSetting[] =>
  value
    .split(/[\s,]+/)
    .filter((word) => word.startsWith("/"))
    .map((file) => ({ setting: `${parameter} = ${file} in ${place}`, file }));

/** smtpd reads the older parameters only where there are no chain files; each certificate of them is with its key. */
const certificatesOf = (read: Read, place: string): readonly (readonly FormerSetting[])[] => {
  const chain = read(chainParameter);
  if (chain !== "") return [namedBy(chainParameter, chain, place)];
  const pairs = [0, 2, 4].map((at) => legacyParameters.slice(at, at + 2));
  return pairs.map((pair) => {
    const [certificate = ""] = pair;
    // A key alone serves nobody.
    return read(certificate) === "" ? [] : pair.flatMap((name) => namedBy(name, read(name), place));
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
  const reads = (own: Parameters, name: string): string => {
    const value = own.get(name) ?? main.get(name) ?? "";
    return value === "none" ? "" : value;
  };
  return [
    ...certificatesOf((name) => reads(main, name), join(configDir, "main.cf")),
    ...[...touched].flatMap((service) =>
      certificatesOf(
        (name) => reads(services.get(service) ?? main, name),
        `${join(configDir, "master.cf")} (${service})`,
      ),
    ),
  ];
};
