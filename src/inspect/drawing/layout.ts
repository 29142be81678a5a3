import type * as VizPackage from '@viz-js/viz'
import { StepwrightError } from '../../errors/stepwright-error.ts'
import type { Arrow, Box, Drawing, Frame } from './drawing.ts'
import { readingOrder, type ReadingOrder } from './reading-order.ts'
import { farArrows } from './references.ts'
import { shown, sizeBox, ICON, LABEL, LINE, type SizedBox } from './box-size.ts'
import { cut, widthOf } from './lettering.ts'

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

const INCH = 72
const START = 'start'
const LONGEST_LABEL = 190
const FRAME_TITLE = 20

/**
 * Gives everything its place, by Graphviz.
 *
 * @throws StepwrightError `module-missing` where `@viz-js/viz` is not installed.
 */
export async function layOut(drawing: Drawing): Promise<Layout> {
  const order = readingOrder(drawing)
  const far = farArrows(drawing, order)
  const plan: Plan = {
    ...{ drawing, far, back: order.back },
    sized: inOrder(drawing.boxes, order).map(sizeBox),
    labels: drawing.arrows.map(labelsOf),
    references: referencesTo(far, drawing),
  }
  const result = (await graphviz()).render(graphOf(plan), { format: 'json0' })
  if (result.status === 'failure')
    throw new Error(
      `Graphviz could not lay out ${drawing.name}: ${result.errors.map(({ message }) => message).join('; ')}`,
    )
  return placed(JSON.parse(result.output) as Answer, plan)
}

interface Size {
  readonly width: number
  readonly height: number
}

/** A name that stands for a box far away. */
interface Reference extends Size {
  readonly id: string
  readonly box: Box
}

/** What is to be laid out. */
interface Plan {
  readonly drawing: Drawing
  readonly sized: readonly SizedBox[]
  /** Of each arrow, in their order. */
  readonly labels: readonly (readonly string[])[]
  readonly far: ReadonlySet<Arrow>
  readonly back: ReadonlySet<Arrow>
  /** By {@link keyOf} their arrows. */
  readonly references: ReadonlyMap<string, Reference>
}

/** How long Graphviz looks for something better; a drawing of hundreds of boxes takes seconds then, not minutes. */
const PATIENCE = { nslimit: 3, nslimit1: 3, searchsize: 20 } as const

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

async function graphviz(): Promise<VizPackage.Viz> {
  let module: typeof VizPackage
  try {
    module = await import('@viz-js/viz')
  } catch (cause) {
    throw new StepwrightError('module-missing', {
      what: 'A drawing as SVG is laid out by Graphviz, and the package @viz-js/viz, which brings it, is not installed',
      remedy: 'Run npm install @viz-js/viz, or draw as Mermaid or DOT',
      cause,
    })
  }
  return module.instance()
}

function labelsOf({ labels, mark }: Arrow): readonly string[] {
  const count = mark && mark.count > 1 ? [`${mark.count} times`] : []
  return [...labels, ...count].map((label) => cut(label, LONGEST_LABEL, LABEL))
}

/** An empty table of that size: the place of something that Graphviz does not draw itself. */
function place(width: number, height: number): { readonly html: string } {
  const size = `WIDTH="${Math.ceil(width)}" HEIGHT="${Math.ceil(height)}"`
  return {
    html: `<TABLE FIXEDSIZE="TRUE" ${size} BORDER="0" CELLBORDER="0" CELLPADDING="0" CELLSPACING="0"><TR><TD></TD></TR></TABLE>`,
  }
}

/** How much an arrow pulls its two boxes together: the way that is meant stays straight. */
const WEIGHTS = { step: 8, signal: 6, expires: 2, visits: 1, catch: 1 } as const

function graphOf(plan: Plan): VizPackage.Graph {
  const { drawing, sized, labels, references, back } = plan
  const { arrows, frames, initial } = drawing
  const node = ([name, { width, height }]: readonly [string, Size]): object => ({
    name,
    attributes: { width: width / INCH, height: height / INCH },
  })
  return {
    directed: true,
    graphAttributes: {
      rankdir: 'TB',
      nodesep: 0.4,
      ranksep: 0.42,
      compound: true,
      newrank: true,
      ...PATIENCE,
    },
    nodeAttributes: { shape: 'box', fixedsize: true, label: '' },
    nodes: [
      ...[[START, { width: 14, height: 14 }] as const, ...sized.map((box) => [box.box.id, box] as const)].map(
        node,
      ),
      ...[...references.values()].map((reference) => node([reference.id, reference])),
    ] as VizPackage.Graph['nodes'],
    edges: [
      { tail: START, head: initial, attributes: { id: 'start', weight: 8 } },
      ...arrows.map((arrow, i) => {
        const reference = references.get(keyOf(arrow))
        const turned = back.has(arrow) && !reference
        const ends = [arrow.from, reference && plan.far.has(arrow) ? reference.id : arrow.to] as const
        const [tail, head] = turned ? ends.toReversed() : ends
        const frame =
          arrow.frame === undefined ? {} : { [turned ? 'lhead' : 'ltail']: frameId(drawing, arrow.frame) }
        const dir = turned ? { dir: 'back' } : {} // so that Graphviz has no circles to open by itself
        const attributes = {
          id: `e${i}`,
          weight: WEIGHTS[arrow.by],
          ...dir,
          ...frame,
          ...labelPlace(labels[i] ?? []),
        }
        return { tail, head, attributes }
      }),
      ...lonely(plan).map(({ tail, head }) => ({
        tail,
        head,
        attributes: { id: '', style: 'invis', weight: 0 },
      })),
    ] as VizPackage.Graph['edges'],
    subgraphs: frames.map(({ name, boxes }) => ({
      name: frameId(drawing, name),
      graphAttributes: { margin: 14, label: place(widthOf(name, LABEL) + 110, FRAME_TITLE), labeljust: 'l' },
      nodes: boxes.map((id) => ({ name: id })),
    })),
  } as VizPackage.Graph
}

/** Ends that no line leads to stand at the foot of the drawing, not at its head. */
function lonely({
  drawing: { arrows, boxes, initial },
  far,
  sized,
}: Plan): readonly { tail: string; head: string }[] {
  const near = new Set(arrows.filter((arrow) => !far.has(arrow)).flatMap(({ from, to }) => [from, to]))
  const alone = boxes.filter(({ id }) => !near.has(id) && id !== initial).map(({ id }) => id)
  const foot = sized.findLast(({ box }) => near.has(box.id))?.box.id ?? initial
  return alone.map((head) => ({ tail: foot, head }))
}

function frameId({ frames }: Drawing, name: string): string {
  return `cluster_${frames.findIndex((frame) => frame.name === name)}`
}

function labelPlace(labels: readonly string[]): object {
  if (labels.length === 0) return {}
  const width = Math.max(...labels.map((label) => widthOf(label, LABEL)))
  return { label: place(width + ICON + 14, labels.length * LINE) }
}

/** What Graphviz answers: points, with the origin at the lower left. */
interface Answer {
  readonly bb: string
  readonly objects: readonly { readonly name: string; readonly pos?: string; readonly bb?: string }[]
  readonly edges?: readonly { readonly id: string; readonly pos: string; readonly lp?: string }[]
}

/** Around everything. */
const MARGIN = 16

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
    const edge = drawn.get(arrow ? `e${i - 1}` : 'start')
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
