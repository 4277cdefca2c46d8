// What changed between two versions of a small file: the lines that went and the lines that came, in order.

/** `- old` and `+ new`; lines that are in both versions are left out. */
export const lineChanges = (before: string, after: string): readonly string[] => {
  const old = before.split("\n");
  const fresh = after.split("\n");
  const left = [...old];
  const added = fresh.filter((line) => {
    const index = left.indexOf(line);
    if (index >= 0) left.splice(index, 1);
    return index < 0;
  });
  return [...left.map((line) => `- ${line}`), ...added.map((line) => `+ ${line}`)];
};
