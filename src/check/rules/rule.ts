import type { StateDefinition } from '../../definition/definition.ts'
import { quote } from '../../errors/stepwright-error.ts'
import type { RuleCode } from '../../model/rule.ts'
import type { Chart } from '../chart.ts'
import type { Found } from '../finding.ts'
import type { Anchor, WorkflowSource } from '../source/source.ts'

/** One rule: what it is called, why it matters, and what it finds on a chart. Pure. */
export interface Rule {
  readonly code: RuleCode
  /** Why it matters, in one sentence with its full stop. */
  readonly why: string
  find(chart: Chart, source: WorkflowSource | undefined): readonly Found[]
}

/** Where a state stands in the source: its method, else its member of the enum. */
export function anchorOf(state: StateDefinition | undefined): Anchor {
  if (!state) return {}
  return state.method === undefined || state.method === ''
    ? { state: state.name }
    : { method: state.method, state: state.name }
}

/** Names as they are said: `"a"`, `"a" and "b"`. */
export function sayAll(names: readonly string[]): string {
  const quoted = names.map(quote)
  return quoted.length < 2 ? quoted.join('') : `${quoted.slice(0, -1).join(', ')} and ${quoted.at(-1) ?? ''}`
}

/** A way through states, as it is said. */
export function sayPath(path: readonly string[]): string {
  return path.map(quote).join(' -> ')
}
