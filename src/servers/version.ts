// Versions as servers' programs tell them: `3.7.11`, `4.98`, `3.0.11-1`.

export const isAtLeast = (version: string, [major, minor]: readonly [major: number, minor: number]): boolean => {
  const [first = 0, second = 0] = version.split(".").map(Number);
  return first > major || (first === major && second >= minor);
};
