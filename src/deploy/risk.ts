import { quote } from '../errors/stepwright-error.ts'
import type { StateJson, WorkflowJson } from '../inspect/chart-json.ts'
import { narrowings } from './narrowing.ts'

/** What could stop or fail a live run once the new code is there. Whether it does, `judgeLive` says of each run. */
export interface Risk {
  readonly what:
    | 'workflow-removed'
    | 'older-version'
    | 'state-removed'
    | 'data-narrowed'
    | 'vars-narrowed'
    | 'signal-removed' // one that a run waits for would be refused
    | 'signal-narrowed' // one that was sent, or that a sender of before sends, would be refused
    | 'branch-removed' // what it has come to is lost
    | 'compensation-removed' // what was done cannot be undone
  readonly state?: string
  readonly why: string
}

/** By the rule of the engine: the state exists and its schema accepts the data, or a migration is declared. */
export function risksOf(before: WorkflowJson, after: WorkflowJson | undefined): readonly Risk[] {
  if (!after) return [{ what: 'workflow-removed', why: 'nothing drives its runs any more' }]
  if (after.version < before.version)
    return [
      {
        what: 'older-version',
        why: `version ${after.version} is older than ${before.version}, whose runs are left alone`,
      },
    ]
  const ways = after.version === before.version ? undefined : after.migrations?.[before.version]
  const live = before.states.filter(({ kind }) => kind !== 'final')
  return [
    ...live.flatMap(({ name }) =>
      ways ? wayRisks(name, ways, before, after) : stayRisks(name, before, after),
    ),
    ...varsRisks(before, after),
    ...before.signals.flatMap((name) => signalRisks(name, before, after)),
    ...live.flatMap((was) => goneSignals(was, before, after)),
    ...before.states.flatMap((was) => {
      const is = after.states.find(({ name }) => name === was.name)
      return [
        ...(is && (ways?.[is.name] ?? is.name) === is.name ? branchRisks(was, is) : []),
        ...undoRisks(was, is),
      ]
    }),
  ]
}

function stayRisks(state: string, before: WorkflowJson, after: WorkflowJson): readonly Risk[] {
  if (!after.states.some(({ name }) => name === state))
    return [{ what: 'state-removed', state, why: 'runs that stand in it would be parked as needs-migration' }]
  return dataRisks(state, state, before, after)
}

/** With a migration a run goes where that says, and nowhere else. */
function wayRisks(
  state: string,
  ways: Readonly<Record<string, string | null>>,
  before: WorkflowJson,
  after: WorkflowJson,
): readonly Risk[] {
  const to = Object.hasOwn(ways, state) ? ways[state] : undefined
  if (to === null) return [] // a function of the data, which only runs can be judged by
  if (to === undefined)
    return [{ what: 'state-removed', state, why: `the migration from ${before.version} says nothing of it` }]
  return dataRisks(state, to, before, after)
}

function dataRisks(state: string, to: string, before: WorkflowJson, after: WorkflowJson): readonly Risk[] {
  const found = narrowings(before.schemas?.[`state ${state}`], after.schemas?.[`state ${to}`])
  if (found.length === 0) return []
  const where = to === state ? '' : ` in ${quote(to)}`
  return [{ what: 'data-narrowed', state, why: `its data may not fit${where}: ${found.join('; ')}` }]
}

/** Where no vars are declared there are none. */
const NONE = { type: 'object', properties: {} }

function varsRisks(before: WorkflowJson, after: WorkflowJson): readonly Risk[] {
  if (!before.schemas || !after.schemas) return []
  const found = narrowings(before.schemas['vars'] ?? NONE, after.schemas['vars'] ?? NONE)
  return found.length > 0 ? [{ what: 'vars-narrowed', why: `vars may not fit: ${found.join('; ')}` }] : []
}

function signalRisks(signal: string, before: WorkflowJson, after: WorkflowJson): readonly Risk[] {
  const key = `signal ${signal}`
  const found = narrowings(before.schemas?.[key], after.schemas?.[key])
  if (found.length === 0) return []
  return [
    { what: 'signal-narrowed', why: `${key}: what is sent as before may be refused: ${found.join('; ')}` },
  ]
}

/** A run that waits for it can be sent it until the new code is there, and its senders go on to. */
function goneSignals(
  { name, exits }: StateJson,
  before: WorkflowJson,
  { signals }: WorkflowJson,
): readonly Risk[] {
  const awaited = exits.flatMap((exit) => (exit.by === 'signal' ? [exit.signal] : []))
  return [...new Set(awaited)]
    .filter((signal) => before.signals.includes(signal) && !signals.includes(signal))
    .map((signal) => ({
      what: 'signal-removed',
      state: name,
      why: `the signal ${quote(signal)} is gone: what runs that wait in it are sent as before is refused`,
    }))
}

function branchRisks(was: StateJson, is: StateJson): readonly Risk[] {
  if (is.kind !== 'parallel') return []
  const now = branchesOf(is)
  return Object.keys(branchesOf(was))
    .filter((name) => !Object.hasOwn(now, name))
    .map((name) => ({
      what: 'branch-removed',
      state: was.name,
      why: `the branch ${quote(name)} is gone: what it has come to in runs that stand there is lost`,
    }))
}

/** What was done is noted down with its state, and is undone by what the code says then. */
function undoRisks(was: StateJson, is: StateJson | undefined): readonly Risk[] {
  const gone = undoneIn(was).filter((each) => !is || !undoneIn(is).includes(each))
  return gone.map((branch) => ({
    what: 'compensation-removed',
    state: was.name,
    why: `runs that have passed ${branch === '' ? 'it' : `its branch ${quote(branch)}`} could not undo that any more`,
  }))
}

/** The branches that are undone; the state itself has no name. */
function undoneIn(state: StateJson): readonly string[] {
  const branches = Object.entries(branchesOf(state)).filter(([, { undo }]) => undo !== undefined)
  return [...(state.policies['undo'] === undefined ? [] : ['']), ...branches.map(([name]) => name)]
}

function branchesOf({ policies }: StateJson): Readonly<Record<string, { readonly undo?: unknown }>> {
  return (policies['branches'] ?? {}) as Readonly<Record<string, { readonly undo?: unknown }>>
}
