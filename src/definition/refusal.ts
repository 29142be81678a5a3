import type { StepwrightError } from '../errors/stepwright-error.ts'
import type { RuleCode } from '../model/rule.ts'
import type { Definition } from './definition.ts'

/** One thing that is wrong with a class. */
export interface Problem {
  readonly text: string
  /** What `check` calls it, where it has a name of its own. */
  readonly rule?: RuleCode
  /** Where it is wrong, if that is one state. */
  readonly state?: string
}

/** Why a class was refused, and what could be read of it all the same. */
export interface Refusal {
  readonly definition: Definition
  readonly problems: readonly Problem[]
}

const refusals = new WeakMap<StepwrightError, Refusal>()

/** Keeps what belongs to an error, which is to be thrown: its details are for people and JSON. */
export function keepRefusal(error: StepwrightError, refusal: Refusal): StepwrightError {
  refusals.set(error, refusal)
  return error
}

/**
 * What is behind an `invalid-definition` that a workflow class was refused with when it was loaded; `undefined` for any
 * other error. `check` takes it in the place of the class.
 */
export function refusalOf(error: unknown): Refusal | undefined {
  return refusals.get(error as StepwrightError)
}
