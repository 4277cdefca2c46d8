// Certificates that rely on a private CA: what is served, or is to be, was signed by it.
import { targetOf } from "../../domain/generation.ts";
import { shellWord } from "../../domain/shell-word.ts";
import { namesIn, readableState } from "../unless-failure.ts";
import { liveGeneration } from "../live-generation.ts";
import type { World } from "../world.ts";

/** By the CA's name: the names of certificates, in the configuration or not. */
export const relyingByCa = (world: Pick<World, "store">): ReadonlyMap<string, readonly string[]> => {
  const found = new Map<string, string[]>();
  for (const name of namesIn(world.store)) {
    const state = readableState(world, name);
    const counted = state ? [liveGeneration(world, name, state), targetOf(state)] : [];
    const cas = counted.flatMap((one) => (one?.issuer === "private-ca" ? [one.authority] : []));
    for (const ca of new Set(cas)) found.set(ca, [...(found.get(ca) ?? []), name]);
  }
  return found;
};

export const relyingOn = (world: Pick<World, "store">, ca: string): readonly string[] =>
  relyingByCa(world).get(ca) ?? [];

/** Names of certificates for a command line; a shell's limit is far off. */
export const renewNow = (served: readonly { readonly name: string }[]): string =>
  `mailcert renew --force ${served.map(({ name }) => shellWord(name)).join(" ")}`;
