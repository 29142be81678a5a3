import { quote } from '../../errors/stepwright-error.ts'
import type { Ruled } from '../finding.ts'
import { anchorOf } from '../rules/rule.ts'
import { brokenOf, type Broken, type Properties } from './properties.ts'

const WHY = 'Somebody has said that every run keeps to this; handlers, people or time can let one break it.'

/** The properties that a run may break. */
export function brokenProperties(properties: Properties): readonly Ruled[] {
  const { definition } = properties
  return brokenOf(properties).map((one) => {
    if (one.undecided)
      return {
        rule: 'broken-property' as const,
        why: 'What is not decided may be broken.',
        states: [],
        at: {},
        path: [],
        message: sayBroken(one),
        remedy: 'Give the states of one loop lower maxVisits',
      }
    const state = one.path.at(-1) ?? ''
    return {
      rule: 'broken-property' as const,
      why: WHY,
      states: [state],
      at: anchorOf(definition.states.get(state)),
      path: one.path,
      message: sayBroken(one),
      remedy: 'Take the move that breaks it out of the chart, or say what is meant',
    }
  })
}

/** What is broken and how, in half a sentence. */
export function sayBroken({ name, says, loop, undecided }: Broken): string {
  const what = name === '' ? says : `${quote(name)}: ${says}`
  if (undecided) return `${what} is not decided: maxVisits multiply to too many places for a run to stand in`
  return `${what} does not hold${loop ? `, as a run may go round ${loop.join(' -> ')} for ever` : ''}`
}
