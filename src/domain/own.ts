// Looks up a word of somebody else's in a table: "constructor" and "__proto__" are in every object's family, and in no table of ours.

/** The table's own entry, or undefined. */
export const own = <Value>(table: Readonly<Record<string, Value>>, word: string): Value | undefined =>
  Object.hasOwn(table, word) ? table[word] : undefined;
