// Where Dovecot's configuration says `ssl = no`, for everybody or for a protocol: somebody's decision, which only a yes overrules.
import type { RunProgram } from "../../system/run.ts";
import type { Override } from "../server.ts";
import { doveconf } from "./doveconf.ts";
import { type Place, readConfiguration } from "./files.ts";
import { asComment } from "./scopes.ts";

type SslPlace = Place<"ssl">;

/** Lines of `ssl = no` outside any block, or in the block of one protocol; `service {}` has settings of the same name that mean something else. */
const offPlaces = async (mainFile: string): Promise<readonly SslPlace[]> =>
  (await readConfiguration(mainFile, { names: { ssl: "ssl" } })).places.filter(
    ({ value, filters }) =>
      value.toLowerCase() === "no" && filters.every((filter, index) => index === 0 && filter.startsWith("protocol ")),
  );

const setFor = (places: readonly SslPlace[], protocol: string | undefined): readonly SslPlace[] =>
  places.filter(({ filters: [filter] }) => filter === (protocol === undefined ? undefined : `protocol ${protocol}`));

/** Every such line goes: the last one would only uncover the one before. */
export const tlsOffOverrides = async (
  run: RunProgram,
  mainFile: string,
  protocols: readonly string[],
): Promise<readonly Override[]> => {
  const places = await offPlaces(mainFile);
  if (places.length === 0) return [];
  const isOff = async (protocol?: string): Promise<boolean> =>
    (await doveconf(run, [...(protocol === undefined ? [] : ["-f", `protocol=${protocol}`]), "ssl"])).settings.get(
      "ssl",
    ) === "no";
  const overrides: Override[] = [];
  for (const protocol of [undefined, ...protocols]) {
    const mine = setFor(places, protocol);
    const last = mine.at(-1);
    if (!last || !(await isOff(protocol))) continue;
    overrides.push({
      scope: protocol === undefined ? "everybody" : `protocol ${protocol}`,
      path: last.path,
      line: last.line,
      setting: last.text.trim(),
      edit: mine.map(asComment),
    });
  }
  return overrides;
};
