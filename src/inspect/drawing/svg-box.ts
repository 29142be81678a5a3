import { LABEL, PADDING, ICON, SHEET, shown, type Piece, type SizedBranch } from './box-size.ts'
import type { Box, Drawing } from './drawing.ts'
import { MEANINGS } from './icons.ts'
import type { PlacedBox, PlacedReference } from './layout.ts'
import { cut, widthOf } from './lettering.ts'
import { element, xml } from './markup.ts'
import { drawIcon } from './svg-arrow.ts'

/** A state of a drawing. */
export function drawBox({ box, x, y, width, height, pieces }: PlacedBox, { marks }: Drawing): string {
  const { kind, state, mark } = box
  const ends = kind === 'end' || kind === 'bad-end'
  const sheet = kind === 'map' ? SHEET : 0
  const size = { width: width - sheet, height: height - sheet }
  const rim = { class: 'sw-box', ...size, rx: ends ? Math.min(22, height / 2) : 7 }
  const present = mark?.present
  const here = present && marks?.tally.runs === 1 ? present : undefined
  return element(
    'g',
    {
      class: classOf(box),
      'data-state': kind === 'any' ? undefined : state,
      transform: `translate(${x} ${y})`,
      role: 'graphics-symbol',
    },
    element('title', {}, xml(sayBox(box))),
    ...(sheet > 0 ? [element('rect', { ...rim, x: sheet, y: sheet })] : []),
    element('rect', rim),
    ...(kind === 'child'
      ? [element('rect', { class: 'sw-box', x: 3.5, y: 3.5, width: width - 7, height: height - 7, rx: 4 })]
      : []),
    drawIcon(kind, PADDING, PADDING + 2, ' sw-kind'),
    ...pieces.map(drawPiece),
    ...(here ? [drawHere(here === 'failed' ? 'failed here' : 'here', width)] : []),
  )
}

function classOf({ kind, mark, change }: Box): string {
  const { present, untouched, heat } = mark ?? {}
  const heated = heat === undefined ? '' : `sw-heat-${heat}`
  const touched = untouched ? 'sw-untouched' : mark ? 'sw-visited' : ''
  return ['sw-state', `sw-${kind}`, touched, present && `sw-${present}`, heated, change && `sw-${change}`]
    .filter(Boolean)
    .join(' ')
}

/** All that is known of a state, nothing cut off. */
function sayBox({ state, kind, description, remarks, signs, branches, mark }: Box): string {
  return [
    `${state} (${MEANINGS[kind]})`,
    ...(description ? [description] : []),
    ...remarks,
    ...signs.map(({ sign, text }) => (sign === 'undo' ? `undone by ${text}` : text)),
    ...branches.map(
      (branch) => `branch ${branch.name}${branch.description ? `: ${branch.description}` : ''}`,
    ),
    ...(mark?.lines ?? []),
  ].join('\n')
}

const TEXT_CLASSES = {
  title: 'sw-name',
  description: 'sw-dim',
  remark: 'sw-remark',
  mark: 'sw-mark',
} as const

function drawPiece(piece: Piece): string {
  const { x, y } = piece
  if (piece.is === 'branch') return drawBranch(piece.branch, x, y)
  if (piece.is !== 'sign') return element('text', { class: TEXT_CLASSES[piece.is], x, y }, xml(piece.text))
  const { sign, text } = piece
  const lettered = element('text', { class: 'sw-sign', x: x + ICON + 4, y: y + 11 }, xml(text))
  return drawIcon(sign.sign, x, y) + lettered
}

function drawBranch({ branch, width, height, pieces }: SizedBranch, x: number, y: number): string {
  return element(
    'g',
    { class: 'sw-region', 'data-branch': branch.name, transform: `translate(${x} ${y})` },
    element('rect', { class: 'sw-branch', width, height, rx: 4 }),
    ...pieces.map(drawPiece),
  )
}

/** A flag at the upper right corner: where a run stands. */
function drawHere(text: string, boxWidth: number): string {
  const width = Math.ceil(widthOf(text, { ...LABEL, bold: true })) + 12
  const x = boxWidth - width + 6
  return (
    element('rect', { class: 'sw-here', x, y: -11, width, height: 19, rx: 9 }) +
    element('text', { class: 'sw-here-text', x: x + 6, y: 2.5 }, xml(text))
  )
}

/** The name of a state that is drawn elsewhere. */
export function drawReference({ box, x, y, width, height }: PlacedReference): string {
  const text = cut(shown(box.state), width - ICON - 20, LABEL)
  return element(
    'g',
    { class: `sw-reference sw-${box.kind}`, transform: `translate(${x} ${y})` },
    element('title', {}, xml(`goes on in ${box.state}`)),
    element('rect', { class: 'sw-box', width, height, rx: height / 2 }),
    drawIcon('reference', 6, 4, ' sw-kind'),
    element('text', { x: ICON + 10, y: 15 }, xml(text)),
  )
}
