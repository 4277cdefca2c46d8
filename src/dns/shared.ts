// A resolver that asks each question once: answers of the last moments are kept, and no more than so many questions are under way.
import type { Reply, Resolver } from "./resolver.ts";

/** One run asks before it issues and again before it switches. */
const keptForMs = 30_000;
const mostAtOnce = 32;

export const createShared = (resolver: Resolver, ticks: () => number): Resolver => {
  const kept = new Map<string, { readonly at: number; readonly reply: Promise<Reply> }>();
  const waiting: (() => void)[] = [];
  let free = mostAtOnce;

  const enter = async (): Promise<void> => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
  };
  const leave = (): void => {
    const next = waiting.shift();
    if (next) next();
    else free += 1;
  };

  const fresh: Resolver["ask"] = async (name, type, options) => {
    const started = ticks();
    await enter();
    try {
      // The wait for a place is part of the deadline.
      const left = options.timeoutMs - (ticks() - started);
      if (left <= 0) throw new Error("no name server answered in time");
      return await resolver.ask(name, type, { ...options, timeoutMs: left });
    } finally {
      leave();
    }
  };

  return {
    ask: (name, type, options) => {
      const key = `${type} ${name}`;
      const known = kept.get(key);
      if (known && ticks() - known.at < keptForMs) return known.reply;
      const reply = fresh(name, type, options);
      reply.catch(() => undefined);
      const at = ticks();
      // In the order of their time: thousands of hosts must not leave thousands of answers.
      for (const [old, one] of kept) {
        if (at - one.at < keptForMs) break;
        kept.delete(old);
      }
      kept.delete(key);
      kept.set(key, { at, reply });
      return reply;
    },
  };
};
