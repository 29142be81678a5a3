import { isChild, type StateDefinition, type Work } from '../../definition/definition.ts'
import type { Exit } from '../../definition/exit.ts'
import { quote } from '../../errors/stepwright-error.ts'
import type { Chart } from '../chart.ts'
import type { Found } from '../finding.ts'
import { anchorOf, sayAll, type Rule } from './rule.ts'

export const uncompensatedEffect: Rule = {
  code: 'uncompensated-effect',
  why: 'The run ends as failed, and what it did to the world stays half done.',
  find: (chart) =>
    chart.states.flatMap((state) => {
      if (state.effectAssumed || (state.effect !== 'idempotent' && state.effect !== 'undoable')) return []
      const open = withoutUndo(state)
      return open === undefined
        ? []
        : later(chart, state, (failing) => ({
            message: `${quote(state.name)} has an effect${open}, ${quote(failing)} after it may fail, and nothing undoes the effect`,
            remedy:
              "Give it a @compensate method, say effect: 'none' or 'irreversible' if it is that, or catch what may fail later",
          }))
    }),
}

export const unsaidEffect: Rule = {
  code: 'unsaid-effect',
  why: 'If it does something to the world, that stays when the rest is undone.',
  find(chart) {
    if (!chart.states.some(isUndone)) return []
    return chart.states.flatMap((state) =>
      (state.kind === 'step' || state.kind === 'map' || state.kind === 'parallel') &&
      state.effectAssumed &&
      withoutUndo(state) !== undefined
        ? later(chart, state, (failing) => ({
            message: `${quote(state.name)} does not say what its effect is, and ${quote(failing)} after it may fail`,
            remedy: "Say effect: 'none', or what it is",
          }))
        : [],
    )
  },
}

export const earlyIrreversible: Rule = {
  code: 'early-irreversible',
  why: 'When that step fails the run fails, and it is too late to take this back.',
  find(chart) {
    const approved = chart.only((_, { kind }) => kind !== 'wait')
    return chart.states
      .filter(({ effect, kind }) => effect === 'irreversible' && kind !== 'final')
      .flatMap((state) =>
        later(
          chart,
          state,
          (failing) => ({
            message: `${quote(state.name)} cannot be undone, and ${quote(failing)} after it may fail`,
            remedy:
              'Do it last, let a person approve before what may fail (@wait), or catch what may fail there',
          }),
          (name) => chart.definition.states.get(name)?.kind !== 'wait',
          approved,
        ),
      )
  },
}

export const retriedEffect: Rule = {
  code: 'retried-effect',
  why: 'An attempt that failed may have done it all the same, as one that ran out of time, and the next does it again.',
  find: (chart, source) =>
    chart.states
      .filter(({ effect, name }) => effect === 'irreversible' && chart.reached.has(name))
      .flatMap((state) =>
        worksOf(state)
          .filter(({ retry }) => Math.max(retry.maxAttempts, ...retry.rules.map(mostOf)) > 1)
          // who names the key passes it on: nothing else can be done with it
          .filter(({ method }) => !source?.methods.get(method)?.keyed)
          .map((work) => ({
            states: [state.name],
            at: { method: work.method, state: state.name },
            path: chart.pathTo(state.name),
            message: `${quote(state.name)} (${work.method}) cannot be undone and is tried up to ${Math.max(work.retry.maxAttempts, ...work.retry.rules.map(mostOf))} times`,
            remedy:
              'Hand run.idempotencyKey to whom it calls, which also holds after a crash; or give it retry: { maxAttempts: 1 }',
          })),
      ),
}

function mostOf({ policy }: StateDefinition['retry']['rules'][number]): number {
  return policy.maxAttempts
}

/** The methods of a state that do its work. */
function worksOf(state: StateDefinition): readonly Work[] {
  if (state.kind === 'parallel') return [...state.branches.values()]
  if (state.kind === 'child' || (state.kind === 'map' && isChild(state.item))) return []
  const { method, retry, timeoutMs, heartbeatMs } = state
  return method === undefined ? [] : [{ method, retry, timeoutMs, heartbeatMs }]
}

/** What of a state nothing undoes, as it is said; `undefined`: nothing. Child runs see to that themselves. */
function withoutUndo(state: StateDefinition): string | undefined {
  if (state.kind === 'final' || state.kind === 'child' || state.undo) return undefined
  if (state.kind === 'map' && isChild(state.item)) return undefined
  if (state.kind !== 'parallel') return ''
  const open = [...state.branches].filter(([, { undo }]) => !undo).map(([name]) => name)
  return open.length === 0 ? undefined : ` in ${sayAll(open)}`
}

function isUndone(state: StateDefinition): boolean {
  if (state.kind === 'parallel') return [...state.branches.values()].some(({ undo }) => undo)
  return state.kind !== 'final' && state.undo !== undefined
}

/** Whether a run fails where the state does: no edge takes all its errors. */
function mayFail(state: StateDefinition | undefined): boolean {
  if (!state) return false
  if (state.kind === 'final') return state.method !== undefined
  return !state.catches.some(({ errors }) => errors.length === 0)
}

/** A finding where a state has been committed, and another that may fail follows. */
function later(
  chart: Chart,
  state: StateDefinition,
  say: (failing: string) => Pick<Found, 'message' | 'remedy'>,
  counts: (name: string) => boolean = () => true,
  graph = chart.graph,
): readonly Found[] {
  const { definition, reached } = chart
  if (!reached.has(state.name)) return []
  const first = chart
    .exits(state.name)
    .filter(isCommitted)
    .map(({ to }) => to)
  const path = chart.pathThrough(
    state.name,
    (name) => counts(name) && mayFail(definition.states.get(name)),
    first,
    graph,
  )
  return path ? [{ states: [state.name], at: anchorOf(state), path, ...say(path.at(-1) ?? '') }] : []
}

/** Whether the state was left after it had done its work. */
function isCommitted({ by }: Exit): boolean {
  return by === 'step' || by === 'signal' || by === 'expires'
}
