import type { Branch, MapState, StateDefinition } from '../../definition/definition.ts'
import { isChild } from '../../definition/definition.ts'
import type { RunInfo } from '../../definition/shape.ts'
import type { Loaded } from '../../runtime/library.ts'

/** What a handler is for: the state itself, a part of it, a reminder, or undoing. */
export type Role = 'state' | 'branch' | 'item' | 'reminder' | 'undo'

/** One call of a handler by the engine. */
export interface HandlerCall {
  readonly workflow: string
  readonly state: StateDefinition
  readonly role: Role
  readonly method: string
  readonly run: RunInfo
  /** What it was called with, its context apart. */
  readonly args: readonly unknown[]
  readonly context: { readonly reply: (value: unknown) => void }
}

/** Stands between the engine and a handler; `proceed` calls the real one. */
export type Around = (call: HandlerCall, proceed: () => unknown) => unknown

type Fn = (...args: unknown[]) => unknown

/** A loaded workflow whose handlers are called through `around`. Its class and its chart stay as they are. */
export function intercepted(loaded: Loaded, around: Around): Loaded {
  const { machine, instance } = loaded
  const { definition } = machine
  const wrapped = (method: string, fn: Fn): Fn =>
    function (...given) {
      const context = given.at(-1) as HandlerCall['context'] & { readonly run: RunInfo }
      const { run } = context
      const state = machine.state(run.state)
      const role = roleOf(state, method, run)
      const call = { workflow: definition.name, state, role, method, run, args: given.slice(0, -1), context }
      return around(call, () => fn.apply(instance, given)) // fields of the class are those of the real instance
    }
  const methods = [...new Set([...definition.states.values()].flatMap(methodsOf))].flatMap((method) => {
    const fn = (instance as Readonly<Record<string, unknown>>)[method]
    return typeof fn === 'function' ? [[method, { value: wrapped(method, fn as Fn) }] as const] : []
  })
  const queries = [...definition.queries.values()].flatMap(({ method }) => {
    const fn = (instance as Readonly<Record<string, Fn | undefined>>)[method]
    return fn ? [[method, { value: fn.bind(instance) }] as const] : []
  })
  const maps = new Map<StateDefinition, MapState>()
  for (const state of definition.states.values())
    if (state.kind === 'map' && state.reduce)
      maps.set(state, { ...state, reduce: wrapped('reduce', state.reduce as Fn) })
  return {
    ...loaded,
    instance: Object.create(instance, Object.fromEntries([...queries, ...methods])) as object,
    machine: {
      definition,
      chart: machine.chart,
      state: (name) => {
        const state = machine.state(name)
        return maps.get(state) ?? state
      },
      check: (...exit) => machine.check(...exit),
      move: (...exit) => machine.move(...exit),
      snapshot: (standing) => machine.snapshot(standing),
    },
  }
}

function methodsOf(state: StateDefinition): readonly string[] {
  const own = state.method === undefined ? [] : [state.method]
  if (state.kind === 'final') return own
  const undo = state.undo ? [state.undo.method] : []
  if (state.kind === 'wait') return [...own, ...undo, ...state.reminders.map(({ method }) => method)]
  if (state.kind === 'map') return [...own, ...undo, ...(isChild(state.item) ? [] : [state.item.method])]
  if (state.kind !== 'parallel') return [...own, ...undo]
  const branches = [...state.branches.values()]
  return [...own, ...undo, ...branches.flatMap((branch) => [branch.method, ...undoOf(branch)])]
}

function undoOf({ undo }: Branch): readonly string[] {
  return undo ? [undo.method] : []
}

function roleOf(state: StateDefinition, method: string, { part }: RunInfo): Role {
  if (state.kind === 'wait' && state.reminders.some((reminder) => reminder.method === method))
    return 'reminder'
  if (state.kind === 'parallel' && part !== undefined)
    return state.branches.get(part)?.method === method ? 'branch' : 'undo'
  if (state.kind === 'map' && part !== undefined)
    return !isChild(state.item) && state.item.method === method ? 'item' : 'undo'
  return method === 'reduce' || state.method === method ? 'state' : 'undo'
}
