// Many small pieces of text, written as few large ones: a write for each of thousands of results costs a twentieth of getting them.

export interface GatheredWrites {
  /** Comes back at once, or when there is room again; what is gathered is written a moment later. Rejects where these or earlier pieces could not be. */
  readonly append: (text: string) => Promise<void>;
  /** When all of it is written. Rejects as `append`. */
  readonly end: () => Promise<void>;
}

/** How long a piece waits for others: what a crash takes along is as much, and a reader sees no difference. */
const waitMs = 50;
const mostGathered = 1 << 16;

/** One write at a time; what comes meanwhile goes into the next one. After a failure nothing more is written: what stood behind a gap would be taken for whole. */
export const gatherWrites = (write: (bytes: Buffer) => Promise<void>): GatheredWrites => {
  let gathered: string[] = [];
  let size = 0;
  let timer: NodeJS.Timeout | undefined;
  let written: Promise<void> = Promise.resolve();
  let next: Promise<void> | undefined;
  let failed = false;
  const writeGathered = (): Promise<void> => {
    clearTimeout(timer);
    const [none, bytes] = [gathered.length === 0, Buffer.from(gathered.join(""))];
    [gathered, size, timer, next] = [[], 0, undefined, undefined];
    return none ? Promise.resolve() : write(bytes);
  };
  const flush = (): Promise<void> => {
    next ??= written = written.then(writeGathered);
    next.catch(() => {
      failed = true;
    });
    return next;
  };
  return {
    append: async (text) => {
      gathered.push(text);
      size += text.length;
      if (failed || size >= mostGathered) return flush();
      timer ??= setTimeout(() => void flush(), waitMs);
    },
    end: flush,
  };
};
