// Runs a command's work again and again: what a container runs instead of a timer. Ends, well, when it is told to stop.
import type { Context } from "../cli/command.ts";
import { exitStatus } from "../cli/exit-status.ts";
import { reportError } from "../cli/report-error.ts";
import { Failure } from "../domain/failure.ts";

const units: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };
/** A day: the daily proof and a CA's renewal window are missed by longer ones. */
const longestMs = 86_400_000;

/** `30m`, `1h`, `1d` in milliseconds. @throws Failure `usage`. */
export const duration = (text: string): number => {
  const [, number, unit] = /^([1-9]\d{0,3})([mhd])$/.exec(text) ?? [];
  const ms = Number(number) * (units[unit ?? ""] ?? Number.NaN);
  if (ms <= longestMs) return ms;
  throw new Failure("usage", `--every takes a time from 1m to 24h, not "${text.slice(0, 60)}"`, {
    hints: ["for example: --every 1h"],
  });
};

/** What a person has to mend before any round can go well. */
const forPeople = (error: unknown): boolean =>
  error instanceof Failure && ["usage", "config", "no-permission"].includes(error.kind);

/**
 * From the start of one round to the start of the next: `ms`; each with adapters of its own, so that a changed configuration is seen.
 * Nobody is there to ask for anything after the `first` one. A round that fails is told of and the next one comes all the same; what no round could do ends it with the first.
 */
export const every = async (
  context: Context,
  ms: number,
  round: (context: Context, first: boolean) => Promise<number>,
): Promise<number> => {
  const { host } = context;
  let due = host.elapsed();
  for (let first = true; !host.signal.aborted; first = false) {
    const world = context.newWorld();
    try {
      await round({ ...context, world: () => world }, first);
    } catch (error) {
      if (first && forPeople(error)) throw error;
      if (!host.signal.aborted) reportError(host, error instanceof Failure ? context.fitting(error) : error);
    }
    // By the plan, not by when this round began: a day has as many rounds as it should. One that took longer is followed at once.
    due = Math.max(due + ms, host.elapsed());
    await host.sleep(due - host.elapsed(), host.signal).catch((error: unknown) => {
      if (!host.signal.aborted) throw error;
    });
  }
  return exitStatus.done;
};
