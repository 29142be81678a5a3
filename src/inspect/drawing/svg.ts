import type { Definition } from '../../definition/definition.ts'
import { drawingOf, type Drawing } from './drawing.ts'
import type { DrawingOptions } from './drawing-options.ts'
import { drawArrow } from './svg-arrow.ts'
import { drawBox, drawReference } from './svg-box.ts'
import { drawHeading, drawLegend } from './svg-legend.ts'
import { layOut, type Layout, type PlacedFrame } from './layout.ts'
import { element, xml } from './markup.ts'
import { STYLE } from './paints.ts'

/** The least width, so that heading and legend have room. */
const NARROWEST = 420

/**
 * A definition as an SVG, laid out by Graphviz: light, or dark where the reader prefers that; no scripts, nothing that is
 * loaded. Each state is a group with `data-state="<name>"`, each arrow one with `data-edge="<from>><to>"`, where the `from`
 * of an arrow that leaves any state is `*` and that of one that leaves a transaction is its name, with `data-frame`.
 * The same text for the same definition and options.
 *
 * @throws StepwrightError `module-missing` where the optional package `@viz-js/viz` is not installed.
 * @example
 * await writeFile('article.svg', await toSvg(readDefinition(Article)))
 */
export async function toSvg(definition: Definition, options: DrawingOptions = {}): Promise<string> {
  return drawSvg(drawingOf(definition, options))
}

/** A drawing as an SVG. */
export async function drawSvg(drawing: Drawing): Promise<string> {
  return svgOf(drawing, await layOut(drawing))
}

function svgOf(drawing: Drawing, layout: Layout): string {
  const width = Math.max(NARROWEST, layout.width)
  const heading = drawHeading(drawing, width)
  const legend = drawLegend(drawing, width)
  const height = heading.height + layout.height + legend.height
  const names = new Map(drawing.boxes.map(({ id, state }) => [id, state]))
  const parts = [
    ...layout.frames.map(drawFrame),
    ...layout.arrows.map((arrow) => drawArrow(arrow, names)),
    ...layout.references.map(drawReference),
    ...layout.boxes.map((box) => drawBox(box, drawing)),
  ]
  const move = `translate(${Math.round((width - layout.width) / 2)} ${heading.height})`
  return `${element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      class: 'sw-drawing',
      ...{ width, height, viewBox: `0 0 ${width} ${height}`, role: 'graphics-document document' },
    },
    ...[
      element('title', {}, xml(`Workflow ${drawing.name}`)),
      element('desc', {}, xml(summary(drawing))),
      element('style', {}, STYLE),
      element('rect', { class: 'sw-paper', width, height }),
      heading.markup,
      element('g', { transform: move }, '\n', ...parts.map((part) => `${part}\n`)),
      element('g', { transform: `translate(0 ${heading.height + layout.height})` }, legend.markup),
    ].map((part) => `\n${part}`),
    '\n',
  )}\n`
}

function summary({ boxes, initial, marks, description }: Drawing): string {
  const states = boxes.filter(({ kind }) => kind !== 'any')
  const begin = states.find(({ id }) => id === initial)?.state
  const runs = marks
    ? ` Marked with what ${marks.whose ?? (marks.tally.runs === 1 ? 'a run' : `${marks.tally.runs} runs`)} did.`
    : ''
  return `${description ? `${description}. ` : ''}${states.length} states; begins in ${begin}.${runs}`
}

function drawFrame({ frame, x, y, width, height }: PlacedFrame): string {
  return element(
    'g',
    { class: 'sw-frame', 'data-frame': frame.name, transform: `translate(${x} ${y})` },
    element('title', {}, xml(`Transaction ${frame.name}: its states are undone together`)),
    element('rect', { class: 'sw-frame-rim', width, height, rx: 10 }),
    element('text', { class: 'sw-dim', x: 12, y: 18 }, xml(`transaction ${frame.name}`)),
  )
}
