// One line on a terminal that says how far a long run is; nothing where nobody looks.
import type { Host } from "./host.ts";

export interface Progress {
  /** Shown at most five times a second. */
  show(text: string): void;
  /** Before something else is written, and at the end. */
  clear(): void;
}

const everyMs = 200;

export const createProgress = (host: Pick<Host, "stderr" | "elapsed">, quiet: boolean): Progress => {
  const on = host.stderr.isTTY && !quiet;
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
