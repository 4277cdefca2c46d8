// What a person at a terminal sees of a run that takes its time: one line that says how far it is, or a line for each step; nothing where nobody looks.
import { printable } from "../domain/text.ts";
import type { Host } from "./host.ts";

export interface Progress {
  /** Shown at most five times a second. */
  show(text: string): void;
  /** Before something else is written, and at the end. */
  clear(): void;
}

const everyMs = 200;

/** Where a line cannot be written over it is a new one each time. */
const everyMsInLines = 10_000;

type Shown = Pick<Host, "stderr"> & Partial<Pick<Host, "env">>;

/** Without a cursor to move: TERM=dumb, or none at all; screen readers are often told so. */
const isDumb = ({ env }: Shown): boolean => env !== undefined && ["", "dumb"].includes(env["TERM"] ?? "");

/** A line for each step, once, without colour or cursor: undefined where nobody looks. */
export const createStepLines = (host: Shown, quiet: boolean): ((what: string) => void) | undefined =>
  host.stderr.isTTY && !quiet ? (what) => host.stderr.write(`* ${printable(what)}\n`) : undefined;

export const createProgress = (host: Shown & Pick<Host, "elapsed">, quiet: boolean): Progress => {
  const on = host.stderr.isTTY && !quiet;
  if (on && isDumb(host)) return inLines(host);
  let last = Number.NEGATIVE_INFINITY;
  let shown = false;
  return {
    show: (text) => {
      const now = host.elapsed();
      if (!on || now - last < everyMs) return;
      last = now;
      shown = true;
      host.stderr.write(`\r${text.slice(0, Math.max(20, host.stderr.columns - 1))}\u001b[K`);
    },
    clear: () => {
      if (shown) host.stderr.write("\r\u001b[K");
      shown = false;
    },
  };
};

const inLines = (host: Shown & Pick<Host, "elapsed">): Progress => {
  let last = Number.NEGATIVE_INFINITY;
  return {
    show: (text) => {
      const now = host.elapsed();
      if (now - last < everyMsInLines) return;
      last = now;
      host.stderr.write(`${text}\n`);
    },
    clear: () => undefined,
  };
};
