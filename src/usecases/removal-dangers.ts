// Before a removal: servers whose own settings, which it would put back, name certificates that are gone. Nothing is changed here.
import { Failure } from "../domain/failure.ts";
import { copies } from "../domain/file-target.ts";
import type { Finding } from "../domain/finding.ts";
import { shellWord } from "../domain/shell-word.ts";
import type { Former } from "../servers/former.ts";
import type { HostEvent } from "../store/store.ts";
import { finder, goes, sidesOf } from "./sides.ts";
import { unlessFailure } from "./unless-failure.ts";
import type { World } from "./world.ts";

/** What a server would have once these certificates are out. */
export interface Return extends Former {
  /** Whose changes go, the newest first. */
  readonly certificates: readonly string[];
}

/** By installation; `open`: changes in force, oldest first. Those that go on serving others, and those that nobody can tell it of, are in none. */
export const returnsOf = async (
  world: World,
  names: readonly string[],
  open: readonly HostEvent[],
): Promise<ReadonlyMap<string, Return>> => {
  const servers = await world.servers();
  const installations = finder(servers);
  const going = new Set(names);
  const found = new Map<string, Return>();
  for (const [id, side] of await sidesOf(world, servers, installations, names, open)) {
    const [first] = side.open;
    const server = servers[first?.change?.server ?? ""];
    if (!first || !server?.former || first.change?.server === copies || (side.stay.length > 0 && !side.all)) continue;
    const mine = side.open.filter((event) => goes(event, side, going, server)).toReversed();
    const installation = await installations(first);
    if (mine.length === 0 || installation === undefined || installation instanceof Failure) continue;
    const changes = mine.flatMap(({ change }) => change?.change ?? []);
    const former = await unlessFailure(async () => server.former?.(installation, changes));
    // Who cannot be asked refuses the removal itself, which says so.
    if (former === undefined || former instanceof Failure) continue;
    const certificates = [...new Set(mine.flatMap(({ certificate }) => certificate ?? []))];
    found.set(id, { ...former, certificates });
  }
  return found;
};

/** By certificate, each server once. `wanted`: what the person named. */
export const removalDangers = (
  returns: ReadonlyMap<string, Return>,
  names: readonly string[],
  wanted: readonly string[],
): ReadonlyMap<string, readonly Finding[]> => {
  const command = ["mailcert deploy --remove --yes", ...wanted.map(shellWord)].join(" ");
  const dangers = new Map<string, Finding[]>();
  for (const [id, { troubles, certificates }] of returns) {
    if (troubles.length === 0) continue;
    const name = certificates.find((one) => names.includes(one)) ?? names[0] ?? "";
    const finding: Finding = {
      check: "removal-unserved",
      severity: "fault",
      message: `${id} would be left without a certificate: put back would be ${troubles.join("; ")}`,
      hint: `put the file back first, or another certificate and its key at that path; or take it out all the same, and set another one by hand afterwards: ${command}`,
    };
    dangers.set(name, [...(dangers.get(name) ?? []), finding]);
  }
  return dangers;
};
