import type { Definition, StateDefinition } from '../../definition/definition.ts'
import { exitsOf } from '../../definition/exit.ts'

const WIDTH = 168
const HEIGHT = 44
const GAP = { x: 72, y: 56 }
const MARGIN = 36

/** Where a box stands. */
interface Box {
  readonly state: StateDefinition
  readonly x: number
  readonly y: number
  readonly row: number
}

/**
 * The chart of a workflow as SVG: a box for each state with `data-state`, a curve for each way between two states with
 * `data-edge="from>to"`. States stand in rows by their distance from the first one.
 */
export function drawChart(definition: Definition): Promise<string> {
  const boxes = placeBoxes(definition)
  const edges = new Map<string, readonly [Box, Box]>()
  for (const from of boxes.values())
    for (const { to } of exitsOf(from.state)) {
      const target = boxes.get(to)
      if (target) edges.set(`${from.state.name}>${to}`, [from, target])
    }
  const right = Math.max(...[...boxes.values()].map(({ x }) => x)) + WIDTH + MARGIN * 2
  const bottom = Math.max(...[...boxes.values()].map(({ y }) => y)) + HEIGHT + MARGIN
  const curves = [...edges].map(([name, [from, to]]) => drawEdge(name, from, to))
  const groups = [...boxes.values()].map((box) => drawBox(box, definition))
  return Promise.resolve(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${right}" height="${bottom}" viewBox="0 0 ${right} ${bottom}" fill="none" stroke="currentColor"><defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z" fill="context-stroke" stroke="none"/></marker></defs>${curves.join('')}${groups.join('')}</svg>`,
  )
}

function placeBoxes({ initial, states }: Definition): ReadonlyMap<string, Box> {
  const rows: string[][] = []
  const seen = new Set<string>()
  for (let row = [initial]; row.length > 0;) {
    rows.push(row)
    row.forEach((name) => seen.add(name))
    const next = row.flatMap((name) => exitsOf(states.get(name) as StateDefinition).map(({ to }) => to))
    row = [...new Set(next)].filter((name) => !seen.has(name) && states.has(name))
  }
  const unreachable = [...states.keys()].filter((name) => !seen.has(name))
  if (unreachable.length > 0) rows.push(unreachable)
  const widest = Math.max(...rows.map(({ length }) => length))
  const boxes = rows.flatMap((names, row) =>
    names.map((name, i): [string, Box] => {
      const indent = ((widest - names.length) * (WIDTH + GAP.x)) / 2
      const x = MARGIN + indent + i * (WIDTH + GAP.x)
      return [
        name,
        { state: states.get(name) as StateDefinition, x, y: MARGIN / 2 + row * (HEIGHT + GAP.y), row },
      ]
    }),
  )
  return new Map(boxes)
}

function drawEdge(name: string, from: Box, to: Box): string {
  const [x1, x2] = [from.x + WIDTH / 2, to.x + WIDTH / 2]
  const bend = GAP.y * 0.6
  const side = Math.max(from.x, to.x) + WIDTH + 48
  const path =
    to.row > from.row
      ? `M${x1} ${from.y + HEIGHT}C${x1} ${from.y + HEIGHT + bend} ${x2} ${to.y - bend} ${x2} ${to.y}`
      : // back, and to itself: round the right side
        `M${from.x + WIDTH} ${from.y + HEIGHT * 0.75}C${side} ${from.y + HEIGHT * 0.75} ${side} ${to.y + HEIGHT * 0.25} ${to.x + WIDTH} ${to.y + HEIGHT * 0.25}`
  return `<g data-edge="${escape(name)}"><title>${escape(name.replace('>', ' to '))}</title><path d="${path}" marker-end="url(#arrow)"/></g>`
}

function drawBox({ state, x, y }: Box, { initial }: Definition): string {
  const { name, kind, description } = state
  const round = kind === 'final' ? HEIGHT / 2 : 8
  const sign = name === initial ? `${kind}, first` : kind
  const label = name.length > 20 ? `${name.slice(0, 19)}…` : name
  return `<g data-state="${escape(name)}"><title>${escape(description ?? name)}</title><rect x="${x}" y="${y}" width="${WIDTH}" height="${HEIGHT}" rx="${round}"/><text x="${x + WIDTH / 2}" y="${y + 19}" text-anchor="middle" font-size="13" fill="currentColor" stroke="none">${escape(label)}</text><text x="${x + WIDTH / 2}" y="${y + 34}" text-anchor="middle" font-size="10" fill="currentColor" stroke="none" opacity="0.65">${sign}</text></g>`
}

function escape(text: string): string {
  const names: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
  return text.replace(/[&<>"]/g, (c) => names[c] ?? '').replace(/[^\t\n\x20-\uffff]/g, '')
}
