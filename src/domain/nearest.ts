// The known word that a mistyped one was meant to be.

/** Number of insertions, deletions, replacements and swaps of neighbours between two words. */
const distance = (a: string, b: string): number => {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, (beforeLast[j - 2] ?? 0) + 1);
      }
      row.push(cost);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? 0;
};

/** undefined where nothing is near enough to be worth a guess. */
export const nearest = (word: string, known: readonly string[]): string | undefined => {
  if (word.length > 40) return undefined;
  // agree-tos, agreeTos and AGREE_TOS are all agree_tos.
  const plain = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]/g, "");
  let best: { readonly word: string; readonly far: number } | undefined;
  for (const candidate of known) {
    const far = distance(plain(word), plain(candidate));
    if (best === undefined || far < best.far) best = { word: candidate, far };
  }
  return best !== undefined && best.far <= Math.max(1, Math.floor(plain(word).length / 3)) ? best.word : undefined;
};

/** Who is told what was meant does not read on through dozens. */
const mostBeside = 10;

/** The hint for an unknown word. */
export const didYouMean = (word: string, known: readonly string[]): string => {
  const near = nearest(word, known);
  if (near === undefined) return `known here: ${known.join(", ")}`;
  return `did you mean ${near}?${known.length > mostBeside ? "" : ` Known here: ${known.join(", ")}`}`;
};
