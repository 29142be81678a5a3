/** Where something goes next, by the name of a node, each with its chance. They add up to 1. */
export type Chances = ReadonlyMap<string, number>

/** From each node that is not an end, where it goes next: an absorbing Markov chain. All other names are ends. */
export type Chain = ReadonlyMap<string, Chances>

/** What is to be expected of a chain. */
export interface Expected {
  /** How often each node will be entered until an end. */
  readonly visits: ReadonlyMap<string, number>
  /** The chance of each end. */
  readonly ends: ReadonlyMap<string, number>
  /** The chance of coming to where no end can be reached from. */
  readonly lost: number
}

/**
 * What happens from a start on: the linear system of the expected visits, solved by elimination. Loops are no trouble;
 * nodes from which no end can be reached count as `lost`.
 */
export function expectedOf(chain: Chain, start: Chances): Expected {
  const reached = within(chain, start)
  const ending = canEnd(chain, reached)
  const nodes = [...reached].filter((node) => ending.has(node))
  const index = new Map(nodes.map((node, i) => [node, i]))
  // visits = start + Q^T visits
  const rows = nodes.map((node, i) => {
    const row = new Float64Array(nodes.length + 1)
    row[i] = 1
    row[nodes.length] = start.get(node) ?? 0
    return row
  })
  for (const [i, node] of nodes.entries())
    for (const [to, chance] of chain.get(node) ?? []) {
      const row = rows[index.get(to) ?? -1]
      if (row) row[i] = (row[i] ?? 0) - chance
    }
  const solved = eliminate(rows)
  const ends = new Map<string, number>()
  let lost = 0
  const arrive = (to: string, chance: number): void => {
    if (index.has(to) || chance === 0) return
    if (chain.has(to)) lost += chance
    else ends.set(to, (ends.get(to) ?? 0) + chance)
  }
  for (const [to, chance] of start) arrive(to, chance)
  for (const [i, node] of nodes.entries())
    for (const [to, chance] of chain.get(node) ?? []) arrive(to, chance * (solved[i] ?? 0))
  return { visits: new Map(nodes.map((node, i) => [node, solved[i] ?? 0])), ends, lost }
}

/** The nodes that can be entered; ends are not among them. */
function within(chain: Chain, start: Chances): ReadonlySet<string> {
  const reached = new Set<string>()
  const add = (chances: Chances): void => {
    for (const [to, chance] of chances) if (chance > 0 && chain.has(to)) reached.add(to)
  }
  add(start)
  for (const node of reached) add(chain.get(node) ?? new Map()) // a Set visits what is added meanwhile
  return reached
}

/** Of these, the ones from which an end can be reached. */
function canEnd(chain: Chain, nodes: ReadonlySet<string>): ReadonlySet<string> {
  const before = new Map<string, string[]>()
  const ending = new Set<string>()
  for (const node of nodes)
    for (const [to, chance] of chain.get(node) ?? []) {
      if (chance === 0) continue
      if (chain.has(to)) before.set(to, [...(before.get(to) ?? []), node])
      else ending.add(node)
    }
  for (const node of ending) for (const earlier of before.get(node) ?? []) ending.add(earlier)
  return ending
}

/** Gauss-Jordan with the largest pivot; the last column is the right side. Changes the rows. */
function eliminate(rows: Float64Array[]): readonly number[] {
  const n = rows.length
  const at = (r: number, c: number): number => rows[r]?.[c] ?? 0
  for (let column = 0; column < n; column++) {
    let best = column
    for (let r = column + 1; r < n; r++) if (Math.abs(at(r, column)) > Math.abs(at(best, column))) best = r
    const pivot = rows[best]
    const other = rows[column]
    if (!pivot || !other) continue
    rows[best] = other
    rows[column] = pivot
    const scale = pivot[column] ?? 1
    for (let c = column; c <= n; c++) pivot[c] = (pivot[c] ?? 0) / scale
    for (const [r, row] of rows.entries()) {
      const factor = row[column] ?? 0
      if (r === column || factor === 0) continue
      for (let c = column; c <= n; c++) row[c] = (row[c] ?? 0) - factor * (pivot[c] ?? 0)
    }
  }
  return rows.map((row) => row[n] ?? 0)
}
