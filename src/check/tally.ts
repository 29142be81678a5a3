import type { Severity } from '../model/rule.ts'
import type { Finding } from './finding.ts'

/** From the worst on. */
export const SEVERITIES: readonly Severity[] = ['error', 'warning', 'note']

/** Whether a finding is as bad as that, or worse. */
export function isAtLeast({ severity }: Pick<Finding, 'severity'>, least: Severity): boolean {
  return SEVERITIES.indexOf(severity) <= SEVERITIES.indexOf(least)
}

/** How many there are: `1 error, 2 warnings`. */
export function sayTally(findings: readonly Finding[]): string {
  const counts = SEVERITIES.flatMap((severity) => {
    const n = findings.filter((one) => one.severity === severity).length
    return n === 0 ? [] : [`${n} ${severity}${n === 1 ? '' : 's'}`]
  })
  return counts.length === 0 ? 'nothing found' : counts.join(', ')
}
