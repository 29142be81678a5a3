import { readDefinition } from '../../definition/read-definition.ts'
import { readMove } from '../../definition/move.ts'
import type {
  AnyClass,
  DataOf,
  Go,
  RunInfo,
  Shape,
  ShapeOf,
  TargetsFrom,
  Working,
} from '../../definition/shape.ts'
import type { OutputOf, Schema } from '../../model/schema.ts'
import { StepwrightError, quote } from '../../errors/stepwright-error.ts'
import type { Around, HandlerCall, Role } from './intercepting.ts'

/** What comes in the place of a handler is told of the call. */
export interface StubbedCall<Data = unknown, Result = unknown> {
  /** The data of the state. */
  readonly input: Data
  /** All that the handler would have been called with, its context apart: a signal, an item, what was joined, the data. */
  readonly args: readonly unknown[]
  readonly run: RunInfo
  /** Calls the real handler. */
  readonly original: () => Result | Promise<Result>
}

type Answer<Data, Result> = Result | ((call: StubbedCall<Data, Result>) => Result | Promise<Result>)
type ResultOf<S> = S extends Schema ? OutputOf<S> : never

/**
 * What comes in the place of the handler of S: a move, or a function that gives one or throws. Only targets to which the
 * class's own handler goes are accepted.
 */
export type Stub<C extends AnyClass, S, D extends Shape = ShapeOf<C>> =
  | Answer<S extends D['state'] ? DataOf<D, S> : never, Go<TargetsFrom<C, S>>>
  | (S extends keyof D['items'] ? { readonly item: Answer<unknown, ResultOf<D['items'][S]>> } : never)
  | (S extends keyof D['branches']
      ? {
          readonly branches: {
            readonly [B in keyof D['branches'][S]]?: Answer<unknown, ResultOf<D['branches'][S][B]>>
          }
        }
      : never)

/** Stubs by state; of a map or a parallel state also `{ item }` and `{ branches }`, which stand for its parts. */
export type Stubs<C extends AnyClass> = { readonly [S in Working<ShapeOf<C>>]?: Stub<C, S> }

/** A call of a handler that was seen. */
export interface SeenCall {
  readonly state: string
  readonly role: Role
  readonly args: readonly unknown[]
  readonly run: RunInfo
}

/** The handlers of a workflow in a test engine. Two calls, since a class that is named first tells the types of its stubs. */
export interface Handlers<C extends AnyClass> {
  /**
   * Puts something in the place of handlers, from now on: a move, or a function that gives one or throws; for the parts of a
   * map or a parallel state `{ item }` and `{ branches }`. The types refuse a target that the handler itself does not go to.
   */
  stub(stubs: Stubs<C>): void
  /** The calls of the handlers of a state so far, stubbed or not, in their order; those of its parts included. */
  calls(state: ShapeOf<C>['state']): readonly SeenCall[]
}

/** The stubs and spies of one test engine. */
export class StandIns {
  readonly around: Around
  readonly #stubs = new Map<string, unknown>()
  readonly #seen: (SeenCall & { readonly workflow: string })[] = []

  constructor() {
    this.around = (call, proceed) => {
      const { workflow, state, role, args, run } = call
      this.#seen.push({ workflow, state: state.name, role, args, run })
      const stub = partOf(this.#stubs.get(`${workflow}/${state.name}`), call)
      if (stub === undefined) return proceed()
      if (typeof stub !== 'function') return stub
      const input = args.at(-1)
      return (stub as (call: StubbedCall) => unknown)({
        input,
        args,
        run,
        original: proceed as () => unknown,
      })
    }
  }

  stub(workflow: AnyClass, stubs: Readonly<Record<string, unknown>>): void {
    const { name, states } = readDefinition(workflow)
    for (const [member, stub] of Object.entries(stubs)) {
      const state = [...states.values()].find((each) => String(each.member) === member)
      if (!state)
        throw new StepwrightError('invalid-options', {
          what: `${name} has no state ${quote(member)} to be stubbed`,
          remedy: `Name one of ${[...states.keys()].map(quote).join(', ')}`,
        })
      this.#stubs.set(`${name}/${state.name}`, stub)
    }
  }

  calls(workflow: AnyClass, member: string | number): readonly SeenCall[] {
    const { name, states } = readDefinition(workflow)
    const state = [...states.values()].find((each) => each.member === member)
    return this.#seen.filter((call) => call.workflow === name && call.state === state?.name)
  }
}

/** The part of a stub that stands for this handler. */
function partOf(stub: unknown, { role, run }: HandlerCall): unknown {
  const isWhole = typeof stub !== 'object' || stub === null || readMove(stub) !== undefined
  if (isWhole) return role === 'state' ? stub : undefined
  const { item, branches } = stub as { item?: unknown; branches?: Readonly<Record<string, unknown>> }
  if (role === 'item') return item
  return role === 'branch' ? branches?.[run.part ?? ''] : undefined
}
