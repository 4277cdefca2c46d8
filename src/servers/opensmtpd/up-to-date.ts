// Whether the OpenSMTPD that runs has read what stands there now: it started after the last change, so that no session need end for it.
import { lstat, stat } from "node:fs/promises";
import { isOurs } from "../readable.ts";
import { directivesOf, pkisOf } from "./configuration.ts";
import { namesFileOf } from "./names.ts";
import { ownFileOf } from "./plan.ts";

/** Times of files are those of a clock that is a little behind, and the start of a process is known to a few hundredths of a second: in doubt it is restarted. */
const marginMs = 150;

/** When a name was last given to what stands there: of `live` itself, not of what it leads to. 0: there is nothing. */
const changedAt = (path: string): Promise<number> =>
  lstat(path).then(
    ({ ctimeMs }) => ctimeMs,
    () => 0,
  );

/** A configuration file is looked at through a link, too. */
const writtenAt = (path: string): Promise<number> =>
  stat(path).then(
    ({ ctimeMs }) => ctimeMs,
    () => 0,
  );

/** `started`: milliseconds since the epoch, by the clock of now; undefined: it does not run. */
export const isUpToDate = async (conf: string, started: number | undefined): Promise<boolean> => {
  if (started === undefined) return false;
  const directives = await directivesOf(conf);
  const links = [...pkisOf(directives).values()]
    .flatMap(({ cert, key }) => [cert?.value ?? "", key?.value ?? ""])
    .filter(isOurs)
    .map((path) => path.replace(/\/live\/.*$/, "/live"));
  const files = [conf, ownFileOf(conf), namesFileOf(conf), ...directives.map(({ path }) => path)];
  const changes = await Promise.all([...new Set(files)].flatMap((path) => [changedAt(path), writtenAt(path)]));
  changes.push(...(await Promise.all([...new Set(links)].map(changedAt))));
  return changes.every((at) => at + marginMs < started);
};
