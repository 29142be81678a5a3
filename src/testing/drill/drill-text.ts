import { groupDifferences, sayTrials } from './grouped.ts'
import type { DrillReport, HandlerVerdict } from './report.ts'
import type { Death } from './life.ts'

/** Different differences in a text. */
export const SHOWN = 20

/** Where a crash was: `before write 3`. */
export function sayBoundary({ write, lands, after }: Death): string {
  const where = `${lands ? 'after' : 'before'} write ${write}`
  return after === undefined ? where : `${where} from the end of ${after}`
}

/** Which handlers no crash has repeated, by name; nothing where there is none. */
export function sayUntried({ handlers }: Pick<DrillReport, 'handlers'>): readonly string[] {
  const untried = handlers.filter(({ verdict }) => verdict === 'not-repeated')
  if (untried.length === 0) return []
  return [`at work in no crash, so nothing is known of: ${untried.map(({ handler }) => handler).join(', ')}`]
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
  const groups = groupDifferences(trials)
  const different = trials.filter(({ same }) => !same)
  const tried = trials.length === boundaries ? `all ${boundaries}` : `${trials.length} of ${boundaries}`
  return [
    `${workflow}: ${tried} boundaries of ${writes} writes tried, ${passed ? 'each with the same outcome' : `${different.length} with another outcome`}`,
    ...groups
      .slice(0, SHOWN)
      .map((group) => `  ${sayTrials(group)}: ${group.path}: ${group.was} -> ${group.is}`),
    ...(groups.length > SHOWN ? [`  and ${groups.length - SHOWN} other differences`] : []),
    ...handlers
      .filter(({ verdict }) => verdict === 'not-idempotent' || verdict === 'process-memory')
      .map((one) => `  ${one.handler}: ${sayVerdict(one)}`),
    ...sayUntried({ handlers }).map((line) => `  ${line}`),
    ...(varies.length > 0 ? [`  not compared, since it varies without a crash: ${varies.join(', ')}`] : []),
  ].join('\n')
}
