/**
 * Long arrays in groups that are kept as pieces, and groups of references to those, so that an array that grows at its
 * end costs what was added, and now and then a group (I11). Where a group ends depends only on what stands before it,
 * so groups that were written stay as they are while the array grows.
 */

/** Elements become one group as soon as they come to this length together. */
const GROUP = 600
/** References, likewise: the fewer make a group, the fewer stay in the document, and the deeper one has to read. */
const GROUP_OF_REFERENCES = 200

/** An array with its whole groups handed to `keep`, which gives a reference for each; what comes to less than two stays as it is. */
export function grouped(
  items: readonly unknown[],
  keep: (elements: readonly unknown[]) => string,
): readonly unknown[] {
  let level = items
  let rest: readonly unknown[] = []
  for (let length = GROUP; ; length = GROUP_OF_REFERENCES) {
    const ends = groupEnds(level, length)
    if (ends.length < 2) return rest.length === 0 ? level : [...level, ...rest]
    rest = [...level.slice(ends.at(-1)), ...rest]
    level = ends.map((end, i) => keep(level.slice(ends[i - 1] ?? 0, end)))
  }
}

function groupEnds(items: readonly unknown[], length: number): readonly number[] {
  const ends: number[] = []
  let sum = 0
  for (let i = 0; i < items.length; i++) {
    sum += lengthOf(items[i], length)
    if (sum < length) continue
    ends.push(i + 1)
    sum = 0
  }
  return ends
}

/** About how long the JSON of an encoded value is; looks no further than `enough`. */
function lengthOf(value: unknown, enough: number): number {
  if (typeof value === 'string') return value.length + 3
  if (typeof value !== 'object' || value === null) return 6
  let sum = 2
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length && sum < enough; i++) sum += lengthOf(value[i], enough - sum)
    return sum
  }
  for (const key in value) {
    if (sum >= enough) break
    sum += key.length + 4 + lengthOf((value as Record<string, unknown>)[key], enough - sum)
  }
  return sum
}
