import type { Definition, StateDefinition, Work } from '../../definition/definition.ts'
import { exitsOf, type Exit } from '../../definition/exit.ts'
import { sayDuration } from '../drawn-text.ts'
import { sayExit, sayKind, sayReminders } from '../remarks.ts'
import { described, type DrawingOptions } from './drawing-options.ts'
import { markArrow, markBox, marksOf, type ArrowMark, type BoxMark, type Marks } from './marks.ts'

/** Everything that is drawn of a workflow, without where it stands and how it looks. */
export interface Drawing {
  readonly name: string
  readonly version: number
  readonly description: string | undefined
  /** The box in which runs begin. */
  readonly initial: string
  readonly boxes: readonly Box[]
  readonly arrows: readonly Arrow[]
  readonly frames: readonly Frame[]
  readonly marks: Marks | undefined
}

/** What a box stands for: the kinds of states, ends that only trouble leads to, and `any` for every state. */
export type BoxKind = Exclude<StateDefinition['kind'], 'final'> | 'end' | 'bad-end' | 'any'

/** What became of something between two versions. */
export const CHANGES = ['added', 'removed', 'changed'] as const
/** One of {@link CHANGES}. */
export type Change = (typeof CHANGES)[number]

/** A state, or for `any` what all states have in common. */
export interface Box {
  /** `n1`, `n2` and so on; `n0` for `any`. */
  readonly id: string
  readonly state: string
  readonly kind: BoxKind
  readonly description: string | undefined
  /** What its kind does not say: `for each, 8 at once`. */
  readonly remarks: readonly string[]
  readonly signs: readonly Sign[]
  /** Those of a parallel state. */
  readonly branches: readonly BranchBox[]
  readonly mark: BoxMark | undefined
  /** In a drawing of two versions. */
  readonly change?: Change | undefined
}

/** A branch, inside the box of its state. */
export interface BranchBox {
  readonly name: string
  readonly description: string | undefined
  readonly signs: readonly Sign[]
}

/** A policy that has a sign of its own, with what is written beside it. */
export interface Sign {
  readonly sign: SignName
  readonly text: string
}
export type SignName = 'retries' | 'timeout' | 'undo' | 'visits' | 'cache' | 'reminder' | 'irreversible'

/** One or several exits of one cause that lead from one box to another. */
export interface Arrow {
  readonly from: string
  readonly to: string
  /** Of a transaction: it leaves its frame, wherever in it the run stands. */
  readonly frame: string | undefined
  readonly by: Exit['by']
  /** What is written beside it, line by line. */
  readonly labels: readonly string[]
  readonly mark: ArrowMark | undefined
  /** In a drawing of two versions. */
  readonly change?: Change | undefined
}

/** The states of a transaction. */
export interface Frame {
  readonly name: string
  readonly boxes: readonly string[]
}

export const ANY_BOX = 'n0'

/** A definition as boxes, arrows and frames; the same for the same definition. */
export function drawingOf(definition: Definition, options: DrawingOptions = {}): Drawing {
  const { name, version, description, initial, states, transactions } = described(definition, options)
  const marks = marksOf(options)
  const all = [...states.values()]
  const ids = new Map(all.map((state, i) => [state.name, `n${i + 1}`]))
  const id = (state: string): string => ids.get(state) ?? ''
  const arrows = arrowsOf(all, id).map(({ moves, ...arrow }) => ({ ...arrow, mark: markArrow(moves, marks) }))
  const bad = badEnds(arrows, id(initial))
  const boxes = all.map((state) => boxOf(state, id(state.name), bad, marks))
  return {
    ...{ name, version, description, marks, arrows },
    initial: id(initial),
    boxes: arrows.some(({ from }) => from === ANY_BOX) ? [...boxes, ANY] : boxes,
    frames: [...transactions.values()].map((group) => ({ name: group.name, boxes: group.states.map(id) })),
  }
}

const ANY: Box = {
  ...{ id: ANY_BOX, state: 'any state', kind: 'any', description: undefined, mark: undefined },
  ...{ remarks: [], signs: [], branches: [] },
}

