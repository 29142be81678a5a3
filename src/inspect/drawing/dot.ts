import type { Definition } from '../../definition/definition.ts'
import { shown } from './box-size.ts'
import { drawingOf, type Arrow, type Box, type Change, type Drawing, type Frame } from './drawing.ts'
import type { DrawingOptions } from './drawing-options.ts'
import { HEAT_FILLS } from './marks.ts'

/** Shape and colours of each kind, those of the SVG in the light. */
const LOOKS: Readonly<Record<Box['kind'], string>> = {
  step: 'shape=box, style="rounded,filled", fillcolor="#eef3ff", color="#5470c6"',
  wait: 'shape=hexagon, style=filled, fillcolor="#fff4d6", color="#b07d12"',
  timer: 'shape=octagon, style=filled, fillcolor="#e2f5f5", color="#22808a"',
  child: 'shape=box, peripheries=2, style=filled, fillcolor="#f3ebff", color="#7a4fc4"',
  map: 'shape=box3d, style=filled, fillcolor="#e9f6e6", color="#4a8f3c"',
  parallel: 'shape=component, style=filled, fillcolor="#f0f2f5", color="#5f6d7e"',
  end: 'shape=ellipse, peripheries=2, style=filled, fillcolor="#ddf5e4", color="#1d7d43"',
  'bad-end': 'shape=ellipse, peripheries=2, style=filled, fillcolor="#fde6e4", color="#c22f2f"',
  any: 'shape=box, style=dashed, color="#8a94a0"',
}

const CAUSES: Readonly<Record<Arrow['by'], string>> = {
  step: '',
  signal: '',
  expires: 'style=dotted, color="#9a6400", fontcolor="#9a6400"',
  visits: 'style=dotted, color="#9a6400", fontcolor="#9a6400"',
  catch: 'style=dashed, color="#c22f2f", fontcolor="#c22f2f"',
}

/**
 * A definition in the language of Graphviz, for its tools and those that read it. The same text for the same definition
 * and options.
 *
 * @example
 * toDot(readDefinition(Quiz)) // then: dot -Tpdf quiz.dot
 */
export function toDot(definition: Definition, options: DrawingOptions = {}): string {
  return drawDot(drawingOf(definition, options))
}

/** A drawing in the language of Graphviz. */
export function drawDot(drawing: Drawing): string {
  const lines = [
    `label=${quoted([drawing.name, drawing.description ?? ''].filter(Boolean).join('\n'))}; labelloc=t; compound=true;`,
    'fontname="Helvetica"; node [fontname="Helvetica", fontsize=12]; edge [fontname="Helvetica", fontsize=10];',
    'start [shape=point, width=0.15, label=""];',
    ...drawing.boxes.map(
      (box) =>
        `${box.id} [${[`label=${label(box)}`, LOOKS[box.kind], marked(box)].filter(Boolean).join(', ')}];`,
    ),
    ...drawing.frames.map((frame, i) => cluster(frame, i)),
    `start -> ${drawing.initial};`,
    ...drawing.arrows.map((arrow) => edge(arrow, drawing)),
  ]
  return `digraph ${quoted(drawing.name)} {\n${lines.map((line) => `  ${line}\n`).join('')}}\n`
}

function label({ state, description, remarks, signs, branches, mark }: Box): string {
  const said = signs.map(({ sign, text }) => (sign === 'undo' ? `undone by ${text}` : text))
  const inner = branches.map(({ name, signs: own }) => {
    const undo = own.find(({ sign }) => sign === 'undo')
    return `| ${shown(name)}${undo ? `, undone by ${undo.text}` : ''}`
  })
  const lines = [
    shown(state),
    ...(description ? [description] : []),
    ...remarks,
    ...inner,
    ...said,
    ...(mark?.lines ?? []),
  ]
  return quoted(lines.join('\n'))
}

/** Colours of what differs between two versions. */
const CHANGED: Readonly<Record<Change, string>> = {
  added: 'color="#1a7f37", fontcolor="#1a7f37", penwidth=3',
  removed: 'style=dashed, color="#c22f2f", fontcolor="#c22f2f", penwidth=3',
  changed: 'color="#9a6400", fontcolor="#9a6400", penwidth=3',
}

function marked({ mark, change }: Box): string {
  if (change) return CHANGED[change]
  if (!mark) return ''
  const { untouched, present, heat } = mark
  const rim = { failed: 'color="#c22f2f", penwidth=4', standing: 'color="#1558d6", penwidth=4' }
  return [
    heat === undefined ? '' : `fillcolor="${HEAT_FILLS[heat] ?? ''}"`,
    untouched ? 'color="#c4cad1", fontcolor="#8a94a0"' : '',
    present ? rim[present] : '',
  ]
    .filter(Boolean)
    .join(', ')
}

function cluster({ name, boxes }: Frame, i: number): string {
  return `subgraph cluster_${i} { label=${quoted(`transaction ${name}`)}; style=dotted; ${boxes.map((id) => `${id};`).join(' ')} }`
}

function edge({ from, to, by, labels, frame, mark, change }: Arrow, { frames }: Drawing): string {
  const count = mark && mark.count > 1 ? [`${mark.count} times`] : []
  const said = [...labels, ...count]
  const attributes = [
    said.length > 0 ? `label=${quoted(said.join('\n'))}` : '',
    CAUSES[by],
    change ? CHANGED[change] : '',
    frame === undefined ? '' : `ltail=cluster_${frames.findIndex(({ name }) => name === frame)}`,
    mark && mark.count > 0 ? 'penwidth=3' : '',
  ].filter(Boolean)
  return `${from} -> ${to}${attributes.length > 0 ? ` [${attributes.join(', ')}]` : ''};`
}

/** Text between quotes. Graphviz reads escapes and entities in labels, and no control characters. */
function quoted(text: string): string {
  const safe = text
    .toWellFormed()
    .replace(/[^\n\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, ' ')
    .replaceAll('&', '&amp;')
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll('\n', '\\n')
  return `"${safe}"`
}
