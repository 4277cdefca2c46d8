// So many at once, in order of arrival.

export interface Gate {
  /** Resolves when there is a place. */
  enter(): Promise<void>;
  /** Gives the place to whoever waits longest. */
  leave(): void;
  /** Nobody is in, and nobody waits. */
  isEmpty(): boolean;
}

export const createGate = (most: number): Gate => {
  const waiting: (() => void)[] = [];
  let free = most;
  return {
    enter: async () => {
      if (free > 0) free -= 1;
      else await new Promise<void>((resolve) => waiting.push(resolve));
    },
    leave: () => {
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    },
    isEmpty: () => free === most,
  };
};