function boxOf(state: StateDefinition, id: string, bad: ReadonlySet<string>, marks: Marks | undefined): Box {
  const kind = state.kind === 'final' ? (bad.has(id) ? 'bad-end' : 'end') : state.kind
  const branches = state.kind === 'parallel' ? [...state.branches] : []
  return {
    ...{ id, kind },
    state: state.name,
    description: state.description?.trim() || undefined,
    remarks: sayKind(state),
    signs: signsOf(state),
    branches: branches.map(([name, branch]) => ({
      name,
      description: branch.description?.trim() || undefined,
      signs: [
        ...triesOf(branch),
        ...(branch.undo ? [{ sign: 'undo', text: branch.undo.method } as const] : []),
      ],
    })),
    mark: markBox(state.name, marks),
  }
}

/** Attempts and their limit are drawn where they are not what every handler has. */
const USUAL = { maxAttempts: 3, timeoutMs: 5 * 6e4 } as const

function triesOf({ retry, timeoutMs }: Pick<Work, 'retry' | 'timeoutMs'>): readonly Sign[] {
  const { maxAttempts } = retry
  const tries = maxAttempts === 1 ? '1 attempt' : `${maxAttempts} attempts`
  return [
    ...(maxAttempts === USUAL.maxAttempts ? [] : [{ sign: 'retries', text: tries } as const]),
    ...(timeoutMs === USUAL.timeoutMs ? [] : [{ sign: 'timeout', text: sayDuration(timeoutMs) } as const]),
  ]
}

function signsOf(state: StateDefinition): readonly Sign[] {
  const signs: Sign[] = state.method === undefined ? [] : [...triesOf(state)]
  if (state.effect === 'irreversible') signs.push({ sign: 'irreversible', text: 'irreversible' })
  if (state.kind === 'final') return signs
  if (state.undo) signs.push({ sign: 'undo', text: state.undo.method })
  if (state.maxVisits) {
    const { times } = state.maxVisits
    signs.push({ sign: 'visits', text: `${times} ${times === 1 ? 'visit' : 'visits'} at most` })
  }
  if (state.kind === 'step' && state.cache)
    signs.push({ sign: 'cache', text: `kept for ${sayDuration(state.cache.ttlMs)}` })
  if (state.kind === 'wait') for (const text of sayReminders(state)) signs.push({ sign: 'reminder', text })
  return signs
}

type Unmarked = Omit<Arrow, 'mark'> & { moves: { from: string; to: string; by: Exit; last: boolean }[] }

/** The exits of all states; those of one cause between the same boxes are one arrow. */
function arrowsOf(all: readonly StateDefinition[], id: (state: string) => string): readonly Unmarked[] {
  const arrows = new Map<string, Unmarked & { labels: string[] }>()
  for (const state of all) {
    const exits = exitsOf(state)
    for (const exit of exits) {
      const of = exit.by === 'catch' ? exit.of : undefined
      const frame = of === 'transaction' && 'transaction' in state ? state.transaction : undefined
      const from = of === 'workflow' ? ANY_BOX : id(state.name)
      const key = JSON.stringify([frame ?? from, frame !== undefined, id(exit.to), exit.by])
      const arrow = arrows.get(key) ?? { from, to: id(exit.to), frame, by: exit.by, labels: [], moves: [] }
      arrows.set(key, arrow)
      const said = sayExit(state, exit)
      const label = frame === undefined ? said : said.replace(/, undoing [^]*$/, '') // the frame says it
      if (label !== '' && !arrow.labels.includes(label)) arrow.labels.push(label)
      const last = exits.filter((other) => other.to === exit.to).at(-1) === exit
      arrow.moves.push({ from: state.name, to: exit.to, by: exit, last })
    }
  }
  return [...arrows.values()]
}

/** Ends that no handler and no signal leads to: only failures, expiries and limits of visits. */
function badEnds(arrows: readonly Arrow[], initial: string): ReadonlySet<string> {
  const good = new Set(arrows.filter(({ by }) => by === 'step' || by === 'signal').map(({ to }) => to))
  return new Set(arrows.map(({ to }) => to).filter((to) => !good.has(to) && to !== initial))
}
