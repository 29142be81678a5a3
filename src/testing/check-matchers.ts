import { relative } from 'node:path'
import { check, type CheckOptions } from '../check/check.ts'
import type { Finding } from '../check/finding.ts'
import type { Loops } from '../check/properties/counterexample.ts'
import { sayBroken } from '../check/properties/broken-properties.ts'
import { brokenOf, properties } from '../check/properties/properties.ts'
import type { Property } from '../check/properties/property.ts'
import { readSourceIfCan } from '../check/source/read-source.ts'
import { isAtLeast, sayTally } from '../check/tally.ts'
import type { Definition } from '../definition/definition.ts'
import type { Refusal } from '../definition/refusal.ts'
import type { AnyClass, Key, ShapeOf } from '../definition/shape.ts'
import type { Severity } from '../model/rule.ts'

/** Options of `toPassCheck`. */
export interface PassCheckOptions extends Omit<CheckOptions, 'allowed'> {
  /** The least bad finding that fails. Default `'warning'`. */
  readonly failOn?: Severity
}

/** Options of `toHold`. */
export interface HoldOptions {
  /** As of `properties`. Default `'end'`. */
  readonly loops?: Loops
}

/** What the runner of tests says of itself to a matcher. */
interface Testing {
  readonly testPath?: string | undefined
}

/**
 * Matchers for Vitest: `toPassCheck()` fails with what `check` finds in a workflow class. Lines are looked for in the file
 * of the test and in those that it imports, unless a `source` is given. `toHold(property)` fails with a run that breaks it.
 *
 * @example
 * expect.extend(checkMatchers)
 * await expect(ArticleWorkflow).toPassCheck()
 * expect(ArticleWorkflow).toHold(never(State.Published).before(State.Reviewed))
 * await expect(ArticleWorkflow).toPassCheck({ failOn: 'note', rules: { 'similar-names': 'off' } })
 */
export const checkMatchers = {
  async toPassCheck(
    this: Testing,
    received: AnyClass | Definition | Refusal,
    { failOn = 'warning', source, ...options }: PassCheckOptions = {},
  ): Promise<{ readonly pass: boolean; readonly message: () => string }> {
    const found = check(received, {
      ...options,
      source: source ?? (await readSourceIfCan(this.testPath === undefined ? [] : [this.testPath])),
    })
    const bad = found.filter((finding) => isAtLeast(finding, failOn))
    return {
      pass: bad.length === 0,
      message: () =>
        bad.length === 0
          ? 'expected the workflow not to pass the check, and nothing was found'
          : `expected the workflow to pass the check, and there is: ${sayTally(bad)}\n${bad.map(sayFinding).join('\n')}`,
    }
  },

  toHold(
    received: AnyClass,
    property: Property,
    options: HoldOptions = {},
  ): { readonly pass: boolean; readonly message: () => string } {
    const broken = brokenOf(properties(received, { '': property } as never, options))
    const [found] = broken
    return {
      pass: !found,
      message: () =>
        found
          ? `${sayBroken(found)}${found.undecided ? '' : `\n  for example ${found.path.join(' -> ')}`}`
          : `expected some run to break ${property.says}, and none does`,
    }
  },
}

/** The types of {@link checkMatchers}, for `declare module 'vitest'`; an interface `Matchers` there extends this one. */
export interface CheckMatchers<T = unknown> {
  /** Nothing that `check` finds is as bad as `failOn`. */
  toPassCheck(options?: PassCheckOptions): Promise<void>
  /** Every run of the workflow keeps to the property. */
  toHold(property: Property<StateOf<T>>, options?: HoldOptions): void
}

type StateOf<T> = T extends AnyClass ? ([ShapeOf<T>] extends [never] ? Key : ShapeOf<T>['state']) : Key

function sayFinding({ rule, severity, message, remedy, path, place, workflow }: Finding): string {
  const where = place ? `${relative(process.cwd(), place.file)}:${place.line}:${place.column}` : workflow
  const example = path.length > 1 ? `\n    for example ${path.join(' -> ')}` : ''
  return `  ${where} ${severity} ${message} [${rule}]${example}\n    ${remedy}`
}
