import { ICON, SMALL } from './box-size.ts'
import { CHANGES, type Change, type Drawing } from './drawing.ts'
import { MEANINGS, type IconName } from './icons.ts'
import { widthOf, wrap } from './lettering.ts'
import { HOTTEST, sayCounted } from './marks.ts'
import { element, xml } from './markup.ts'
import { drawIcon, iconOf } from './svg-arrow.ts'

/** Something over or under the chart, and how much room it takes. */
interface Strip {
  readonly markup: string
  readonly height: number
}

const MARGIN = 16
const LINE = 18
/** The room of the word before the first colour. */
const NEVER = 42

/** Name and description of the workflow. */
export function drawHeading({ name, version, description = '', marks }: Drawing, width: number): Strip {
  const said = wrap(description, width - 2 * MARGIN, 3, SMALL)
  const counted = marks ? sayCounted(marks) : ''
  const heat = marks?.heat ? `, coloured by ${marks.heat}` : ''
  const lines = [...said, ...(marks ? wrap(`${counted}${heat}`, width - 2 * MARGIN, 2, SMALL) : [])]
  const title = version === 1 ? name : `${name}, version ${version}`
  const markup = [
    element('text', { class: 'sw-heading', x: MARGIN, y: 30 }, xml(title)),
    ...lines.map((line, i) => element('text', { class: 'sw-dim', x: MARGIN, y: 50 + i * LINE }, xml(line))),
  ]
  return { markup: markup.join(''), height: 44 + lines.length * LINE }
}

/** What the signs mean that are there. */
export function drawLegend(drawing: Drawing, width: number): Strip {
  const heat = drawing.marks?.heat
  const swatches = heat
    ? Array.from({ length: HOTTEST + 1 }, (_, level) => ({
        width: 20 + (level === HOTTEST ? 80 : 0) + (level === 0 ? NEVER : 0),
        draw: (x: number, y: number) => drawSwatch(level, heat, x, y),
      }))
    : []
  const items = signsIn(drawing).map((icon) => ({
    width: ICON + 6 + widthOf(MEANINGS[icon], SMALL) + 18,
    draw: (x: number, y: number) =>
      element(
        'g',
        { class: `sw-${icon}` },
        drawIcon(icon, x, y - 11, ' sw-kind'),
        element('text', { class: 'sw-dim', x: Math.round(x + ICON + 6), y }, xml(MEANINGS[icon])),
      ),
  }))
  const changed = changesIn(drawing).map((change) => ({
    width: 24 + widthOf(change, SMALL) + 18,
    draw: (x: number, y: number) => drawChange(change, x, y),
  }))
  let [x, y] = [MARGIN, 28]
  const drawn: string[] = []
  for (const item of [...items, ...swatches, ...changed]) {
    if (x > MARGIN && x + item.width > width - MARGIN) {
      x = MARGIN
      y += 20
    }
    drawn.push(item.draw(x, y))
    x += item.width
  }
  return { markup: element('g', { class: 'sw-legend' }, ...drawn), height: drawn.length > 0 ? y + 16 : 0 }
}

function drawSwatch(level: number, heat: string, x: number, y: number): string {
  const before = level === 0 ? NEVER : 0
  const words = level === 0 ? ['never', x] : level === HOTTEST ? [`most ${heat}`, x + 26] : undefined
  return element(
    'g',
    { class: `sw-heat-${level}` },
    element('rect', { class: 'sw-box', x: Math.round(x + before), y: y - 11, width: 18, height: 14 }),
    ...(words ? [element('text', { class: 'sw-dim', x: words[1], y }, xml(String(words[0])))] : []),
  )
}

function changesIn({ boxes, arrows }: Drawing): readonly Change[] {
  return CHANGES.filter((change) => [...boxes, ...arrows].some((one) => one.change === change))
}

function drawChange(change: Change, x: number, y: number): string {
  return element(
    'g',
    { class: `sw-${change}` },
    element('rect', { class: 'sw-box', x: Math.round(x), y: y - 11, width: 18, height: 14, fill: 'none' }),
    element('text', { class: 'sw-dim', x: Math.round(x + 24), y }, xml(change)),
  )
}

/** What is drawn, in the order of their meanings. */
function signsIn({ boxes, arrows }: Drawing): readonly IconName[] {
  const found = new Set<IconName | undefined>([
    ...boxes.flatMap(({ kind, signs, branches }) => [
      kind,
      ...[...signs, ...branches.flatMap((branch) => branch.signs)].map(({ sign }) => sign),
    ]),
    ...arrows.map(iconOf),
  ])
  return (Object.keys(MEANINGS) as IconName[]).filter((icon) => found.has(icon))
}
