// Connections that may be made to one entry point: one count for all who ask there.

export interface Allowance {
  readonly left: number;
  /** Before each connection. @returns whether it may be made, with `kept` left over for others. */
  take(kept?: number): boolean;
}

/** For everything that is looked at at one entry point, ordinary handshakes included. */
export const mostConnections = 10;

/** `made`: how many were made before. `welcome` says whether the server still wants to be asked. */
export const createAllowance = (made: number, welcome: () => boolean = () => true): Allowance => {
  let left = Math.max(0, mostConnections - made);
  return {
    get left() {
      return left;
    },
    take: (kept = 0) => {
      if (left <= kept || !welcome()) return false;
      left -= 1;
      return true;
    },
  };
};
