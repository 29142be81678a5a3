import type { Arrow, Drawing } from './drawing.ts'
import type { ReadingOrder } from './reading-order.ts'

/** An end of trouble that more arrows than that lead to is named beside each of them. */
const MOST_LINES = 4
/** A drawing of more boxes than that is cut into columns. */
const MOST_IN_ONE = 36
const COLUMN = 24

/**
 * The arrows that end at a name instead of the box of that name, so that no line has to be followed across a whole
 * drawing: those to what much else leads to, and in large drawings those from one column to another.
 */
export function farArrows(drawing: Drawing, order: ReadingOrder): ReadonlySet<Arrow> {
  const trouble = drawing.arrows.filter(({ by }) => by !== 'step' && by !== 'signal')
  const crowded = [...Map.groupBy(trouble, ({ to }) => to).values()]
    .filter((arrows) => new Set(arrows.map(({ from }) => from)).size > MOST_LINES)
    .flat()
  const columns = columnsOf(drawing, order, new Set(crowded))
  const across = drawing.arrows.filter(({ from, to }) => columns.get(from) !== columns.get(to))
  return new Set([...crowded, ...across])
}

/** The number of the column of each box. */
function columnsOf(
  { boxes, arrows, frames }: Drawing,
  order: ReadingOrder,
  crowded: ReadonlySet<Arrow>,
): ReadonlyMap<string, number> {
  if (boxes.length <= MOST_IN_ONE) return new Map()
  const at = new Map(order.boxes.map((box, i) => [box, i]))
  const place = (box: string): number => at.get(box) ?? 0
  /** How many arrows are cut by a cut before each box. */
  const costs = order.boxes.map(() => 0)
  const cross = (a: number, b: number, cost: number): void => {
    for (let i = Math.min(a, b) + 1; i <= Math.max(a, b); i++) costs[i] = (costs[i] ?? 0) + cost
  }
  for (const arrow of arrows) if (!crowded.has(arrow)) cross(place(arrow.from), place(arrow.to), 1)
  for (const frame of frames) {
    const places = frame.boxes.map(place)
    cross(Math.min(...places), Math.max(...places), Infinity) // a frame is one piece
  }
  const columns = new Map<string, number>()
  const length = costs.length / Math.ceil(costs.length / COLUMN)
  let column = 0
  for (let from = 0; from < order.boxes.length; column++) {
    const to = nextCut(from, costs, length)
    for (const box of order.boxes.slice(from, to)) columns.set(box, column)
    from = to
  }
  return columns
}

/** Where the next column begins: about so many boxes on, where the fewest arrows are cut. */
function nextCut(from: number, costs: readonly number[], length: number): number {
  const middle = from + Math.round(length)
  const [least, most] = [from + Math.ceil(length * 0.7), from + Math.ceil(length * 1.3)]
  if (most >= costs.length) return costs.length
  let best = middle
  for (let i = least; i < costs.length; i++) {
    const [cost, before] = [costs[i] ?? 0, costs[best] ?? 0]
    if (i > most && before < Infinity) break
    if (cost < before || (cost === before && Math.abs(i - middle) < Math.abs(best - middle))) best = i
  }
  return (costs[best] ?? 0) < Infinity ? best : costs.length
}
