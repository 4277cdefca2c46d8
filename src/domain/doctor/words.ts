// Lists and counts for doctor's sentences.

/** The first few, and how many more there are. */
export const few = (texts: readonly string[], most = 3): string =>
  texts.length <= most ? texts.join(", ") : `${texts.slice(0, most).join(", ")} and ${texts.length - most} more`;

export const counted = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;
