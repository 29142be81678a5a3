import type { SizedBox } from './box-size.ts'
import type { Arrow, Drawing, Frame } from './drawing.ts'
import { arrowId, askGraphviz, frameId, START, type Answer } from './graphviz.ts'
import { planOf, type Plan, type Reference, type Size } from './plan.ts'

/** A drawing of which everything has its place: pixels, from the upper left corner. */
export interface Layout {
  readonly width: number
  readonly height: number
  readonly boxes: readonly PlacedBox[]
  readonly arrows: readonly PlacedArrow[]
  readonly frames: readonly PlacedFrame[]
  readonly references: readonly PlacedReference[]
}

export interface Point {
  readonly x: number
  readonly y: number
}

export interface PlacedBox extends SizedBox, Point {}

export interface PlacedArrow {
  /** `undefined` for the one that leads to the initial state. */
  readonly arrow: Arrow | undefined
  /** A Bezier curve: its beginning, and three points for each piece. */
  readonly path: readonly Point[]
  readonly tip: Point
  readonly labels: readonly string[]
  /** The middle of its labels. */
  readonly at: Point
}

/** The name of a box that is too far away for a line. */
export interface PlacedReference extends Reference, Point {}

export interface PlacedFrame extends Point {
  readonly frame: Frame
  readonly width: number
  readonly height: number
}

/** Around everything. */
const MARGIN = 16

/**
 * Gives everything its place.
 *
 * @throws StepwrightError `module-missing` where `@viz-js/viz` is not installed.
 */
export async function layOut(drawing: Drawing): Promise<Layout> {
  const plan = planOf(drawing)
  return placed(await askGraphviz(plan), plan)
}

function placed({ bb, objects, edges = [] }: Answer, plan: Plan): Layout {
  const { drawing, sized, labels, references } = plan
  const [left = 0, bottom = 0, right = 0, top = 0] = numbers(bb)
  const point = (x = 0, y = 0): Point => ({ x: round(x - left + MARGIN), y: round(top - y + MARGIN) })
  const found = new Map(objects.map((object) => [object.name, object]))
  const corner = (id: string, { width, height }: Size): Point => {
    const { x, y } = point(...numbers(found.get(id)?.pos ?? ''))
    return { x: round(x - width / 2), y: round(y - height / 2) }
  }
  const drawn = new Map(edges.map((edge) => [edge.id, edge])) // they come in another order
  const arrows = [undefined, ...drawing.arrows].map((arrow, i): PlacedArrow => {
    const edge = drawn.get(arrow ? arrowId(i - 1) : START)
    const parts = (edge?.pos ?? '').split(' ')
    const path = parts.filter((part) => !/^[es],/.test(part)).map((part) => point(...numbers(part)))
    const turned = parts.some((part) => part.startsWith('s,'))
    const end = parts.find((part) => /^[es],/.test(part))?.slice(2) ?? ''
    return {
      arrow,
      path: turned ? path.reverse() : path,
      tip: point(...numbers(end)),
      labels: arrow ? (labels[i - 1] ?? []) : [],
      at: point(...numbers(edge?.lp ?? '')),
    }
  })
  return {
    width: Math.ceil(right - left + 2 * MARGIN),
    height: Math.ceil(top - bottom + 2 * MARGIN),
    arrows,
    boxes: sized.map((box): PlacedBox => ({ ...box, ...corner(box.box.id, box) })),
    references: [...references.values()].map((reference) => ({
      ...reference,
      ...corner(reference.id, reference),
    })),
    frames: drawing.frames.map((frame): PlacedFrame => {
      const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = numbers(found.get(frameId(drawing, frame.name))?.bb ?? '')
      return { frame, ...point(x1, y2), width: round(x2 - x1), height: round(y2 - y1) }
    }),
  }
}

function numbers(text: string): number[] {
  return text === '' ? [] : text.split(',').map(Number)
}

function round(n: number): number {
  return Math.round(n * 10) / 10
}
