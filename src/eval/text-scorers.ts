import { isDeepStrictEqual } from 'node:util'
import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import { parseWith, type Schema } from '../model/schema.ts'
import { named, textOf, type Outcome, type Scorer } from './scorer.ts'

/** The output is what was expected, to the letter and in depth. */
export function exact(): Scorer {
  return named('exact', ({ output, expected, item }) => {
    mustExpect('exact', item)
    return isDeepStrictEqual(output, expected) || { score: 0, reason: `it is ${quote(output)}` }
  })
}

/**
 * The share of these texts that the output holds; of the expected one, or ones, where none is given. Letters count in
 * either case unless `matchCase` is set.
 */
export function contains(
  texts?: string | readonly string[],
  { matchCase = false }: { readonly matchCase?: boolean } = {},
): Scorer {
  const folded = (text: string): string => (matchCase ? text : text.toLowerCase())
  return named('contains', ({ output, expected, item }) => {
    if (texts === undefined) mustExpect('contains', item)
    const wanted = [texts ?? expected].flat().map(textOf)
    const text = folded(textOf(output))
    const missing = wanted.filter((each) => !text.includes(folded(each)))
    if (missing.length === 0) return 1
    return {
      score: 1 - missing.length / wanted.length,
      reason: `it lacks ${missing.map((each) => quote(each)).join(', ')}`,
    }
  })
}

/** The output, as text, matches a pattern. */
export function regex(pattern: RegExp): Scorer {
  const stateless = new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ''))
  return named('regex', ({ output }) =>
    stateless.test(textOf(output)) ? 1 : { score: 0, reason: `it does not match ${String(pattern)}` },
  )
}

/** The output fits a schema. */
export function schema(of: Schema): Scorer {
  return named('schema', async ({ output }) => {
    const read = await parseWith(of, output)
    return read.ok ? 1 : { score: 0, reason: read.reasons.join('; ') }
  })
}

/**
 * A scorer for a part of the output, which the expected value is then compared with.
 *
 * @example
 * scorers: [at((output) => output.answer, contains())]
 */
export function at<O, P>(part: (output: O) => P, scorer: Scorer<unknown, P>): Scorer<unknown, O> {
  return named(scorer.name, (outcome: Outcome<unknown, O>) =>
    scorer({ ...outcome, output: part(outcome.output) }),
  )
}

/** Throws `invalid-options` for an item without an expected value: a score of 0 would hide that. */
export function mustExpect(scorer: string, item: Outcome['item']): void {
  if (item.expected !== undefined) return
  throw new StepwrightError('invalid-options', {
    what: `The item has no expected value, and ${scorer}() compares with it`,
    remedy: 'Give it one, or use another scorer',
  })
}
