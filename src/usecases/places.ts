// Where to connect to: every address of every host that is wanted, each name looked up once.
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

export const placesOf = async (deps: Pick<VerifyDeps, "resolve">, request: Asking): Promise<readonly Place[]> => {
  const addresses = await resolveAll(deps, request);
  return request.wanted.flatMap((wanted) => placesFor(wanted, addresses));
};

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
