import { formatMs } from '../model/duration.ts'
import type { Forecast, ForecastEnd, NoForecast } from '../outlook/forecast.ts'
import type { Need, Verdict } from '../outlook/need.ts'
import type { Outlook } from '../outlook/outlook.ts'
import type { StuckRuns } from '../outlook/stuck.ts'
import { many, sayPercent } from './drift-text.ts'
import { sayDate, sayDistance } from './moment.ts'
import { shellLine } from './shell-line.ts'
import { table } from './table.ts'
import { oneLine, type Terminal, type Tone } from './terminal.ts'

const VERDICTS: Readonly<Record<Verdict, { readonly tone: Tone; readonly text: string }>> = {
  ended: { tone: 'plain', text: 'it has ended' },
  moves: { tone: 'good', text: 'it moves on by itself' },
  waits: { tone: 'warn', text: 'it waits for somebody' },
  operator: { tone: 'bad', text: 'it needs somebody who operates it' },
  stuck: { tone: 'bad', text: 'it is stuck: nothing that can come moves it on' },
}

type Line = readonly [name: string, value: string, tone?: Tone]

const EITHER = { tone: 'warn', text: 'somebody, or in the end time, moves it on' } as const

/** Outcomes less likely than that are told together. */
const RARE = 0.005

/** The outlook of a run, for people. */
export function outlookLines(
  outlook: Outlook,
  store: string | undefined,
  terminal: Terminal,
): readonly string[] {
  const { run, workflow, version, status, state, verdict, why, ends, needs, ms, usual, forecast } = outlook
  const now = Date.now()
  const asked = verdict === 'moves' && needs.some(({ kind }) => kind === 'signal')
  const { tone, text } = asked ? EITHER : VERDICTS[verdict]
  const lines: readonly Line[] = [
    ['workflow', `${workflow}, version ${version}`],
    ['next', `${text}${why === undefined ? '' : `: ${why}`}`, tone],
    ...(verdict === 'ended'
      ? []
      : [['here', `for ${formatMs(ms)}${usual ? `; ${sayUsual(usual)}` : ''}`] as const]),
    ...(ends && verdict !== 'ended' ? [['can end', ends.join(', ') || 'nowhere'] as const] : []),
    ...needLines(needs, now).map((line, i) => [i === 0 ? 'needs' : '', line] as const),
    ...needs.flatMap((need): Line[] =>
      need.kind === 'signal' && need.more > 0
        ? [['', shellLine('signal', [run, need.signal, '<JSON>'], { store }), 'dim']]
        : [],
    ),
    ...(forecast ? forecastLines(forecast) : []),
  ]
  return [
    `${terminal.onOut('strong', run)}  ${oneLine(status)} in ${terminal.onOut('strong', state)}`,
    ...lines.map(
      ([name, value, look = 'plain']) =>
        `  ${terminal.onOut('dim', name.padEnd(9))}  ${terminal.onOut(look, oneLine(value))}`,
    ),
  ]
}

function sayUsual({ visits, median, p99 }: NonNullable<Outlook['usual']>): string {
  return `of ${many(visits, 'past visit')} half took ${formatMs(median)} at most, 99 of 100 ${formatMs(p99)}`
}

/** Each thing a run needs, in a line of its own; what its children need under them. */
function needLines(needs: readonly Need[], now: number, indent = ''): readonly string[] {
  return needs.flatMap((need): readonly string[] => {
    switch (need.kind) {
      case 'signal': {
        const { signal, count, more, roles, from, to } = need
        const votes = count > 1 ? ` ${more} more of ${count}` : ''
        const by = roles.length > 0 ? ` by ${roles.join(' or ')}` : ''
        const counted = from.length > 0 ? ` (counted: ${from.join(', ')})` : ''
        return [
          `${indent}signal ${signal}${votes}${by}${to.length > 0 ? ` -> ${to.join(' or ')}` : ''}${counted}`,
        ]
      }
      case 'time':
        return [`${indent}${TIMES[need.why]} ${sayDate(need.at)} (${sayDistance(need.at, now)})`]
      case 'child':
        return [
          `${indent}child run ${need.run}: ${need.status}${need.state === undefined ? '' : ` in ${need.state}`}`,
          ...needLines(need.needs, now, `${indent}  `),
        ]
      case 'person':
        return [`${indent}a person: ${need.may.join(', ')}`]
      case 'worker':
        return [`${indent}a worker`]
    }
  })
}

const TIMES: Readonly<Record<Extract<Need, { kind: 'time' }>['why'], string>> = {
  retry: 'the next attempt at',
  expires: 'or the end of the wait at',
  timer: 'the time it waits for:',
  reminder: 'a reminder is given at',
  parts: 'the next attempt of a part at',
  look: 'the next look at its parts at',
  deadline: 'it fails at its deadline,',
}

function forecastLines(forecast: Forecast | NoForecast): readonly (readonly [string, string])[] {
  if ('refused' in forecast) return [['forecast', `none: ${forecast.refused}`]]
  const { ms, calls, tokens, cost, ends, late, visits, runs } = forecast
  const spent =
    calls > 0 ? `, ${Math.round(tokens)} tokens in ${calls.toFixed(1)} calls, cost ${sayCost(cost)}` : ''
  return [
    [
      'ends in',
      ends
        .filter(({ chance }) => chance >= RARE)
        .map(sayEnd)
        .join(', '),
    ],
    ['', `after ${formatMs(ms)} more${spent}, in the mean`],
    [
      '',
      `from ${many(visits, 'past visit')} of this state and ${many(runs, 'run')}${late ? '; it is here longer than nearly all of them' : ''}`,
    ],
  ]
}

function sayEnd({ status, state, chance }: ForecastEnd): string {
  return `${state ?? `(${status})`} ${sayPercent(chance)}`
}

function sayCost(cost: number): string {
  return cost >= 0.01 || cost === 0 ? cost.toFixed(2) : cost.toPrecision(2)
}

/** Runs that are stuck, for people. */
export function stuckLines({ runs, live }: StuckRuns, terminal: Terminal): readonly string[] {
  const now = Date.now()
  if (runs.length === 0) return [terminal.onOut('good', `none of ${many(live, 'live run')} is stuck`)]
  const rows = runs.map(({ reasons, outlook: { run, workflow, version, status, state, ms, needs, why } }) =>
    [
      ...[run, `${workflow}@${version}`, status, state, formatMs(ms), reasons.join(', ')],
      needLines(needs, now)
        .map((line) => line.trim())
        .join('; ') ||
        why ||
        '-',
    ].map(oneLine),
  )
  return [
    ...table(['RUN', 'WORKFLOW', 'STATUS', 'STATE', 'HERE', 'WHY', 'NEEDS'], rows, terminal),
    terminal.onOut('dim', `${runs.length} of ${many(live, 'live run')}`),
  ]
}
