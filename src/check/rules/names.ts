import { quote } from '../../errors/stepwright-error.ts'
import type { Found } from '../finding.ts'
import type { Anchor } from '../source/source.ts'
import { areAlike } from './likeness.ts'
import { anchorOf, type Rule } from './rule.ts'

export const similarNames: Rule = {
  code: 'similar-names',
  why: 'One of them may be the other one, misspelt; and people will take them for each other.',
  find({ states, definition }) {
    const { signals, transactions } = definition
    return [
      ...pairs(
        'states',
        states.map(({ name }) => name),
        (name) => anchorOf(definition.states.get(name)),
        (a, b) => [b, a],
      ),
      ...pairs('signals', [...signals.keys()], (signal) => ({ signal })),
      ...pairs('transactions', [...transactions.keys()], (transaction) => ({ transaction })),
      ...states.flatMap((state) => {
        if (state.kind !== 'parallel') return []
        const method = (branch: string): Anchor => ({ method: state.branches.get(branch)?.method ?? '' })
        return pairs(`branches of ${quote(state.name)}`, [...state.branches.keys()], method, () => [
          state.name,
        ])
      }),
    ]
  },
}

/** Those of a kind that are alike, told of at the second of each two. */
function pairs(
  kind: string,
  names: readonly string[],
  at: (name: string) => Anchor,
  about: (a: string, b: string) => readonly string[] = () => [],
): readonly Found[] {
  return names.flatMap((b, i) =>
    names
      .slice(0, i)
      .filter((a) => areAlike(a, b))
      .map((a) => ({
        states: about(a, b),
        at: at(b),
        path: [],
        message: `The ${kind} ${quote(a)} and ${quote(b)} differ by ${a.toLowerCase() === b.toLowerCase() ? 'case only' : 'a letter'}`,
        remedy: 'Use one of them, or tell them apart by a word',
      })),
  )
}
