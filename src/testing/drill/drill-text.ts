import type { DrillReport, HandlerVerdict } from './report.ts'
import type { Trial } from './trial.ts'

/** Where a crash was: `before write 3`. */
export function sayBoundary({ write, lands }: Pick<Trial, 'write' | 'lands'>): string {
  return `${lands ? 'after' : 'before'} write ${write}`
}

const VERDICTS: Readonly<Record<HandlerVerdict['verdict'], string>> = {
  safe: 'safe',
  'not-idempotent': 'NOT IDEMPOTENT',
  'process-memory': 'DEPENDS ON PROCESS MEMORY',
  'not-repeated': 'never repeated',
}

/** What was found about a handler, in words. */
export function sayVerdict({ verdict }: Pick<HandlerVerdict, 'verdict'>): string {
  return VERDICTS[verdict]
}

/** A report as lines for people: what was tried, what differed, which handlers are not safe to repeat. */
export function drillText({
  workflow,
  trials,
  boundaries,
  handlers,
  varies,
  passed,
  writes,
}: DrillReport): string {
  const different = trials.filter(({ same }) => !same)
  const tried = trials.length === boundaries ? `all ${boundaries}` : `${trials.length} of ${boundaries}`
  return [
    `${workflow}: ${tried} boundaries of ${writes} writes tried, ${passed ? 'each with the same outcome' : `${different.length} with another outcome`}`,
    ...different
      .slice(0, 5)
      .flatMap((trial) => [
        `  killed ${sayBoundary(trial)}:`,
        ...trial.differences.slice(0, 5).map(({ path, was, is }) => `    ${path}: ${was} -> ${is}`),
      ]),
    ...handlers
      .filter(({ verdict }) => verdict === 'not-idempotent' || verdict === 'process-memory')
      .map((one) => `  ${one.handler}: ${sayVerdict(one)}`),
    ...(varies.length > 0 ? [`  not compared, since it varies without a crash: ${varies.join(', ')}`] : []),
  ].join('\n')
}
