// Runs jobs side by side, a bounded number at a time, results in the order of the items.

/** Where a job fails, no other is begun, and those under way come to their end before the failure is told: nothing goes on behind its back. */
export const parallel = async <Item, Result>(
  items: readonly Item[],
  limit: number,
  job: (item: Item) => Promise<Result>,
): Promise<Result[]> => {
  const results: Result[] = [];
  let next = 0;
  let failed = false;
  const worker = async (): Promise<void> => {
    while (!failed && next < items.length) {
      const index = next;
      next += 1;
      try {
        results[index] = await job(items[index] as Item);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: Math.min(limit, items.length) }, worker));
  for (const end of ends) if (end.status === "rejected") throw end.reason;
  return results;
};
