import { StepwrightError } from '../errors/stepwright-error.ts'
import { named, type Score, type Scorer } from './scorer.ts'

/** The states that a run visits, in order: those given, or the `path` of the item. Below 1 it is the share that both have in common, in order. */
export function path(states?: readonly string[]): Scorer {
  return named('path', ({ trace, item }) => likeness(trace.path, states ?? of('path', item.path)))
}

/** The tools that are called, in order: those given, or the `tools` of the item. Below 1 it is the share that both have in common, in order. */
export function tools(names?: readonly string[]): Scorer {
  return named('tools', ({ trace, item }) => likeness(trace.tools, names ?? of('tools', item.tools)))
}

/** How often a run visits a state. */
export function visits(
  state: string,
  { least = 0, most = Infinity }: { readonly least?: number; readonly most?: number },
): Scorer {
  return named(`visits ${state}`, ({ trace }) => {
    const times = trace.path.filter((each) => each === state).length
    return (times >= least && times <= most) || { score: 0, reason: `it was visited ${times} times` }
  })
}

function of(what: 'path' | 'tools', given: readonly string[] | undefined): readonly string[] {
  if (given) return given
  throw new StepwrightError('invalid-options', {
    what: `The item has no ${what}, and ${what}() compares with it`,
    remedy: `Give the item one, or name them: ${what}(['...'])`,
  })
}

function likeness(was: readonly string[], wanted: readonly string[]): Score {
  const longer = Math.max(was.length, wanted.length)
  const score = longer === 0 ? 1 : inCommon(was, wanted) / longer
  return score === 1 ? 1 : { score, reason: `it was ${was.join(', ') || 'none'}` }
}

/** The length of the longest list that both hold in order. */
function inCommon(a: readonly string[], b: readonly string[]): number {
  let row = new Array<number>(b.length + 1).fill(0)
  for (const each of a) {
    const next = [0]
    for (const [j, other] of b.entries())
      next.push(each === other ? (row[j] ?? 0) + 1 : Math.max(row[j + 1] ?? 0, next[j] ?? 0))
    row = next
  }
  return row.at(-1) ?? 0
}
