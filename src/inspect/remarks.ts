import {
  isChild,
  type ChildSpec,
  type Definition,
  type MapState,
  type ParallelState,
  type StateDefinition,
  type WaitState,
} from '../definition/definition.ts'
import type { Exit } from '../definition/exit.ts'
import { readDefinition } from '../definition/read-definition.ts'
import { sayAny, sayDuration } from './drawn-text.ts'
import { sayExitAlone } from './exit-text.ts'

/** What is written beside an exit; nothing for a move that a handler makes by itself. */
export function sayExit(state: StateDefinition, exit: Exit): string {
  if (exit.by === 'step' && state.kind === 'timer')
    return state.forMs === undefined ? 'when it is time' : `after ${sayDuration(state.forMs)}`
  const said = sayExitAlone(exit)
  if (exit.by === 'signal') return `${said}${sayVotes(state, exit.signal)}`
  const undoes = exit.by === 'catch' && exit.of === 'transaction' && 'transaction' in state
  return undoes ? `${said}, undoing ${state.transaction}` : said
}

function sayVotes(state: StateDefinition, signal: string): string {
  const { count = 1, roles = [] } = ('on' in state && state.on.get(signal)) || {}
  const times = count > 1 ? ` x${count}` : ''
  const by = roles.length > 0 ? ` by ${sayAny(roles)}` : ''
  return `${times}${by}`
}

/** What a person should know of a state besides its exits, line by line. */
export function remarksOn(state: StateDefinition, { transactions }: Definition): readonly string[] {
  const lines = [state.description?.trim() ?? '']
  if (state.kind === 'final') return lines.filter(Boolean)
  lines.push(...sayKind(state))
  if (state.kind === 'parallel') lines.push(...sayBranches(state))
  if (state.kind === 'wait') lines.push(...sayReminders(state))
  if (state.undo) lines.push(`${state.kind === 'map' ? 'each is ' : ''}undone by ${state.undo.method}`)
  const { transaction } = state
  if (transaction !== undefined && transactions.has(transaction)) lines.push(`in transaction ${transaction}`)
  return lines.filter(Boolean)
}

/** What a state does with its items, branches or child, where its kind alone does not say it. */
export function sayKind(state: StateDefinition): readonly string[] {
  if (state.kind === 'map') return [sayMap(state)]
  if (state.kind === 'child') return [`${state.detached ? 'starts' : 'runs'} ${nameOf(state.child)}`]
  return state.kind === 'parallel' ? [sayJoin(state)].filter(Boolean) : []
}

function sayMap({ item, concurrency }: MapState): string {
  return `for each${isChild(item) ? ` a run of ${nameOf(item)}` : ''}, ${concurrency} at once`
}

function sayJoin({ branches, join }: ParallelState): string {
  const rules = { all: '', any: 'the first that succeeds', settled: 'until all have ended' }
  return typeof join === 'function'
    ? 'until a rule is met'
    : typeof join === 'number'
      ? `until ${join} of ${branches.size} succeed`
      : rules[join]
}

function sayBranches({ branches }: ParallelState): readonly string[] {
  return [...branches].flatMap(([name, { description, undo }]) => [
    description ? `${name}: ${description.trim()}` : '',
    undo ? `${name} is undone by ${undo.method}` : '',
  ])
}

/** When a wait reminds, reminder by reminder. */
export function sayReminders({ reminders }: WaitState): readonly string[] {
  return reminders.map(({ method, afterMs, everyMs, times }) => {
    const every = everyMs === undefined ? '' : `, then every ${sayDuration(everyMs)}`
    const most = times === Infinity || everyMs === undefined ? '' : `, ${times} times`
    return `${method} after ${sayDuration(afterMs)}${every}${most}`
  })
}

function nameOf({ workflow }: ChildSpec): string {
  return readDefinition(workflow).name
}
