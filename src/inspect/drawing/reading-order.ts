import type { Arrow, Drawing } from './drawing.ts'

/** How a drawing is read: from its beginning, along its arrows. */
export interface ReadingOrder {
  /** The boxes, those that are come to first before others. */
  readonly boxes: readonly string[]
  /** Arrows that lead back to where the reader has been. */
  readonly back: ReadonlySet<Arrow>
}

/** How little a person thinks of an arrow who follows the way that is meant. */
const TROUBLE = { step: 0, signal: 0, expires: 1, visits: 1, catch: 1 } as const

/** Goes through a drawing from its beginning, deep first, the way that is meant before the ways of trouble. */
export function readingOrder({ boxes, arrows, initial }: Drawing): ReadingOrder {
  const sorted = arrows.toSorted((a, b) => TROUBLE[a.by] - TROUBLE[b.by])
  const leaving = Map.groupBy(sorted, ({ from }) => from)
  const back = new Set<Arrow>()
  const seen = new Set<string>()
  const open = new Set<string>()
  const order: string[] = []
  for (const root of [initial, ...boxes.map(({ id }) => id)]) order.push(...visit(root).reverse())
  return { boxes: order, back }

  /** What is new from there on, the last first. By a stack of its own: a chart may be deeper than the one of calls. */
  function visit(root: string): string[] {
    const left: string[] = []
    if (seen.has(root)) return left
    const stack = [enter(root)]
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const arrow = top.arrows.shift()
      if (!arrow) {
        open.delete(top.box)
        left.push(top.box)
        stack.pop()
      } else if (open.has(arrow.to)) back.add(arrow)
      else if (!seen.has(arrow.to)) stack.push(enter(arrow.to))
    }
    return left
  }

  function enter(box: string): { readonly box: string; readonly arrows: Arrow[] } {
    seen.add(box)
    open.add(box)
    // what is visited first is left first, and stands last: so the way that is meant is visited last
    return { box, arrows: [...(leaving.get(box) ?? [])].reverse() }
  }
}
