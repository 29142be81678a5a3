import { compile } from '../../compile/machine.ts'
import type { RunView } from '../../control/run-view.ts'
import { awaitedBy, type Definition } from '../../definition/definition.ts'
import { makeMove } from '../../definition/move.ts'
import type { AnyClass } from '../../definition/shape.ts'
import { RetryableError } from '../../model/failure.ts'
import { isEnded, isParked } from '../../model/status.ts'
import type { HandlerCall } from '../stand-ins/intercepting.ts'
import type { DrivenEngine } from '../test-engine.ts'
import { graphOf } from './chart-graph.ts'
import { errorFor, failsByChild } from './catching.ts'
import { planKey, planOf, type Plan } from './plan.ts'
import { Supply } from './supply.ts'
import { shortestWalk, type Walk } from './walks.ts'

/** A run that is taken along a plan. */
interface Taken {
  readonly plan: Plan
  readonly supply: Supply
}

/** Takes a run along a walk, and the child runs that it starts to their ends: answers for handlers, sends, waits. */
export class Conductor {
  /** The id of the run that is taken along the walk. */
  readonly run = 'generated'
  /** The workflows of the run and of its child runs, by name. */
  readonly #definitions: ReadonlyMap<string, Definition>
  readonly #main: Taken
  readonly #children = new Map<string, Taken>()
  #test: DrivenEngine<AnyClass> | undefined

  constructor(walk: Walk, supply: Supply, definitions: readonly Definition[]) {
    this.#main = { plan: planOf(walk), supply }
    this.#definitions = new Map(definitions.map((definition) => [definition.name, definition]))
  }

  /** Comes in the place of a handler. */
  handle(call: HandlerCall, proceed: () => unknown): unknown {
    if (call.run.id === this.run) return outcome(call, proceed, this.#main)
    return this.#handleChild(call, proceed)
  }

  /** Brings the run to its end, or to where it cannot go on. */
  async drive(test: DrivenEngine<AnyClass>): Promise<RunView> {
    this.#test = test
    const handle = await test.engine.get(this.run)
    for (;;) {
      await test.settle()
      const view = await handle.view()
      if (hasEnded(view) || !this.#main.plan.has(placeOf(view))) return view
      if (await this.#help(test, view, this.#main)) continue
      if (await this.#helpChildren(test, view)) continue
      if (!(await test.skip())) return view
    }
  }

  /** Sends the signal that is planned. */
  async #help(test: DrivenEngine<AnyClass>, view: RunView, { plan, supply }: Taken): Promise<boolean> {
    const exit = plan.get(placeOf(view))?.exit
    const state = this.#definitions.get(view.workflow)?.states.get(view.state)
    // the handler of a wait can only throw what it is called for
    const signal =
      exit?.by === 'signal'
        ? exit.signal
        : exit?.by === 'catch' && state?.kind === 'wait'
          ? view.awaits[0]
          : ''
    if (!state || !signal || !view.awaits.includes(signal)) return false
    const { count = 1, roles = [] } = awaitedBy(state).get(signal) ?? {}
    for (let vote = 1; vote <= count; vote++)
      await test.engine.signal(view.id, signal, supply.signal(signal), {
        as: { id: `voter-${vote}`, roles: [...roles] },
      })
    return true
  }

  /** Child runs go the shortest way to their ends, unless their parent is to leave before, or they are to fail. */
  async #helpChildren(test: DrivenEngine<AnyClass>, parent: RunView): Promise<boolean> {
    for (const view of await test.engine.list({ limit: 1_000 })) {
      if (view.id === this.run || hasEnded(view)) continue
      if (this.#isHeld(view)) {
        if (this.#main.plan.get(placeOf(parent))?.exit.by !== 'catch') continue
        await (await test.engine.get(view.id)).terminate()
        return true
      }
      if (await this.#help(test, view, this.#takenChild(view))) return true
    }
    return false
  }

  async #handleChild(call: HandlerCall, proceed: () => unknown): Promise<unknown> {
    const view = await (await this.#test?.engine.get(call.run.id))?.view()
    // it must not end before its parent is done with it
    if (view && this.#isHeld(view)) throw new RetryableError('held', { retryAfter: '520w' })
    return outcome(call, proceed, this.#takenChild({ id: call.run.id, workflow: call.workflow }))
  }

  /** The parent leaves by other ways than the end of this child. */
  #isHeld({ parent }: RunView): boolean {
    if (parent?.run !== this.run) return false
    const transition = this.#main.plan.get(planKey(parent.state, parent.visit))
    if (!transition) return false
    const { exit, from } = transition
    if (exit.by !== 'catch') return exit.by !== 'step'
    const [main] = this.#definitions.values()
    const state = main?.states.get(from)
    return state !== undefined && failsByChild(state, exit)
  }

  #takenChild({ id, workflow }: Pick<RunView, 'id' | 'workflow'>): Taken {
    let taken = this.#children.get(id)
    if (!taken) {
      const definition = this.#definitions.get(workflow) as Definition
      const walk = shortestWalk(graphOf(compile(definition))) ?? []
      taken = { plan: planOf(walk), supply: new Supply(definition, {}) }
      this.#children.set(id, taken)
    }
    return taken
  }
}

/** What a handler comes to. */
function outcome(call: HandlerCall, proceed: () => unknown, { plan, supply }: Taken): unknown {
  const { state, role, run } = call
  const exit = plan.get(planKey(state.name, run.visit))?.exit
  if (role === 'reminder' || role === 'undo' || !exit) return supply.isReal(state) ? proceed() : undefined
  if (exit.by === 'catch' && (role === 'state' || failsInParts(call))) throw errorFor(state, exit)
  if (supply.isReal(state)) return proceed()
  if (role === 'branch') return supply.branch(state, run.part ?? '')
  if (role === 'item') return supply.item(state)
  const reply = exit.by === 'signal' ? supply.reply(exit.signal) : undefined
  if (reply) call.context.reply(reply.value)
  return makeMove(supply.move(state, exit.to))
}

/** Whether it is by a part that the state fails. */
function failsInParts({ role, state }: HandlerCall): boolean {
  if (role === 'branch') return state.kind === 'parallel' && state.join === 'all'
  return role === 'item' && state.kind === 'map' && !state.collects
}

function placeOf({ state, visits }: Pick<RunView, 'state' | 'visits'>): string {
  return planKey(state, visits[state] ?? 0)
}

function hasEnded({ status }: RunView): boolean {
  return isEnded(status) || isParked(status)
}
