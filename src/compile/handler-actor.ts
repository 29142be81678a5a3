import { fromPromise } from 'xstate'
import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import { isChild, type Definition, type MapState, type StateDefinition } from '../definition/definition.ts'
import type { Exit } from '../definition/exit.ts'
import { readMove } from '../definition/move.ts'
import { JoinError } from '../model/failure.ts'
import { childIdOf, type ChildRuns } from './child-run.ts'
import { fit } from '../model/fitting.ts'
import { ItemWork, type Work } from './item-work.ts'
import { judgeJoin } from './join.ts'
import { compile } from './machine.ts'
import { placeOf, type Handling, type MethodCaller, type Place } from './method-call.ts'

/** What a handler's actor ends with: a move that was declared, with data that fits its target. */
export interface HandlerOutput {
  readonly to: string
  readonly data: unknown
  /** The fields that change. */
  readonly vars?: object
  readonly signal?: string
}

/**
 * A promise actor that does once what its input names: a branch, whose result it ends with; else the whole of what a
 * state does before it is left, which ends with a move.
 */
export function handlerActor(caller: MethodCaller, children: ChildRuns) {
  return fromPromise<unknown, Handling>(({ input, signal, self }) => {
    const place = placeOf(self, signal)
    return input.branch === undefined
      ? handle(caller, children, input, place)
      : workOnBranch(caller, input, input.branch, place)
  })
}

async function handle(
  caller: MethodCaller,
  children: ChildRuns,
  input: Handling,
  place: Place,
): Promise<HandlerOutput> {
  const { definition } = caller
  const state = compile(definition).state(input.state)
  const first = await firstArguments(caller, children, state, input, place)
  const reduce = state.kind === 'map' ? state.reduce : undefined
  const call = { method: reduce ?? state.method ?? '', args: [...first, input.data] }
  const { value, keep } = await caller.call(input, call, place)
  const output = await readOutput(definition, state, value, input)
  keep() // only once the move is known to be legal
  return output
}

async function workOnBranch(
  caller: MethodCaller,
  input: Handling,
  name: string,
  place: Place,
): Promise<unknown> {
  const state = compile(caller.definition).state(input.state)
  const branch = state.kind === 'parallel' ? state.branches.get(name) : undefined
  if (!branch) throw new TypeError(`${quote(input.state)} has no branch ${quote(name)}`)
  const { value, keep } = await caller.call(
    input,
    { method: branch.method, args: [input.data], part: name },
    place,
  )
  const result = await fit(
    branch.schema,
    value,
    'invalid-data',
    `The result of the branch ${quote(`${input.state}/${name}`)}`,
  )
  keep()
  return result
}

/** What a handler is called with before the data of its state. */
async function firstArguments(
  caller: MethodCaller,
  children: ChildRuns,
  state: StateDefinition,
  input: Handling,
  place: Place,
): Promise<readonly unknown[]> {
  const { signal, ended = [] } = input
  if (signal) {
    const schema = caller.definition.signals.get(signal.type)
    const { payload } = signal
    const fitting = schema
      ? await fit(schema, payload, 'invalid-data', `The payload of ${quote(signal.type)}`)
      : payload
    return [{ ...(fitting as object), type: signal.type, id: signal.id }]
  }
  switch (state.kind) {
    case 'child':
      return [state.detached ? { id: childIdOf(state.childId, input, place) } : input.outcome]
    case 'parallel': {
      const verdict = judgeJoin(state, ended)
      if (verdict && 'joined' in verdict) return [verdict.joined]
      throw verdict && 'failed' in verdict
        ? verdict.failed
        : new JoinError(`the branches of ${quote(state.name)} are not joined`) // reached by provided actors only
    }
    case 'map':
      return [await workOnItems(caller, children, state, input, place)]
    default:
      return []
  }
}

async function workOnItems(
  caller: MethodCaller,
  children: ChildRuns,
  state: MapState,
  input: Handling,
  { signal, ...rest }: Place,
): Promise<readonly unknown[]> {
  const over = new AbortController()
  const place = { ...rest, signal: AbortSignal.any([signal, over.signal]) }
  const { item: spec } = state
  const work: Work = async (item, index, list) => {
    const part = String(index)
    if (isChild(spec))
      return children.run(spec, spec.input(item, input.data), childIdOf(undefined, input, place, part), place)
    const call = { method: spec.method, args: [item, input.data], part, more: { work: list } }
    const { value, keep } = await caller.call(input, call, place)
    const result = await fit(
      spec.schema,
      value,
      'invalid-data',
      `The result of item ${index} of ${quote(state.name)}`,
    )
    keep()
    return result
  }
  try {
    const source = { ...caller.options.resources, taken: 0 }
    return await new ItemWork(state, work).run(state.over(input.data, source))
  } finally {
    over.abort() // whoever is still at work is not needed any more
  }
}

/** The same checks as the engine's, in the same order: it is a move, it is declared, its data and vars fit. */
async function readOutput(
  definition: Definition,
  state: StateDefinition,
  returned: unknown,
  { vars, signal }: Handling,
): Promise<HandlerOutput> {
  const moved = readMove(returned)
  if (!moved) {
    throw new StepwrightError('no-move', {
      what: `${state.method} of ${quote(state.name)} returned ${quote(returned)} instead of a move`,
      remedy: 'End every path of it with return go(...)',
    })
  }
  const machine = compile(definition)
  const exit: Exit = signal
    ? { by: 'signal', signal: signal.type, to: moved.to }
    : { by: 'step', to: moved.to }
  machine.move(state.name, exit)
  const data = await fit(
    machine.state(moved.to).schema,
    moved.data,
    'invalid-data',
    `What ${state.method} hands from ${quote(state.name)} to ${quote(moved.to)}`,
  )
  const from = signal ? { signal: signal.type } : {}
  if (!moved.vars) return { to: moved.to, data, ...from }
  const changed = moved.vars
  const merged = await fit(
    definition.vars,
    { ...(vars as object), ...changed },
    'invalid-data',
    `The vars after ${quote(state.name)}`,
  )
  const fields = Object.entries(merged as object).filter(([key]) => Object.hasOwn(changed, key))
  return { to: moved.to, data, vars: Object.fromEntries(fields), ...from }
}
