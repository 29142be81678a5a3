import type { Spent } from '../model/model-call.ts'
import type { ReceivedSignal } from '../model/run.ts'
import { isEnded, type Status } from '../model/status.ts'
import type { RunView } from '../control/run-view.ts'
import { sayAsked, type Asked } from './asked.ts'
import { sayCaller } from './caller-argument.ts'
import { many } from './drift-text.ts'
import { sayFailure, sayVisit } from './happening-text.ts'
import { sayDate, sayDistance } from './moment.ts'
import { sayCounts } from './parts-command.ts'
import { helpLines, signalLines, timersOf, TIMER_WORDS } from './standing.ts'
import { clean, type Terminal, type Tone } from './terminal.ts'

/** What of a run does not stand in its document. */
export interface Details {
  /** What was asked of it, and no worker has taken yet. */
  readonly asked?: readonly Asked[]
  /** How many parts of its state stand where. */
  readonly parts?: Readonly<Record<string, number>>
  /** What would be undone, or is left to be, in that order. */
  readonly undo?: readonly { readonly state: string; readonly visit: number }[]
  /** How many of each signal are needed, and who may send it. */
  readonly takes?: Readonly<Record<string, { readonly count: number; readonly roles: readonly string[] }>>
}

type Line = readonly [name: string, value: string]

const TONES: { readonly [S in Status]?: Tone } = {
  completed: 'good',
  failed: 'bad',
  compensated: 'bad',
  cancelled: 'bad',
  terminated: 'bad',
  waiting: 'warn',
  paused: 'warn',
  compensating: 'warn',
  'compensation-failed': 'bad',
  quarantined: 'bad',
  'needs-migration': 'bad',
  corrupt: 'bad',
}
/** Visits to be undone that are listed. */
const UNDO_SHOWN = 10

/** A run for people, without its history. */
export function describeRun(
  view: RunView,
  details: Details,
  { file, store }: { readonly file: string | undefined; readonly store: string | undefined },
  terminal: Terminal,
): string[] {
  const { id, status, state, data, vars, may } = view
  const lines: Line[] = [
    ...originLines(view),
    ...(details.asked ?? []).map((asked) => ['asked', clean(sayAsked(asked, Date.now()))] as const),
    ...waitLines(view, details, store, terminal),
    ...workLines(view, details, terminal),
    ['data', terminal.value(data)],
    ['vars', terminal.value(vars)],
    ...(may.length > 0 ? [['may', may.join(', ')] as const] : []),
    ...helpLines(view, file, store).map((line) => ['', terminal.onOut('dim', line)] as const),
  ]
  const head = `${terminal.onOut('strong', id)}  ${terminal.onOut(TONES[status] ?? 'plain', status)} in ${terminal.onOut('strong', state)}`
  return [
    head,
    ...lines.map(
      ([name, value]) =>
        `  ${terminal.onOut('dim', name.padEnd(9))}  ${value.replaceAll('\n', `\n${' '.repeat(13)}`)}`,
    ),
  ]
}

function originLines(view: RunView): Line[] {
  const { workflow, version, session, createdAt, updatedAt, revision } = view
  const { startedBy, parent, schedule, forkedFrom } = view
  const by = startedBy ? ` by ${sayCaller(startedBy)}` : ''
  const lines: Line[] = [
    ['workflow', clean(`${workflow}, version ${version}`)],
    ['session', clean(session)],
    ['started', clean(`${timed(createdAt)}${by}`)],
    ['changed', `${timed(updatedAt)}, revision ${revision}`],
  ]
  if (parent)
    lines.push([
      'child of',
      clean(
        `${parent.run}, ${sayVisit(parent.state, parent.visit, parent.part === 'child' ? undefined : parent.part)}`,
      ),
    ])
  if (schedule !== undefined) lines.push(['schedule', clean(schedule)])
  if (forkedFrom) lines.push(['fork of', clean(`${forkedFrom.run}, from its entry ${forkedFrom.seq}`)])
  return lines
}

function waitLines(
  view: RunView,
  { takes = {} }: Details,
  store: string | undefined,
  terminal: Terminal,
): Line[] {
  const { id, status, awaits, votes = [], deadline } = view
  const lines: Line[] = []
  if (awaits.length > 0)
    lines.push(
      ['waits for', clean(awaits.join(' or '))],
      ...signalLines({ id, awaits }, store, takes).map((line) => ['', terminal.onOut('dim', line)] as const),
    )
  for (const name of new Set([...awaits, ...votes.map((vote) => vote.name)])) {
    const said = sayVotes(
      votes.filter((vote) => vote.name === name),
      takes[name],
    )
    if (said !== undefined) lines.push(['votes', clean(`${name}: ${said}`)])
  }
  for (const { kind, at } of timersOf(view)) lines.push([TIMER_WORDS[kind].heading, timed(at)])
  if (deadline !== undefined && !isEnded(status)) lines.push(['deadline', timed(deadline)])
  return lines
}

/** `undefined` where one signal of anybody is enough, as far as that is known. */
function sayVotes(
  votes: readonly ReceivedSignal[],
  take: { readonly count: number; readonly roles: readonly string[] } | undefined,
): string | undefined {
  const needed = take && take.count > 1 ? ` of ${take.count}` : ''
  const roles = take && take.roles.length > 0 ? `may be sent by ${take.roles.join(' or ')}` : ''
  if (votes.length === 0 && needed === '') return roles === '' ? undefined : roles
  const callers = votes.flatMap(({ caller }) => (caller ? [sayCaller(caller)] : []))
  const who = callers.length > 0 ? `, from ${callers.join(' and ')}` : ''
  return `${votes.length}${needed}${who}${roles === '' ? '' : `; ${roles}`}`
}

function workLines(view: RunView, { parts, undo = [] }: Details, terminal: Terminal): Line[] {
  const { visits, attempt, failure, paused, undoing, spent } = view
  const entered = Object.entries(visits).map(([name, n]) => `${name} ${n}`)
  const lines: Line[] = [['visits', clean(entered.join(', '))]]
  if (attempt > 1) lines.push(['attempt', String(attempt)])
  if (parts) lines.push(['parts', sayCounts(parts)])
  if (spent) lines.push(['spent', saySpent(spent)])
  if (paused !== undefined) lines.push(['paused', `it was ${paused}`])
  if (undo.length > 0) {
    const first = undo.slice(0, UNDO_SHOWN).map(({ state, visit }) => sayVisit(state, visit))
    const more = undo.length > UNDO_SHOWN ? ` and ${undo.length - UNDO_SHOWN} more` : ''
    lines.push([undoing ? 'to undo' : 'undoable', clean(first.join('; ') + more)])
  }
  if (failure) lines.push(['failure', terminal.onOut('bad', sayFailure(failure))])
  return lines
}

function saySpent({ calls, tokens, cost }: Spent): string {
  const money = cost === 0 ? '' : `, cost ${Number(cost.toPrecision(3))}`
  return `${many(calls, 'model call')}, ${many(tokens, 'token')}${money}`
}

function timed(at: number): string {
  return `${sayDate(at)} (${sayDistance(at, Date.now())})`
}
