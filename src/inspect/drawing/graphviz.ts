import type * as VizPackage from '@viz-js/viz'
import { StepwrightError } from '../../errors/stepwright-error.ts'
import { ICON, LABEL, LINE } from './box-size.ts'
import type { Arrow, Drawing } from './drawing.ts'
import { widthOf } from './lettering.ts'
import { referenceOf, type Plan, type Size } from './plan.ts'

type Graph = VizPackage.Graph
type Node = NonNullable<Graph['nodes']>[number]
type Edge = NonNullable<Graph['edges']>[number]

/** What Graphviz answers: points, with the origin at the lower left. */
export interface Answer {
  readonly bb: string
  readonly objects: readonly { readonly name: string; readonly pos?: string; readonly bb?: string }[]
  readonly edges?: readonly { readonly id?: string; readonly pos: string; readonly lp?: string }[]
}

/**
 * Has Graphviz lay out what was planned.
 *
 * @throws StepwrightError `module-missing` where `@viz-js/viz` is not installed.
 */
export async function askGraphviz(plan: Plan): Promise<Answer> {
  const result = (await load()).render(graphOf(plan), { format: 'json0' })
  if (result.status === 'success') return JSON.parse(result.output) as Answer
  const why = result.errors.map(({ message }) => message).join('; ')
  throw new Error(`Graphviz could not lay out ${plan.drawing.name}: ${why}`)
}

async function load(): Promise<VizPackage.Viz> {
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

const INCH = 72
/** The point where runs begin, and its arrow. */
export const START = 'start'
const FRAME_TITLE = 20
/** How long Graphviz looks for something better; a drawing of hundreds of boxes takes seconds then, not minutes. */
const PATIENCE = { nslimit: 3, nslimit1: 3, searchsize: 20 } as const
/** How much an arrow pulls its two boxes together: the way that is meant stays straight. */
const WEIGHTS = { step: 8, signal: 6, expires: 2, visits: 1, catch: 1 } as const

function graphOf(plan: Plan): Graph {
  const { drawing, sized, references } = plan
  const { arrows, frames, initial } = drawing
  const begin: Edge = { tail: START, head: initial, attributes: { id: START, weight: 8 } }
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
      nodeOf(START, { width: 14, height: 14 }),
      ...sized.map((box) => nodeOf(box.box.id, box)),
      ...[...references.values()].map((reference) => nodeOf(reference.id, reference)),
    ],
    edges: [begin, ...arrows.map((arrow, i) => edgeOf(arrow, i, plan)), ...unseen(plan)],
    subgraphs: frames.map(({ name, boxes }) => ({
      name: frameId(drawing, name),
      graphAttributes: { margin: 14, label: place(widthOf(name, LABEL) + 110, FRAME_TITLE), labeljust: 'l' },
      nodes: boxes.map((id) => ({ name: id })),
    })),
  }
}

function nodeOf(name: string, { width, height }: Size): Node {
  return { name, attributes: { width: width / INCH, height: height / INCH } }
}

/** An arrow that leads back is handed over the other way round, so that Graphviz has no circle to open by itself. */
function edgeOf(arrow: Arrow, i: number, plan: Plan): Edge {
  const { drawing, labels, back } = plan
  const { from, to, by, frame } = arrow
  const reference = referenceOf(arrow, plan)
  const turned = back.has(arrow) && !reference
  const end = reference?.id ?? to
  return {
    tail: turned ? end : from,
    head: turned ? from : end,
    attributes: {
      ...{ id: arrowId(i), weight: WEIGHTS[by], dir: turned ? 'back' : 'forward' },
      ...(frame === undefined ? {} : { [turned ? 'lhead' : 'ltail']: frameId(drawing, frame) }),
      ...labelPlace(labels[i] ?? []),
    },
  }
}

/** Ends that no line leads to stand at the foot of the drawing, not at its head. */
function unseen({ drawing, far, sized }: Plan): readonly Edge[] {
  const { arrows, boxes, initial } = drawing
  const near = new Set(arrows.flatMap((arrow) => (far.has(arrow) ? [arrow.from] : [arrow.from, arrow.to])))
  const alone = boxes.filter(({ id }) => !near.has(id) && id !== initial).map(({ id }) => id)
  const foot = sized.findLast(({ box }) => near.has(box.id))?.box.id ?? initial
  return alone.map((head) => ({ tail: foot, head, attributes: { style: 'invis', weight: 0 } }))
}

/** How an arrow is called in the answer, by its place among all. */
export function arrowId(i: number): string {
  return `e${i}`
}

export function frameId({ frames }: Drawing, name: string): string {
  return `cluster_${frames.findIndex((frame) => frame.name === name)}`
}

function labelPlace(labels: readonly string[]): object {
  if (labels.length === 0) return {}
  const width = Math.max(...labels.map((label) => widthOf(label, LABEL)))
  return { label: place(width + ICON + 14, labels.length * LINE) }
}

/** An empty table of that size: the place of something that Graphviz does not draw itself. */
function place(width: number, height: number): { readonly html: string } {
  const size = `WIDTH="${Math.ceil(width)}" HEIGHT="${Math.ceil(height)}"`
  return {
    html: `<TABLE FIXEDSIZE="TRUE" ${size} BORDER="0" CELLBORDER="0" CELLPADDING="0" CELLSPACING="0"><TR><TD></TD></TR></TABLE>`,
  }
}
