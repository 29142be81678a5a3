import type { Change, Comparison } from '../eval/comparison.ts'
import type { EvaluationResult, ItemResult } from '../eval/result.ts'
import { sayVariant } from '../eval/variants.ts'
import { formatMs } from '../model/duration.ts'
import { plus, type Spent } from '../model/model-call.ts'
import { table } from './table.ts'
import { oneLine, type Terminal } from './terminal.ts'

/** Of more items only the worst are shown, the worst first. */
const ALL_SHOWN = 20
/** Items that a comparison names. */
const CHANGES_SHOWN = 10
/** Characters of a reason. */
const LONGEST_WHY = 60

/** An item that is done, while others are not. */
export function itemLine(item: ItemResult, done: number, total: number, terminal: Terminal): string {
  const { title, mean, error, ms } = item
  const place = `${String(done).padStart(String(total).length)}/${total}`
  const how = error ? terminal.onErr('bad', 'failed') : terminal.onErr(toneOf(mean), sayScore(mean))
  return `${terminal.onErr('dim', place)} ${terminal.onErr('plain', oneLine(title))}  ${how}  ${terminal.onErr('dim', formatMs(ms))}`
}

/** A result for people. */
export function resultLines(result: EvaluationResult, terminal: Terminal): readonly string[] {
  const { items, total, stopped, failed, mean, scores, threshold, passed, variant, evaluation } = result
  const names = Object.keys(scores)
  const few = items.length <= ALL_SHOWN
  const shown = few ? items : [...items].sort((a, b) => a.mean - b.mean).slice(0, ALL_SHOWN)
  const headings = ['ITEM', ...names.map((name) => oneLine(name).toUpperCase()), 'MEAN', ...PAID, 'WHY']
  const rows = shown.map((item) => [
    cut(oneLine(item.title), 40),
    ...names.map((name) => (item.error ? '-' : sayScore(item.scores[name]?.score ?? 0))),
    sayScore(item.mean),
    ...paidCells(plus(item.spent, item.scoring), item.ms),
    why(item),
  ])
  const sum = [
    few ? 'all' : `all ${items.length}`,
    ...names.map((name) => sayScore(scores[name] ?? 0)),
    sayScore(mean),
    ...paidCells(plus(result.spent, result.scoring), result.ms),
    '',
  ]
  const verdict =
    threshold === undefined
      ? ''
      : `, ${passed ? terminal.onOut('good', `not below ${threshold}`) : terminal.onOut('bad', `below ${threshold}`)}`
  const notes = [
    few ? '' : `the ${ALL_SHOWN} worst of ${items.length} are shown`,
    failed === 0 ? '' : terminal.onOut('bad', `${failed} failed`),
    stopped ? terminal.onOut('warn', `${items.length} of ${total} were done`) : '',
  ].filter(Boolean)
  return [
    ...table(headings, [...rows, sum], terminal),
    `${terminal.onOut('strong', evaluation)} (${oneLine(cut(sayVariant(variant), 80))}): ${sayScore(mean)}${[verdict, ...notes.map((note) => `, ${note}`)].join('')}`,
  ]
}

/** What has become better and worse, for people. */
export function comparisonLines(
  id: string,
  { mean, scores, better, worse, same, added, gone }: Comparison,
  terminal: Terminal,
): readonly string[] {
  const changed = Object.entries(scores).filter(([, { before, after }]) => before !== after)
  const others = [
    `${better.length} better, ${worse.length} worse, ${same} the same`,
    added.length === 0 ? '' : `${added.length} new`,
    gone.length === 0 ? '' : `${gone.length} left out`,
  ].filter(Boolean)
  return [
    `against ${terminal.onOut('strong', id)}: ${sayScore(mean.before)} -> ${sayScore(mean.after)}, ${others.join(', ')}`,
    ...changed.map(
      ([name, each]) => `  ${oneLine(name)} ${sayScore(each.before)} -> ${sayScore(each.after)}`,
    ),
    ...changeLines('worse', 'bad', worse, terminal),
    ...changeLines('better', 'good', better, terminal),
  ]
}

function changeLines(
  word: string,
  tone: 'good' | 'bad',
  changes: readonly Change[],
  terminal: Terminal,
): readonly string[] {
  const more = changes.length - CHANGES_SHOWN
  return [
    ...changes
      .slice(0, CHANGES_SHOWN)
      .map(
        ({ title, before, after }) =>
          `  ${terminal.onOut(tone, word)} ${oneLine(title)} ${sayScore(before)} -> ${sayScore(after)}`,
      ),
    ...(more > 0 ? [`  and ${more} more that are ${word}`] : []),
  ]
}

const PAID = ['TOKENS', 'COST', 'TIME'] as const

function paidCells({ tokens, cost }: Spent, ms: number): readonly string[] {
  return [tokens === 0 ? '-' : String(tokens), cost === 0 ? '-' : sayCost(cost), formatMs(ms)]
}

function sayCost(cost: number): string {
  return cost >= 1 ? cost.toFixed(2) : cost.toPrecision(2)
}

function sayScore(score: number): string {
  return score.toFixed(2)
}

function toneOf(score: number): 'good' | 'warn' | 'bad' {
  return score >= 0.8 ? 'good' : score >= 0.5 ? 'warn' : 'bad'
}

/** The error, or the reasons of the scores that are not full. */
function why({ error, scores }: ItemResult): string {
  const reasons = Object.values(scores).flatMap(({ score, reason }) => (score < 1 && reason ? [reason] : []))
  const said = error ? [`${error.in}: ${error.message}`] : reasons
  return cut(oneLine(said.join('; ')), LONGEST_WHY)
}

function cut(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 3)}...` : text
}
