import { shown, sizeBox, ICON, LABEL, type SizedBox } from './box-size.ts'
import type { Arrow, Box, Drawing } from './drawing.ts'
import { cut, widthOf, wrap } from './lettering.ts'
import { readingOrder, type ReadingOrder } from './reading-order.ts'
import { farArrows } from './references.ts'

/** What is to be laid out: sizes are known, places are not. */
export interface Plan {
  readonly drawing: Drawing
  /** In the order in which they are read. */
  readonly sized: readonly SizedBox[]
  /** Of each arrow, in their order. */
  readonly labels: readonly (readonly string[])[]
  /** Arrows that end at a name; by their ends, those names. */
  readonly far: ReadonlySet<Arrow>
  readonly references: ReadonlyMap<string, Reference>
  /** Arrows that lead back to where the reader has been. */
  readonly back: ReadonlySet<Arrow>
}

export interface Size {
  readonly width: number
  readonly height: number
}

/** A name that stands for a box far away. */
export interface Reference extends Size {
  readonly id: string
  readonly box: Box
}

const LONGEST_LABEL = 190

export function planOf(drawing: Drawing): Plan {
  const order = readingOrder(drawing)
  const far = farArrows(drawing, order)
  return {
    drawing,
    sized: inOrder(drawing.boxes, order).map(sizeBox),
    labels: drawing.arrows.map(labelsOf),
    far,
    references: referencesTo(far, drawing),
    back: order.back,
  }
}

/** The name at which an arrow ends, where it does not end at its box. */
export function referenceOf(arrow: Arrow, { far, references }: Plan): Reference | undefined {
  return far.has(arrow) ? references.get(keyOf(arrow)) : undefined
}

function inOrder(boxes: readonly Box[], { boxes: order }: ReadingOrder): readonly Box[] {
  const places = new Map(order.map((id, i) => [id, i]))
  return boxes.toSorted((a, b) => (places.get(a.id) ?? 0) - (places.get(b.id) ?? 0))
}

function keyOf({ from, to }: Arrow): string {
  return `${from}>${to}`
}

function referencesTo(far: ReadonlySet<Arrow>, { boxes }: Drawing): ReadonlyMap<string, Reference> {
  const byId = new Map(boxes.map((box) => [box.id, box]))
  return new Map(
    [...far].flatMap((arrow) => {
      const box = byId.get(arrow.to)
      if (!box) return []
      const width = widthOf(cut(shown(box.state), LONGEST_LABEL, LABEL), LABEL) + ICON + 22
      return [[keyOf(arrow), { id: `to ${keyOf(arrow)}`, box, width: Math.ceil(width), height: 22 }] as const]
    }),
  )
}

function labelsOf({ labels, mark }: Arrow): readonly string[] {
  const count = mark && mark.count > 1 ? [`${mark.count} times`] : []
  return [...labels, ...count].flatMap((label) => wrap(shown(label), LONGEST_LABEL, 3, LABEL))
}
