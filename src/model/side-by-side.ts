/**
 * Does something with each item, so many at once, and gives the results in the order of the items. The first error ends it;
 * once the signal has fired no more are begun.
 */
export async function sideBySide<T, R>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<R>,
  signal?: AbortSignal,
): Promise<R[]> {
  const results = new Map<number, R>()
  const left = items.entries()
  const worker = async (): Promise<void> => {
    for (const [i, item] of left) {
      if (signal?.aborted) return
      results.set(i, await work(item))
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker))
  return [...results].sort(([a], [b]) => a - b).map(([, result]) => result)
}
