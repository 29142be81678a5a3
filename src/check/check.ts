import type { Definition } from '../definition/definition.ts'
import { readDefinition } from '../definition/read-definition.ts'
import type { Problem, Refusal } from '../definition/refusal.ts'
import type { AnyClass } from '../definition/shape.ts'
import { RULES, type RuleCode, type Severity } from '../model/rule.ts'
import { silence } from './allowance.ts'
import type { Limits } from './bounds/limits.ts'
import { overLimits } from './bounds/over-limits.ts'
import { Chart } from './chart.ts'
import type { Finding, Ruled } from './finding.ts'
import { brokenProperties } from './properties/broken-properties.ts'
import type { Properties } from './properties/properties.ts'
import { ALL_RULES } from './rules/all.ts'
import { anchorOf } from './rules/rule.ts'
import { placeOf, sourceOf, type Source, type WorkflowSource } from './source/source.ts'

/** Options of {@link check}. */
export interface CheckOptions {
  /** Where findings stand, from {@link readSource}. Without it they have no place. */
  readonly source?: Source | undefined
  /** How bad findings of a rule are, instead of what `RULES` says; `'off'`: they are left out. */
  readonly rules?: { readonly [R in RuleCode]?: Severity | 'off' }
  /** What every run is to keep to, from {@link properties}; those of other workflows are left out. */
  readonly properties?: readonly Properties[]
  /** What no run is to come to more of, from {@link limits}; those of other workflows are left out. */
  readonly limits?: readonly Limits[]
  /** Findings that the workflow allows are given too, with the reason in `allowed`. Default `false`. */
  readonly allowed?: boolean
}

/**
 * Looks for mistakes on the chart of a workflow: what can be said before a run starts. Reads no file, runs
 * nothing but schemas on data that stands in decorators, and gives the same for the same; findings are in the order of their places, without a source in that of the states.
 *
 * @param workflow a workflow class, its definition, or what {@link refusalOf} gives for the error of a class that was refused
 * @throws StepwrightError `unknown-workflow` for a class without `@workflow()`.
 * @example
 * const findings = check(Article, { source: await readSource(['article.ts']) })
 * for (const { rule, message, place } of findings) console.log(place?.line, rule, message)
 */
export function check(
  workflow: AnyClass | Definition | Refusal,
  { source, rules = {}, allowed = false, properties = [], limits = [] }: CheckOptions = {},
): readonly Finding[] {
  const { definition, problems } = subjectOf(workflow)
  const text = sourceOf(definition, source)
  const severityOf = (rule: RuleCode): Severity | 'off' => rules[rule] ?? RULES[rule].severity
  const found = [
    ...refused(definition, problems),
    ...(problems.every(isOfRule) ? findAll(new Chart(definition), text) : []),
    ...properties.filter((one) => one.definition === definition).flatMap(brokenProperties),
    ...limits.filter((one) => one.definition === definition).flatMap(overLimits),
  ].filter(({ rule }) => severityOf(rule) !== 'off')
  const finish = (one: Ruled): Finding => {
    const { at, states, ...rest } = one
    const [state] = states
    return {
      ...rest,
      severity: severityOf(one.rule) as Severity,
      workflow: definition.name,
      ...(state === undefined ? {} : { state }),
      states,
      ...(text ? { place: placeOf(at, text) } : {}),
    }
  }
  const judged = silence(definition, found, (rule) => severityOf(rule) !== 'off')
  const findings = judged.map(({ reason, ...one }) => ({
    ...finish(one),
    ...(reason === undefined ? {} : { allowed: reason }),
  }))
  return inOrder(findings.filter((one) => allowed || one.allowed === undefined))
}

function subjectOf(workflow: AnyClass | Definition | Refusal): Refusal {
  if (typeof workflow === 'function') return { definition: readDefinition(workflow), problems: [] }
  return 'problems' in workflow ? workflow : { definition: workflow, problems: [] }
}

function findAll(chart: Chart, source: WorkflowSource | undefined): readonly Ruled[] {
  return ALL_RULES.flatMap(({ code, why, find }) =>
    find(chart, source).map((one) => ({ ...one, rule: code, why })),
  )
}

/** Whether a rule finds the same on the chart, and says it better. */
function isOfRule({ rule }: Problem): boolean {
  return rule !== undefined
}

/** What a class was refused for. With it the definition has holes, so that the rules would see ghosts. */
function refused(definition: Definition, problems: readonly Problem[]): readonly Ruled[] {
  if (problems.every(isOfRule)) return []
  return problems.map(({ text, rule = 'invalid-definition', state }) => ({
    rule,
    why: 'A class that is refused cannot be loaded, and no run of it started.',
    states: state === undefined ? [] : [state],
    at: anchorOf(state === undefined ? undefined : definition.states.get(state)),
    path: [],
    message: text,
    remedy: 'Mend it in the class or its states(...) declaration',
  }))
}

function inOrder(findings: readonly Finding[]): readonly Finding[] {
  const key = ({ place }: Finding): readonly [string, number, number] =>
    place ? [place.file, place.line, place.column] : ['', 0, 0]
  return findings.toSorted((a, b) => {
    const [[fileA, lineA, columnA], [fileB, lineB, columnB]] = [key(a), key(b)]
    return (fileA < fileB ? -1 : fileA > fileB ? 1 : 0) || lineA - lineB || columnA - columnB
  })
}
