import { isDeepStrictEqual } from 'node:util'
import type { Exit } from '../definition/exit.ts'
import type { StateJson, WorkflowJson } from '../inspect/chart-json.ts'
import type { Change } from '../inspect/drawing/drawing.ts'
import { guessRenames, type Rename } from './rename.ts'
import { risksOf, type Risk } from './risk.ts'

/** A value that is another one now; where one side is missing, it was added or removed. */
export interface FieldChange {
  /** Such as `kind`, `timeoutMs`, `data`, `signal approve`, `vars`. */
  readonly field: string
  readonly before?: unknown
  readonly after?: unknown
}

/** A state that was added, removed or changed. */
export interface StateChange {
  readonly state: string
  readonly change: Change
  /** What of it has changed: its kind, policies and schemas. None for one that was added or removed. */
  readonly fields: readonly FieldChange[]
}

/** A transition that was added, removed or changed; one that leads elsewhere was removed and added. */
export interface TransitionChange {
  readonly from: string
  readonly to: string
  readonly by: Exit['by']
  readonly signal?: string
  readonly change: Change
  readonly before?: Exit
  readonly after?: Exit
}

/** How two versions of a workflow differ. */
export interface WorkflowDiff {
  readonly workflow: string
  /** The versions; none where the workflow was added or removed as a whole. */
  readonly before?: number
  readonly after?: number
  readonly states: readonly StateChange[]
  readonly transitions: readonly TransitionChange[]
  /** What of the workflow itself has changed: its initial state, signals, vars, session, transactions, deadline. */
  readonly fields: readonly FieldChange[]
  /** States that may only have another name now, the likeliest first. */
  readonly renames: readonly Rename[]
  /** What could stop or fail a live run. */
  readonly risks: readonly Risk[]
}

/**
 * How two versions of a workflow differ, as plain data: both as {@link toJson} gives them. `undefined` for a version that
 * there is not. Order does not count, but for that of transitions with `catch`, whose first that fits is taken.
 *
 * @example
 * const diff = diffDefinitions(toJson(readDefinition(ArticleV1)), toJson(readDefinition(ArticleV2)))
 * diff.states // [{ state: 'review', change: 'removed', fields: [] }]
 * diff.risks  // [{ what: 'state-removed', state: 'review', why: 'runs that stand in it would be parked ...' }]
 */
export function diffDefinitions(
  before: WorkflowJson | undefined,
  after: WorkflowJson | undefined,
): WorkflowDiff {
  const states = pairs(before?.states ?? [], after?.states ?? [], ({ name }) => name).flatMap(
    ([name, was, is]) => stateChange(name, was, is, before, after),
  )
  return {
    workflow: (after ?? before)?.name ?? '',
    ...(before ? { before: before.version } : {}),
    ...(after ? { after: after.version } : {}),
    states,
    transitions: pairs(edgesOf(before), edgesOf(after), edgeKey).flatMap(([, was, is]) =>
      transitionChange(was, is),
    ),
    fields: before && after ? changedFields(own(before), own(after)) : [],
    renames: before && after ? guessRenames(before, after) : [],
    risks: before ? risksOf(before, after) : [],
  }
}

/** Whether nothing differs; a version number alone is a difference. */
export function isSame({ states, transitions, fields }: WorkflowDiff): boolean {
  return states.length + transitions.length + fields.length === 0
}

function stateChange(
  state: string,
  was: StateJson | undefined,
  is: StateJson | undefined,
  before: WorkflowJson | undefined,
  after: WorkflowJson | undefined,
): readonly StateChange[] {
  if (!was || !is) return [{ state, change: was ? 'removed' : 'added', fields: [] }]
  const fields = changedFields(facts(was, before?.schemas), facts(is, after?.schemas))
  return fields.length > 0 ? [{ state, change: 'changed', fields }] : []
}

