// One budget of time for an exchange, as a signal: it fires when the time is over, or when the caller stops.

export interface Deadline {
  readonly signal: AbortSignal;
  /** To be called at the end of the exchange: nothing of it is kept. */
  readonly over: () => void;
}

/** Not AbortSignal.any: a run has one `stop` and thousands of exchanges, and it would keep a note of each of them. */
export const deadline = (ms: number, stop: AbortSignal | undefined): Deadline => {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  if (stop?.aborted) abort();
  const timer = setTimeout(abort, ms);
  stop?.addEventListener("abort", abort, { once: true });
  return {
    signal: controller.signal,
    over: () => {
      clearTimeout(timer);
      stop?.removeEventListener("abort", abort);
    },
  };
};
