// Where to connect to: every address of every host that is wanted, each name looked up once.
import { isIP } from "node:net";
import type { Finding } from "../domain/finding.ts";
import type { Resolve } from "../probe/resolve.ts";
import { parallel } from "./parallel.ts";
import type { VerifyDeps, VerifyRequest, Wanted } from "./verify.ts";

type Resolved = Awaited<ReturnType<Resolve>>;

export interface Place {
  readonly wanted: Wanted;
  readonly address?: string;
  /** Why there is no address. */
  readonly unresolved?: string;
}

type Asking = Pick<VerifyRequest, "wanted" | "timeoutMs">;

const hostOf = ({ connectTo, host }: Wanted): string => connectTo ?? host;

export interface Places {
  readonly places: readonly Place[];
  /** About names with more addresses than are looked at. */
  readonly notes: readonly Finding[];
}

/** Of each family: whoever writes a name's records decides how many connections are made, and to whom. */
const mostAddresses = 8;

export const placesOf = async (deps: Pick<VerifyDeps, "resolve">, request: Asking): Promise<Places> => {
  const resolved = await resolveAll(deps, request);
  const notes: Finding[] = [];
  const addresses = new Map<string, Resolved>();
  for (const [host, found] of resolved) {
    const some =
      "message" in found ? found : [4, 6].flatMap((family) => ofFamily(found, family).slice(0, mostAddresses));
    addresses.set(host, some);
    if ("message" in found || "message" in some || some.length === found.length) continue;
    notes.push({
      check: "net-reach",
      severity: "info",
      message: `${host} has ${found.length} addresses; the first ${some.length} were looked at`,
      hint: "look at another one by its address: `mailcert verify NAME --address ADDRESS`",
    });
  }
  return { places: request.wanted.flatMap((wanted) => placesFor(wanted, addresses)), notes };
};

const ofFamily = (addresses: readonly string[], family: number): readonly string[] =>
  addresses.filter((address) => isIP(address) === family);

/** Each name once. */
const resolveAll = async (
  deps: Pick<VerifyDeps, "resolve">,
  request: Asking,
): Promise<ReadonlyMap<string, Resolved>> => {
  const hosts = [...new Set(request.wanted.filter(({ address }) => address === undefined).map(hostOf))];
  const found = await parallel(hosts, 16, (host) => deps.resolve(host, request.timeoutMs ?? 10_000));
  return new Map(hosts.map((host, index) => [host, found[index] ?? []]));
};

const placesFor = (wanted: Wanted, addresses: ReadonlyMap<string, Resolved>): readonly Place[] => {
  if (wanted.address !== undefined) return [{ wanted, address: wanted.address }];
  const host = hostOf(wanted);
  const found = addresses.get(host) ?? [];
  if ("message" in found) return [{ wanted, unresolved: `${host}: ${found.message}` }];
  if (found.length === 0) return [{ wanted, unresolved: `${host}: the name has no address` }];
  return found.map((address) => ({ wanted, address }));
};