/** What there is to compare of a state besides its transitions. */
function facts({ name, kind, description, policies }: StateJson, schemas: WorkflowJson['schemas']): Facts {
  const branches = Object.entries(schemas ?? {}).filter(([of]) => of.startsWith(`branch ${name}/`))
  const { expiresAfterMs: _ofItsTransition, maxVisits: _alike, ...own } = policies
  return {
    kind,
    description,
    ...own,
    data: schemas?.[`state ${name}`],
    item: schemas?.[`item ${name}`],
    ...Object.fromEntries(branches.map(([of, schema]) => [`branch ${of.slice(name.length + 8)}`, schema])),
  }
}

/** The same of a workflow. */
function own({ schemas = {}, transactions = {}, ...workflow }: WorkflowJson): Facts {
  const {
    version,
    initial,
    description,
    deadlineMs,
    migrations,
    signals,
    replies = [],
    queries = [],
  } = workflow
  const named = (kind: string, names: readonly string[]): Facts =>
    Object.fromEntries(names.map((name) => [`${kind} ${name}`, schemas[`${kind} ${name}`] ?? true]))
  const groups = Object.entries(transactions)
  return {
    version,
    initial,
    description,
    deadlineMs,
    migrations,
    ...named('signal', signals),
    ...named('reply', replies),
    ...named('query', queries),
    ...Object.fromEntries(groups.map(([name, states]) => [`transaction ${name}`, states.toSorted()])),
    ...{ vars: schemas['vars'], session: schemas['session'], config: schemas['config'] },
  }
}

type Facts = Readonly<Record<string, unknown>>

function changedFields(was: Facts, is: Facts): readonly FieldChange[] {
  return [...new Set([...Object.keys(was), ...Object.keys(is)])].flatMap((field) => {
    const [before, after] = [was[field], is[field]]
    if (isDeepStrictEqual(before, after)) return []
    return [{ field, ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) }]
  })
}

interface Edge {
  readonly from: string
  readonly exit: Exit
  /** Among those of one cause and target: errors are told apart by their order. */
  readonly number: number
}

function edgesOf(workflow: WorkflowJson | undefined): readonly Edge[] {
  return (workflow?.states ?? []).flatMap(({ name, exits }) => {
    const seen = new Map<string, number>()
    return exits.map((exit) => {
      const key = exitKey(exit)
      const number = (seen.get(key) ?? 0) + 1
      seen.set(key, number)
      return { from: name, exit, number }
    })
  })
}

function exitKey(exit: Exit): string {
  const of = exit.by === 'catch' ? (exit.of ?? 'state') : ''
  return JSON.stringify([exit.by, exit.by === 'signal' ? exit.signal : of, exit.to])
}

function edgeKey({ from, exit, number }: Edge): string {
  return JSON.stringify([from, exitKey(exit), number])
}

function transitionChange(was: Edge | undefined, is: Edge | undefined): readonly TransitionChange[] {
  const one = is ?? was
  if (!one || isDeepStrictEqual(was?.exit, is?.exit)) return []
  const { from, exit } = one
  return [
    {
      from,
      to: exit.to,
      by: exit.by,
      ...(exit.by === 'signal' ? { signal: exit.signal } : {}),
      change: was && is ? 'changed' : was ? 'removed' : 'added',
      ...(was ? { before: was.exit } : {}),
      ...(is ? { after: is.exit } : {}),
    },
  ]
}

/** What stands in either list, by key: those that are there now in their order, then those that are gone. */
function pairs<T>(
  before: readonly T[],
  after: readonly T[],
  keyOf: (each: T) => string,
): readonly (readonly [key: string, before: T | undefined, after: T | undefined])[] {
  const was = new Map(before.map((each) => [keyOf(each), each]))
  const is = new Map(after.map((each) => [keyOf(each), each]))
  return [...new Set([...is.keys(), ...was.keys()])].map((key) => [key, was.get(key), is.get(key)])
}
