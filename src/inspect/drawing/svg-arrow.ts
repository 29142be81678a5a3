import { LINE, LABEL, ICON } from './box-size.ts'
import { ANY_BOX, type Arrow } from './drawing.ts'
import { ICONS, type IconName } from './icons.ts'
import type { PlacedArrow, Point } from './layout.ts'
import { widthOf } from './lettering.ts'
import { element, xml } from './markup.ts'

const TIP = 4.2

/** An arrow of a drawing; `names` of the states by their boxes. */
export function drawArrow(placed: PlacedArrow, names: ReadonlyMap<string, string>): string {
  const { arrow, path, tip } = placed
  const [begin = tip, ...rest] = path
  const line = element('path', { class: 'sw-line', d: `M${at(begin)} C${rest.map(at).join(' ')}` })
  const head = element('path', { class: 'sw-tip', d: arrowhead(path.at(-1) ?? begin, tip) })
  if (!arrow)
    return element(
      'g',
      { class: 'sw-start' },
      element('title', {}, 'Runs begin here'),
      element('circle', { class: 'sw-dot', cx: begin.x, cy: begin.y, r: 6 }),
      ...[line, head],
    )
  const from = arrow.frame ?? (arrow.from === ANY_BOX ? '*' : names.get(arrow.from))
  const to = names.get(arrow.to)
  return element(
    'g',
    { class: classOf(arrow), 'data-edge': `${from}>${to}`, 'data-frame': arrow.frame },
    element('title', {}, xml(`${from} to ${to}${sayLabels(arrow)}`)),
    ...[line, head],
    ...drawLabels(placed, arrow),
  )
}

function classOf({ by, mark, change }: Arrow): string {
  const taken = mark && (mark.count > 0 ? 'sw-taken' : 'sw-untouched')
  return ['sw-arrow', `sw-${by}`, taken, change && `sw-${change}`].filter(Boolean).join(' ')
}

function sayLabels({ labels, mark }: Arrow): string {
  const said = [...labels, ...(mark ? [`taken ${mark.count} times`] : [])]
  return said.length > 0 ? `: ${said.join('; ')}` : ''
}

/** The picture before what is written beside an arrow. */
export function iconOf({ by, labels }: Pick<Arrow, 'by' | 'labels'>): IconName | undefined {
  if (labels.length === 0) return undefined
  const icons = {
    step: 'timer',
    signal: 'signal',
    expires: 'timer',
    visits: 'visits',
    catch: 'catch',
  } as const
  return icons[by]
}

function drawLabels({ labels, at: middle }: PlacedArrow, arrow: Arrow): readonly string[] {
  if (labels.length === 0) return []
  const icon = iconOf(arrow)
  const width = Math.max(...labels.map((label) => widthOf(label, LABEL))) + (icon ? ICON + 3 : 0)
  const x = middle.x - width / 2
  const top = middle.y - (labels.length * LINE) / 2
  return [
    ...(icon ? [drawIcon(icon, x, top + 1)] : []),
    ...labels.map((label, i) =>
      element(
        'text',
        { class: 'sw-label', x: Math.round(x + (icon ? ICON + 3 : 0)), y: Math.round(top + 12 + i * LINE) },
        xml(label),
      ),
    ),
  ]
}

export function drawIcon(icon: IconName, x: number, y: number, more = ''): string {
  const place = `translate(${Math.round(x)} ${Math.round(y)})`
  return element('path', { class: `sw-icon${more}`, d: ICONS[icon], transform: place })
}

function at({ x, y }: Point): string {
  return `${x} ${y}`
}

function arrowhead(base: Point, tip: Point): string {
  const length = Math.hypot(tip.x - base.x, tip.y - base.y) || 1
  const [x, y] = [(tip.x - base.x) / length, (tip.y - base.y) / length]
  const side = (sign: number): Point => ({
    x: Math.round((base.x - sign * y * TIP) * 10) / 10,
    y: Math.round((base.y + sign * x * TIP) * 10) / 10,
  })
  return `M${at(tip)} L${at(side(1))} L${at(side(-1))} Z`
}
