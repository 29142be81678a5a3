/** A run that breaks a property, as the text of a Vitest file that looks whether one still can. */
import type { Broken } from '../check/properties/properties.ts'
import type { Definition } from '../definition/definition.ts'
import { transitionsOf } from '../testing/cover/transition.ts'
import { sourceOf } from './source-text.ts'

/** What the test is made of. */
export interface CounterexampleParts {
  readonly definition: Definition
  readonly broken: Broken
  /** The name by which the file exports the class. */
  readonly exported: string
  /** Where that file is, from the test. */
  readonly from: string
}

/** The text of the file. */
export function counterexampleTest({ definition, broken, exported, from }: CounterexampleParts): string {
  const all = transitionsOf(definition)
  const taken = broken.legs.map(
    (leg) =>
      all.find(({ from, exit }) => from === leg.from && JSON.stringify(exit) === JSON.stringify(leg.exit))
        ?.says ?? '',
  )
  const name = exported === 'default' ? 'Workflow' : exported
  const clause = exported === 'default' ? name : `{ ${name} }`
  const round = broken.loop ? `; for ever round ${broken.loop.join(' -> ')}` : ''
  return [
    '// Written by `stepwright check --write-tests`. It fails as long as a run can go this way.',
    `import { test } from 'vitest'`,
    `import { avoidPath } from 'stepwright/testing'`,
    `import ${clause} from ${sourceOf(from)}`,
    '',
    `// ${broken.says}${round}`.replaceAll(/[\r\n\u2028\u2029]/g, ' '),
    `test(${sourceOf(broken.name)}, () =>`,
    `  avoidPath(${name}, [`,
    ...taken.map((says) => `    ${sourceOf(says)},`),
    '  ]))',
    '',
  ].join('\n')
}

/** The name of the file: `order.paid-only-after-approval.test.ts`. */
export function counterexampleFile({ definition, broken }: CounterexampleParts): string {
  return `${[definition.name, broken.name].map(inWords).join('.')}.test.ts`
}

function inWords(text: string): string {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? ['property']
  return words.join('-').slice(0, 80)
}
