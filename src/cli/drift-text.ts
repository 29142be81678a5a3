import { formatMs } from '../model/duration.ts'
import { hasDrifted, type Drift } from '../outlook/drift.ts'
import type { Share } from '../outlook/significance.ts'
import { nameOf } from '../outlook/statistics.ts'
import { table } from './table.ts'
import { oneLine, type Terminal } from './terminal.ts'

/** Rows of one table. With `--json` there are all. */
const ROWS = 30

/** What has drifted, for people. `tested`: coverage of tests was given. */
export function driftLines(drift: Drift, tested: boolean, terminal: Terminal): readonly string[] {
  const { workflow, runs, baselineRuns, departures, paths, shares, times, compared, tooFew } = drift
  const against = [...(tested ? ['tests'] : []), ...(baselineRuns > 0 ? [many(baselineRuns, 'run')] : [])]
  const head = `${oneLine(workflow)}: ${many(runs, 'run')}${against.length > 0 ? ` against ${against.join(' and ')}` : ''}`
  const left = tooFew > 0 ? `, ${tooFew} left out since there are too few` : ''
  return [
    terminal.onOut('strong', head),
    ...part(
      'Never seen before',
      ['TRANSITION', 'TAKEN', 'NOT SEEN BY', 'RUNS'],
      departures.map((found) => [
        nameOf(found),
        `${found.count}x`,
        found.unseenBy.join(', '),
        found.examples.join(', '),
      ]),
      terminal,
    ),
    ...part(
      'Ways never gone before',
      ['STATES', 'GONE', 'RUNS'],
      paths.map(({ path, count, examples }) => [path.join(' -> '), `${count}x`, examples.join(', ')]),
      terminal,
    ),
    ...part(
      'Taken more or less often',
      ['TRANSITION', 'BEFORE', 'NOW', 'BY CHANCE', 'RUNS'],
      shares.map((found) => [
        nameOf(found),
        ...[sayShare(found.before), sayShare(found.now), sayChance(found.chance)],
        found.examples.join(', ') || '-',
      ]),
      terminal,
    ),
    ...part(
      'Slower or faster',
      ['STATE', 'TIME', 'MEDIAN', 'P90', 'BY CHANCE'],
      times.map(({ state, kind, before, now, chance }) => [
        state,
        kind === 'work' ? 'at work' : 'waiting',
        `${formatMs(before.median)} -> ${formatMs(now.median)}`,
        `${formatMs(before.p90)} -> ${formatMs(now.p90)}`,
        sayChance(chance),
      ]),
      terminal,
    ),
    ...(hasDrifted(drift)
      ? []
      : [terminal.onOut(runs > 0 ? 'good' : 'warn', runs > 0 ? 'no drift' : 'no runs')]),
    ...(baselineRuns > 0 ? [terminal.onOut('dim', `${compared} shares and times were compared${left}`)] : []),
  ]
}

function part(
  title: string,
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  terminal: Terminal,
): readonly string[] {
  if (rows.length === 0) return []
  const shown = rows.slice(0, ROWS).map((cells) => cells.map(oneLine))
  const more = rows.length > ROWS ? [`and ${rows.length - ROWS} more: see --json`] : []
  return ['', terminal.onOut('warn', title), ...table(headings, shown, terminal), ...more]
}

function sayShare({ count, of }: Share): string {
  return `${sayPercent(of === 0 ? 0 : count / of)} of ${of}`
}

/** A share from 0 to 1, for people: `12.5 %`. */
export function sayPercent(share: number): string {
  const percent = share * 100
  return `${percent > 0 && percent < 10 ? percent.toFixed(1) : Math.round(percent)} %`
}

function sayChance(chance: number): string {
  return chance < 1e-4 ? '< 0.0001' : chance.toFixed(4)
}

/** `1 run`, `3 runs`. */
export function many(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`
}
