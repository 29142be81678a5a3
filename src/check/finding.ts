import type { Exit } from '../definition/exit.ts'
import type { RuleCode, Severity } from '../model/rule.ts'
import type { Anchor, Place } from './source/source.ts'

/** One thing that `check` has found. */
export interface Finding {
  readonly rule: RuleCode
  readonly severity: Severity
  /** The name of the workflow. */
  readonly workflow: string
  /** The state it is about; none where it is about the whole workflow. */
  readonly state?: string
  /** All states it is about, such as those of a loop. */
  readonly states: readonly string[]
  /** The exit of the state it is about, where it is about one. */
  readonly edge?: { readonly by: Exit['by']; readonly to: string }
  /** What is wrong, in one sentence without a full stop. */
  readonly message: string
  /** Why that matters. */
  readonly why: string
  /** What to do about it. */
  readonly remedy: string
  /** The states of a run that shows it, from the initial one on. Empty where no run does, as for a state that none reaches. */
  readonly path: readonly string[]
  /** Where it stands in the source; none without a source, or where the source does not have it. */
  readonly place?: Place
  /** The reason for which it is meant so; only with `allowed: true`. */
  readonly allowed?: string
}

/** What a rule finds: a finding without what is the same for all of its rule. */
export interface Found extends Pick<Finding, 'states' | 'edge' | 'message' | 'remedy' | 'path'> {
  readonly at: Anchor
}

/** What a rule has found, with what belongs to the rule. */
export interface Ruled extends Found {
  readonly rule: RuleCode
  readonly why: string
}
