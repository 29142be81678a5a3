import { awaitedBy, type StateDefinition } from '../../definition/definition.ts'
import { quote } from '../../errors/stepwright-error.ts'
import type { Chart } from '../chart.ts'
import type { Found } from '../finding.ts'
import type { Origin, SourceHandler, WorkflowSource } from '../source/source.ts'
import { moverOf, nameOf } from './movers.ts'
import { anchorOf, sayAll, type Rule } from './rule.ts'

/** A field that may hold what is personal, and the one that it came from. */
interface Trace {
  /** A state, `vars`, `session` or `signal <name>`, as marks say it. */
  readonly where: string
  readonly field: string
  readonly before?: Trace
}

/** Follows fields that are marked from state to state, by what the handlers hand on, to what is given to models. */
export const piiInPrompt: Rule = {
  code: 'pii-in-prompt',
  why: 'What a model is asked leaves the house, and is kept by whoever runs the model.',
  find(chart, source) {
    if (!source?.handlers) return []
    const traces = follow(chart, source)
    return chart.states
      .filter(({ name }) => chart.reached.has(name))
      .flatMap(
        (state) =>
          source.handlers
            ?.filter((handler) => handler.state === state.member)
            .flatMap((handler) => prompts(chart, state, handler, traces)) ?? [],
      )
  },
}

function prompts(
  chart: Chart,
  state: StateDefinition,
  { prompts, method }: SourceHandler,
  traces: readonly Trace[],
): readonly Found[] {
  return prompts.flatMap(({ from, call, place }) => {
    const found = from.flatMap((origin) => match(origin, state, traces))
    const [first] = found
    if (!first) return []
    const source = sourceOf(first)
    const names = [...new Set(found.map(({ field }) => (field === '*' ? 'all fields' : field)))]
    const since =
      source === first
        ? ''
        : `, made of ${quote(source.field)} of ${source.where === 'vars' ? 'the vars' : quote(source.where)}`
    return [
      {
        states: [state.name],
        at: { ...anchorOf(state), method, place },
        path: pathOf(first, state, chart),
        message: `${quote(state.name)} gives ${sayAll(names)}, which ${names.length === 1 ? 'is' : 'are'} personal, to ${call}${since}`,
        remedy: `Leave ${names.length === 1 ? 'it' : 'them'} out, ${sayRedacted(source)}`,
      },
    ]
  })
}

/** What can be declared of a field where only a form of it that may be shown is handed on. */
function sayRedacted({ where, field }: Trace): string {
  if (where === 'session' || where.startsWith('signal '))
    return 'or allow it with the reason, where only a form that may be shown is handed on'
  return `or say redacts: [${quote(field)}] where only a form that may be shown is handed on`
}

/** All fields that may hold what is marked as personal, each by a shortest way. */
function follow(chart: Chart, source: WorkflowSource): readonly Trace[] {
  const { definition } = chart
  const traces: Trace[] = definition.marks
    .filter(({ kind }) => kind === 'pii')
    .map(({ where, path }) => ({ where, field: path[0] ?? '*' }))
  const known = new Set(traces.map(({ where, field }) => `${where} ${field}`))
  const flows = chart.states.flatMap((state) => flowsOf(chart, state, source))
  for (const at of traces)
    // what is found meanwhile is followed too
    for (const { state, from, where, field } of flows) {
      if (known.has(`${where} ${field}`) || !from.some((origin) => match(origin, state, [at]).length > 0))
        continue
      known.add(`${where} ${field}`)
      traces.push({ where, field, before: at })
    }
  return traces
}

/** What a state hands to which field. */
interface Flow {
  readonly state: StateDefinition
  readonly from: readonly Origin[]
  readonly where: string
  readonly field: string
}

function flowsOf(chart: Chart, state: StateDefinition, source: WorkflowSource): readonly Flow[] {
  if (state.kind === 'final' || !chart.reached.has(state.name)) return []
  const mover = moverOf(state, source)
  const flows = (where: string, feeds: ReadonlyMap<string, readonly Origin[]>): readonly Flow[] =>
    [...feeds].map(([field, from]) => ({ state, from, where, field }))
  return [
    ...(mover?.moves ?? []).flatMap(({ to, feeds, vars }) => [
      ...to.flatMap((member) => flows(nameOf(member, chart), feeds)),
      ...flows('vars', vars),
    ]),
    ...(mover?.edges ?? []).flatMap(({ to, feeds }) => flows(nameOf(to, chart), feeds)),
  ]
}

/** The traces that a field of what a handler is given stands for, unless it redacts that. */
function match({ of, field }: Origin, state: StateDefinition, traces: readonly Trace[]): readonly Trace[] {
  const signals = of === 'signal' ? [...awaitedBy(state).keys()].map((name) => `signal ${name}`) : []
  const where = of === 'input' ? [state.name] : of === 'signal' ? signals : [of]
  const redacted = of === 'input' || of === 'vars' ? (state.redacts ?? []) : []
  return traces.filter(
    (trace) =>
      where.includes(trace.where) &&
      (trace.field === field || trace.field === '*' || field === '*') &&
      !redacted.includes(field === '*' ? trace.field : field),
  )
}

function sourceOf(trace: Trace): Trace {
  return trace.before ? sourceOf(trace.before) : trace
}

/** Through the states that handed it on, where there is nothing else between them. */
function pathOf(trace: Trace, state: StateDefinition, chart: Chart): readonly string[] {
  const states: string[] = []
  for (let at: Trace | undefined = trace; at; at = at.before) states.unshift(at.where)
  const [first = ''] = states
  if (!states.every((name) => chart.definition.states.has(name))) return chart.pathTo(state.name)
  return [...chart.pathTo(first), ...states.slice(1)]
}
