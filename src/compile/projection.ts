/**
 * The invoke projection: the same definition as a machine that runs by itself under plain `createActor`, for
 * inspectors, editors and model-based tests. Nothing is stored. The rest of what an engine does is left out:
 *
 * - One attempt is made of each handler, branch and item; retries, timeouts and heartbeats are shown in `meta` only.
 *   So are the roles of signals, reminders, deadlines and caches. Replies go nowhere.
 * - A signal that the current state does not await is dropped, where a run keeps it in its inbox. Signals that are
 *   needed more than once are counted whoever sends them. One that its handler refuses begins the wait anew.
 * - A timer whose length depends on its input, or is longer than `setTimeout` can wait, is never over.
 * - All items of a map are taken before the first is worked on. A child run is the projection of its workflow, with
 *   the same resources, in the same process; a detached one has an id and is not run.
 * - Nothing is undone: the catch edges of transactions and of the workflow are moves like others.
 * - The closing handler of a final state is not run: a final state cannot invoke.
 *
 * I2 Its paths are the paths of the event machine: a move that is not declared is an error, never a transition.
 */
import { createMachine, type AnyStateMachine } from 'xstate'
import type { Definition } from '../definition/definition.ts'
import { ChildRuns } from './child-run.ts'
import { fitNow } from './fitting.ts'
import { handlerActor } from './handler-actor.ts'
import { stateKey } from './keys.ts'
import { compile } from './machine.ts'
import { MethodCaller, type ProjectionOptions } from './method-call.ts'
import { implement } from './projected-edges.ts'
import { actorsOf, projectionId, projectState, type Context } from './projected-state.ts'

export type { ProjectionOptions } from './method-call.ts'
export { projectionId } from './projected-state.ts'

/** Moves without a stop in between, as `maxVisits` makes them; more than these go round in circles. */
const MOST_MOVES_AT_ONCE = 10_000

/**
 * The invoke projection of a definition.
 *
 * @example
 * const actor = createActor(project(readDefinition(Article), { resources: { llm } }), { input: { topic: 'owls' } })
 * actor.start()
 * actor.send({ type: 'approve', by: 'ada' })
 */
export function project(definition: Definition, options: ProjectionOptions = {}): AnyStateMachine {
  const { name, version, description, initial } = definition
  const session = { ...(defaultsOf(definition.session) as object), ...options.session }
  const states = [...definition.states.values()]
  const config = {
    id: projectionId(definition),
    version: String(version),
    ...(description === undefined ? {} : { description }),
    context: ({ input }: { input: unknown }): Context => ({
      data: fitNow(compile(definition).state(initial).schema, input, `The input of ${name}`),
      vars: defaultsOf(definition.vars),
      visits: {},
    }),
    initial: stateKey(initial),
    states: Object.fromEntries(
      states.map((state) => [stateKey(state.name), projectState(definition, state)]),
    ),
    output: ({ context }: { context: Context }) => context.data,
    options: { maxIterations: MOST_MOVES_AT_ONCE },
  }
  const children = new ChildRuns(definition, options, project)
  const handler = handlerActor(new MethodCaller(definition, { ...options, session }), children)
  const actors = states
    .map(actorsOf)
    .flatMap(({ methods, child }) => [
      ...methods.map((method) => [method, handler] as const),
      ...(child === undefined ? [] : [[child, children.actor] as const]),
    ])
  return createMachine(
    config as never,
    { actors: Object.fromEntries(actors), ...implement(definition) } as never,
  ) as unknown as AnyStateMachine
}

/** What a schema that accepts `{}` makes of it. */
function defaultsOf(schema: Definition['session']): unknown {
  return schema ? fitNow(schema, {}, 'An empty object') : {}
}
