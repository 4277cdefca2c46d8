// A resolver that asks each question once: answers of the last moments are kept, and no more than so many questions are under way.
import { createGate } from "../system/gate.ts";
import type { Reply, Resolver } from "./resolver.ts";

/** One run asks before it issues and again before it switches. */
const keptForMs = 30_000;
const mostAtOnce = 32;
/** A run over thousands of names asks for each but once. */
const mostKept = 1_000;

export const createShared = (resolver: Resolver, ticks: () => number): Resolver => {
  const kept = new Map<string, { readonly at: number; readonly reply: Promise<Reply> }>();
  const gate = createGate(mostAtOnce);

  const fresh: Resolver["ask"] = async (name, type, options) => {
    const started = ticks();
    await gate.enter();
    try {
      // The wait for a place is part of the deadline.
      const left = options.timeoutMs - (ticks() - started);
      if (left <= 0) throw new Error("no name server answered in time");
      return await resolver.ask(name, type, { ...options, timeoutMs: left });
    } finally {
      gate.leave();
    }
  };

  const forget = (): void => {
    for (const [key, { at }] of kept) if (ticks() - at >= keptForMs) kept.delete(key);
    // All are fresh: the oldest goes, for the order of a Map is that of arrival.
    for (const key of kept.keys()) {
      if (kept.size < mostKept) break;
      kept.delete(key);
    }
  };

  return {
    ask: (name, type, options) => {
      const key = `${type} ${name}`;
      const known = kept.get(key);
      if (known && ticks() - known.at < keptForMs) return known.reply;
      const reply = fresh(name, type, options);
      // Kept as well: a name server that is silent is not waited for by a thousand askers in turn.
      reply.catch(() => undefined);
      if (kept.size >= mostKept) forget();
      kept.set(key, { at: ticks(), reply });
      return reply;
    },
  };
};
