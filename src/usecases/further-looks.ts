// What --full asks of an entry point besides the ordinary look: each question a connection of its own, one after the other.
import type { EntryFacts } from "../checks/check.ts";
import type { Slot } from "../domain/keys.ts";
import type { Observation } from "../domain/observation.ts";
import type { Inject, InjectOptions } from "../probe/injector.ts";
import type { ProbeOptions } from "../probe/probe.ts";

export interface Looked {
  readonly facts: EntryFacts;
  readonly slot?: Slot;
}

export interface FurtherAsk {
  readonly entry: Parameters<Inject>[0];
  /** The ordinary look once more, with something else in it. */
  readonly again: (other: Pick<ProbeOptions, "slot" | "sni">) => Promise<Observation>;
  readonly factsOf: (observation: Observation) => EntryFacts;
  readonly inject: Inject | undefined;
  readonly terms: Omit<InjectOptions, "sni" | "smallHello">;
}

/** `looked`: the ordinary looks, at least one. Nothing more is asked of a server that did not come as far as TLS. */
export const furtherLooks = async (looked: readonly Looked[], ask: FurtherAsk): Promise<readonly Looked[]> => {
  const [first, ...others] = looked;
  if (!first) return looked;
  const { tls, error, wrongMode } = first.facts.observation;
  if (!tls || error || wrongMode) return looked;
  return [await withInjection(first, ask), ...others];
};

const withInjection = async (one: Looked, { entry, inject, terms }: FurtherAsk): Promise<Looked> => {
  const { observation } = one.facts;
  const injection = await inject?.(entry, {
    ...terms,
    sni: observation.sni,
    smallHello: observation.tls?.smallHelloOnly === true,
  });
  return injection ? { ...one, facts: { ...one.facts, observation: { ...observation, injection } } } : one;
};
