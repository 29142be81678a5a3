import {
  collections,
  type Batch,
  type Collection,
  type Entry,
  type Range,
  type Row,
  type StoredRow,
} from './store.ts'

interface Held extends Row {
  readonly tag: string | undefined
}

/** Rows in memory, ordered by key: all of the memory store, and the directory of the Keyv store. */
export class OrderedRows {
  readonly #tables = new Map<Collection, Table>(collections.map((name) => [name, new Table()]))

  get(collection: Collection, key: string): Row | undefined {
    const row = this.#table(collection).rows.get(key)
    return row && { revision: row.revision, value: row.value }
  }

  /** Whether all conditions of a batch hold. */
  allows({ put = [], delete: gone = [], check = [] }: Batch): boolean {
    const revision = (collection: Collection, key: string): number => this.get(collection, key)?.revision ?? 0
    return (
      put.every((p) => p.expect === undefined || revision(p.collection, p.key) === p.expect) &&
      check.every((c) => revision(c.collection, c.key) === c.revision) &&
      gone.every((d) => d.must !== true || revision(d.collection, d.key) > 0)
    )
  }

  /** Applies a batch that is allowed. `keep` says what to hold of a value. */
  apply({ put = [], delete: gone = [] }: Batch, keep: (value: string) => string = (value) => value): void {
    for (const { collection, key, value, expect, tag } of put) {
      const table = this.#table(collection)
      table.set(key, {
        revision: (expect ?? 0) + 1,
        value: keep(value),
        tag: tag ?? table.rows.get(key)?.tag,
      })
    }
    for (const { collection, key } of gone) this.#table(collection).delete(key)
  }

  set(collection: Collection, key: string, row: Held): void {
    this.#table(collection).set(key, row)
  }

  /** All rows as they are now. */
  all(): readonly StoredRow[] {
    return collections.flatMap((collection) =>
      [...this.#table(collection).rows].map(([key, { revision, value, tag }]) => ({
        collection,
        key,
        revision,
        value,
        ...(tag === undefined ? {} : { tag }),
      })),
    )
  }

  list(collection: Collection, range: Range): readonly Entry[] {
    const table = this.#table(collection)
    const { limit, prefix = '', after, before, tag, reverse = false, values = false } = range
    const entries: Entry[] = []
    const add = (key: string): boolean => {
      const row = table.rows.get(key)
      if (row)
        entries.push({
          key,
          ...(row.tag === undefined ? {} : { tag: row.tag }),
          ...(values ? { value: row.value } : {}),
        })
      return entries.length < limit
    }
    if (tag !== undefined) {
      const tagged = [...table.rows]
        .filter(([, row]) => row.tag?.startsWith(tag))
        .map(([key, row]) => [row.tag ?? '', key] as const)
      tagged.sort((a, b) => compare(a[0], b[0]) || compare(a[1], b[1]))
      for (const [, key] of reverse ? tagged.reverse() : tagged) if (!add(key)) break
      return entries
    }
    const { keys } = table
    const from = Math.max(
      table.place(prefix),
      after === undefined ? 0 : table.place(after) + (table.rows.has(after) ? 1 : 0),
    )
    const to = before === undefined ? keys.length : table.place(before)
    if (limit <= 0) return entries
    if (!reverse) {
      for (let i = from; i < to && keys[i]?.startsWith(prefix); i++) if (!add(keys[i] as string)) break
    } else {
      let i = Math.min(to, prefix === '' ? to : table.place(`${prefix}\u{10ffff}`)) - 1
      for (; i >= from && keys[i]?.startsWith(prefix); i--) if (!add(keys[i] as string)) break
    }
    return entries
  }

  #table(collection: Collection): Table {
    return this.#tables.get(collection) as Table
  }
}

/** By code point, which is the order of UTF-8 bytes; plain `<` would compare UTF-16 units. */
function compare(a: string, b: string): number {
  if (a === b) return 0
  const length = Math.min(a.length, b.length)
  let i = 0
  while (i < length && a.charCodeAt(i) === b.charCodeAt(i)) i++
  if (i === length) return a.length - b.length
  const x = a.charCodeAt(i)
  const y = b.charCodeAt(i)
  const surrogate = (unit: number): boolean => unit >= 0xd800 && unit < 0xe000
  return surrogate(x) === surrogate(y) ? x - y : surrogate(x) ? 1 : -1
}

class Table {
  readonly rows = new Map<string, Held>()
  readonly keys: string[] = []

  /** The index of the first key that is not before `key`. */
  place(key: string): number {
    const { keys } = this
    let low = 0
    let high = keys.length
    if (high > 0 && compare(keys[high - 1] as string, key) < 0) return high // most keys sort by time
    while (low < high) {
      const middle = (low + high) >>> 1
      if (compare(keys[middle] as string, key) < 0) low = middle + 1
      else high = middle
    }
    return low
  }

  set(key: string, row: Held): void {
    if (!this.rows.has(key)) this.keys.splice(this.place(key), 0, key)
    this.rows.set(key, row)
  }

  delete(key: string): void {
    if (this.rows.delete(key)) this.keys.splice(this.place(key), 1)
  }
}
