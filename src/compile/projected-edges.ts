import { assign } from 'xstate'
import { awaitedBy, type Definition } from '../definition/definition.ts'
import type { Exit } from '../definition/exit.ts'
import { quote } from '../errors/stepwright-error.ts'
import { matchesError, RefusedError, toFailure } from '../model/failure.ts'
import { systemHost } from '../model/host.ts'
import { fitNow } from './fitting.ts'
import type { HandlerOutput } from './handler-actor.ts'
import { judgeJoin, type BranchEnd } from './join.ts'
import { stateKey } from './keys.ts'
import { compile } from './machine.ts'
import type { Context, Leaving } from './projected-state.ts'

interface Args {
  readonly context: Context
  readonly event: { readonly type: string; readonly output?: unknown; readonly error?: unknown }
  readonly self: { readonly id: string }
}

interface Of {
  readonly state: string
}

/** The guards and actions that a projection's configuration names. */
export function implement(definition: Definition): object {
  const machine = compile(definition)
  const leaving = (name: string): Leaving => {
    const state = machine.state(name)
    if (state.kind === 'final') throw new TypeError(`${quote(name)} is final`)
    return state
  }
  const fits = (signal: string, payload: object): boolean => {
    const result = definition.signals.get(signal)?.['~standard'].validate(payload)
    return result instanceof Promise || !result?.issues
  }
  const arrive = (
    edge: { readonly to: string; readonly with: unknown } | undefined,
    where: string,
    args: readonly unknown[],
  ): Partial<Context> => {
    if (!edge) return {}
    const data: unknown =
      typeof edge.with === 'function'
        ? (edge.with as (...args: readonly unknown[]) => unknown)(...args)
        : edge.with
    return { data: fitNow(machine.state(edge.to).schema, data, where) }
  }
  const guards = {
    to: ({ event }: Args, { to, signal }: { to: string; signal?: string }) => {
      const output = event.output as HandlerOutput | undefined
      return output?.to === to && output.signal === signal
    },
    fits: ({ event }: Args, { signal }: { signal: string }) => fits(signal, payloadOf(event)),
    enough: ({ context, event }: Args, { signal, count }: { signal: string; count: number }) =>
      (context.votes ?? []).filter(({ type }) => type === signal).length + 1 >= count &&
      fits(signal, payloadOf(event)),
    tooOften: ({ context }: Args, { state }: Of) =>
      (context.visits[stateKey(state)] ?? 0) > (leaving(state).maxVisits?.times ?? Infinity),
    decided: ({ context }: Args, { state }: Of) => {
      const parallel = leaving(state)
      return parallel.kind === 'parallel' && judgeJoin(parallel, context.ended ?? []) !== undefined
    },
    caught: ({ event }: Args, { state, edge }: Of & { edge: number }) =>
      leaving(state).catches[edge]?.errors.some((match) => matchesError(event.error, match)) === true,
    // only a signal can be refused, not what a child has ended with
    refused: ({ context: { votes = [] }, event }: Args, { state }: Of) => {
      const signal = votes.at(-1)?.type ?? ''
      const needed = awaitedBy(leaving(state)).get(signal)?.count ?? Infinity
      const counted = votes.filter(({ type }) => type === signal).length
      return event.error instanceof RefusedError && counted >= needed
    },
  }
  const actions = {
    enter: assign(({ context: { visits } }: Args, { state }: Of) => ({
      visits: { ...visits, [stateKey(state)]: (visits[stateKey(state)] ?? 0) + 1 },
      votes: undefined,
      ended: undefined,
    })),
    vote: assign(({ context, event, self }: Args, { state, signal }: Of & { signal: string }) => {
      const { votes = [], visits } = context
      const id = `${self.id}/${state}/${visits[stateKey(state)]}/${votes.length + 1}`
      const schema = definition.signals.get(signal)
      const sent = payloadOf(event)
      const payload = schema ? fitNow(schema, sent, `The payload of ${quote(signal)}`) : sent
      return { votes: [...votes, { type: signal, id, payload, at: systemHost.now() }] }
    }),
    takeBack: assign(({ context: { votes = [] } }: Args) => ({ votes: votes.slice(0, -1) })),
    branchDone: assign(({ context: { ended = [] }, event }: Args, { branch }: { branch: string }) => ({
      ended: [...ended, [branch, { ok: true, value: event.output }] satisfies BranchEnd],
    })),
    branchFailed: assign(({ context: { ended = [] }, event }: Args, { branch }: { branch: string }) => ({
      ended: [...ended, [branch, { ok: false, error: toFailure(event.error) }] satisfies BranchEnd],
    })),
    move: assign(({ context, event }: Args) => {
      const { data, vars } = event.output as HandlerOutput
      return { data, vars: { ...(context.vars as object), ...vars } }
    }),
    catch: assign(({ context: { data }, event }: Args, { state, edge }: Of & { edge: number }) => {
      const from = leaving(state)
      const taken = from.catches[edge]
      const input = taken?.of === 'workflow' ? { state: from.member, data } : data
      return arrive(taken, `The catch edge of ${quote(state)}`, [toFailure(event.error), input])
    }),
    expire: assign(({ context }: Args, { state }: Of) => {
      const from = leaving(state)
      const edge = from.kind === 'wait' || from.kind === 'child' ? from.expires : undefined
      return arrive(edge, `The expires edge of ${quote(state)}`, [context.data])
    }),
    visits: assign(({ context }: Args, { state }: Of) =>
      arrive(leaving(state).maxVisits, `The maxVisits edge of ${quote(state)}`, [context.data]),
    ),
    refuse: ({ event }: Args, { state }: Of) => {
      const output = event.output as HandlerOutput | undefined
      const by: Pick<Exit & { by: 'step' }, 'by'> | Pick<Exit & { by: 'signal' }, 'by' | 'signal'> =
        output?.signal === undefined ? { by: 'step' } : { by: 'signal', signal: output.signal }
      machine.move(state, { ...by, to: String(output?.to) } as Exit)
    },
  }
  return { guards, actions }
}

function payloadOf({ type: _, ...payload }: Args['event']): object {
  return payload
}
