// A list of targets for verify (--file): one a line, as on the command line; `#` begins a comment.

export interface ListedTarget {
  readonly text: string;
  /** From 1. */
  readonly line: number;
}

/** Each target once, in the order of its first line. */
export const readTargetList = (text: string): readonly ListedTarget[] => {
  const found = new Map<string, ListedTarget>();
  for (const [index, line] of text.split("\n").entries()) {
    const target = line.replace(/(?:^|\s)#.*$/, "").trim();
    if (target !== "" && !found.has(target)) found.set(target, { text: target, line: index + 1 });
  }
  return [...found.values()];
};
