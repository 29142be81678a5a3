import type { Metric } from '../check/bounds/amount.ts'
import { sayEndless, type Bound, type Bounds } from '../check/bounds/bounds.ts'
import { NAMES, sayAmount } from '../check/bounds/over-limits.ts'
import { table } from './table.ts'
import { clean, type Terminal } from './terminal.ts'

/** The bounds of a workflow as a table: of a run in all, and visits of each state. */
export function boundsLines(
  { definition, run, states, exact }: Bounds,
  terminal: Terminal,
): readonly string[] {
  const row = (what: string, bound: Bound, most: string): readonly string[] => [
    clean(what),
    most,
    bound.most === Infinity ? clean(sayEndless(bound)) : '',
  ]
  const told = entriesOf(run).filter(([metric, { most }]) => metric !== 'undoingMs' || most > 0)
  const rows = [
    ...told.map(([metric, bound]) =>
      row(NAMES[metric], bound, sayAmount(metric, bound.most).replace(` ${NAMES[metric]}`, '')),
    ),
    ...[...states].map(([name, bound]) =>
      row(`visits of ${name}`, bound, sayAmount('visits', bound.most).replace(' visits', '')),
    ),
  ]
  return [
    ...table([`A RUN OF ${clean(definition.name)}`, 'AT MOST', 'BECAUSE'], rows, terminal),
    ...(exact ? [] : [terminal.onOut('dim', 'not exact: maxVisits multiply, so runs may stay below these')]),
    '',
  ]
}

/** The same for programs; `null` is unbounded. */
export function boundsJson({ definition, run, states, exact }: Bounds): object {
  const json = ({ most, loop, because }: Bound): object => ({
    most: most === Infinity ? null : most,
    ...(loop ? { loop } : {}),
    ...(because === undefined ? {} : { because }),
  })
  return {
    workflow: definition.name,
    version: definition.version,
    exact,
    run: Object.fromEntries(entriesOf(run).map(([metric, bound]) => [metric, json(bound)])),
    states: Object.fromEntries([...states].map(([name, bound]) => [name, json(bound)])),
  }
}

function entriesOf(run: Bounds['run']): readonly (readonly [Metric, Bound])[] {
  return Object.entries(run) as [Metric, Bound][]
}
