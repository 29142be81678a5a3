import type { Definition } from '../../definition/definition.ts'
import { shown } from './box-size.ts'
import { drawingOf, ANY_BOX, type Arrow, type Box, type Drawing } from './drawing.ts'
import { sayCounted } from './marks.ts'
import type { DrawingOptions } from './drawing-options.ts'

/** A stretch of a line, and how it is meant. */
export interface Span {
  readonly text: string
  readonly tone: 'plain' | 'strong' | 'good' | 'bad' | 'warn' | 'dim'
}

/** What a state of each kind does; of a step that is plain. */
const KINDS: Readonly<Record<Box['kind'], string>> = {
  step: '',
  wait: 'waits',
  timer: 'timer',
  child: 'child run',
  map: 'map',
  parallel: 'side by side',
  end: 'end',
  'bad-end': 'end, in trouble',
  any: '',
}

const TONES = { step: 'plain', signal: 'plain', expires: 'warn', visits: 'warn', catch: 'bad' } as const

/**
 * A definition as text for a terminal: its states one under the other, each with what is known of it and with an arrow
 * for each way out.
 *
 * @example
 * toText(readDefinition(Quiz))
 * // quiz
 * //
 * // * ask  [waits]
 * //     answer --> done
 * // o done  [end]
 */
export function toText(definition: Definition, options: DrawingOptions = {}): string {
  const lines = textLines(drawingOf(definition, options))
  return lines.map((line) => `${line.map(({ text }) => text).join('')}\n`).join('')
}

/** The same line by line, with tones for terminals that have colours. */
export function textLines(drawing: Drawing): readonly (readonly Span[])[] {
  const { name, version, description, boxes, marks } = drawing
  const title = [strong(oneLine(name)), dim(version === 1 ? '' : `, version ${version}`)]
  const runs = marks ? [[dim(oneLine(sayCounted(marks)))]] : []
  return [
    title,
    ...(description ? [[dim(oneLine(description))]] : []),
    ...runs,
    [],
    ...boxes.flatMap((box) => boxLines(box, drawing)),
  ].map((line) => line.filter(({ text }) => text !== ''))
}

function boxLines(box: Box, drawing: Drawing): readonly (readonly Span[])[] {
  const { id, state, kind, description, remarks, signs, branches, mark } = box
  const ends = kind === 'end' || kind === 'bad-end'
  const sign = id === drawing.initial ? '* ' : ends ? 'o ' : '- '
  const { frames } = drawing
  const frame = frames.find((each) => each.boxes.includes(id))
  const notes = [
    ...remarks,
    ...signs.map(({ sign: of, text }) => (of === 'undo' ? `undone by ${text}` : text)),
    ...(frame ? [`in transaction ${frame.name}`] : []),
  ]
  const heat = mark?.heat === undefined ? '' : ` ${'#'.repeat(mark.heat).padEnd(5, '.')}`
  const present = drawing.marks?.tally.runs === 1 ? mark?.present : undefined
  const here = present === undefined ? '' : present === 'failed' ? '  <== failed here' : '  <== here'
  const tone = kind === 'bad-end' ? 'bad' : kind === 'end' ? 'good' : mark?.untouched ? 'dim' : 'strong'
  return [
    [
      { text: `${sign}${shown(oneLine(state))}`, tone },
      dim(KINDS[kind] === '' ? '' : `  [${KINDS[kind]}]`),
      dim(heat === '' ? '' : ` ${heat}`),
      { text: here, tone: present === 'failed' ? 'bad' : 'warn' },
    ],
    ...[...(description ? [description] : []), ...notes].map((note) => [dim(`    ${oneLine(note)}`)]),
    ...branches.map((branch) => {
      const undo = branch.signs.find(({ sign: of }) => of === 'undo')
      const said = [branch.description ?? '', undo ? `undone by ${undo.text}` : ''].filter(Boolean).join('; ')
      return [plain(`    | ${shown(oneLine(branch.name))}`), dim(said === '' ? '' : `: ${oneLine(said)}`)]
    }),
    ...(mark?.lines ?? []).map((line) => [{ text: `    ${oneLine(line)}`, tone: 'warn' as const }]),
    ...drawing.arrows.filter(({ from }) => from === id).map((arrow) => arrowLine(arrow, drawing)),
  ]
}

function arrowLine({ labels, by, to, frame, from, mark }: Arrow, { boxes }: Drawing): readonly Span[] {
  const target = boxes.find(({ id }) => id === to)?.state ?? ''
  const said = labels.join(', ')
  const whole = frame !== undefined && from !== ANY_BOX ? `anywhere in ${frame}: ` : ''
  const count = mark && mark.count > 0 ? (mark.count === 1 ? '  taken' : `  taken ${mark.count} times`) : ''
  return [
    {
      text: `    ${whole}${said === '' ? '' : `${oneLine(said)} `}--> ${shown(oneLine(target))}`,
      tone: TONES[by],
    },
    { text: count, tone: 'good' },
  ]
}

function oneLine(text: string): string {
  return text.replace(/[\s\p{Cc}]+/gu, ' ')
}

function strong(text: string): Span {
  return { text, tone: 'strong' }
}

function plain(text: string): Span {
  return { text, tone: 'plain' }
}

function dim(text: string): Span {
  return { text, tone: 'dim' }
}
