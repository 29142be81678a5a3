import type { Failure } from '../model/failure.ts'
import type { Happening } from '../model/history.ts'
import { quote } from '../errors/stepwright-error.ts'
import { sayDate, sayDistance } from './moment.ts'
import { oneLine, type Tone } from './terminal.ts'

/** What happened, in a line for people. */
export interface HappeningLine {
  readonly tone: Tone
  readonly text: string
}

/** A history event, or what a commit brought, as a line; `now` is what times are counted from. */
export function sayHappening(happening: Happening, now: number): HappeningLine {
  const { tone, text } = say(happening, now)
  return { tone, text: oneLine(text) }
}

function say(h: Happening, now: number): HappeningLine {
  switch (h.type) {
    case 'started':
      return plain(`started in ${h.to}`)
    case 'claimed':
      return dim(`taken by worker ${h.worker}`)
    case 'moved':
      return plain(`${h.from} -> ${h.to} by ${h.by}${h.visit > 1 ? `, visit ${h.visit}` : ''}`)
    case 'signalled':
      return plain(`signal ${h.name} taken`)
    case 'signal-refused':
      return { tone: 'bad', text: `signal ${h.name} refused: ${h.reason}` }
    case 'attempt-failed': {
      const next =
        h.retryAt === undefined
          ? 'no attempt is left'
          : `next attempt ${sayDistance(h.retryAt, now)}, at ${sayDate(h.retryAt)}`
      return {
        tone: 'warn',
        text: `attempt ${h.attempt} of ${h.state} failed: ${sayFailure(h.failure)}; ${next}`,
      }
    }
    case 'retried':
      return dim(`attempt ${h.attempt} of ${h.state} begins`)
    case 'released':
      return dim('let go by its worker, which was closed')
    case 'recovered':
      return {
        tone: 'warn',
        text: `taken over from a worker that died${h.recoveries > 1 ? `, ${h.recoveries} times in a row` : ''}`,
      }
    case 'log':
      return {
        tone: LOG_TONES[h.level],
        text: `${h.level}: ${h.message}${h.fields === undefined ? '' : ` ${quote(h.fields)}`}`,
      }
    case 'completed':
      return { tone: 'good', text: `completed in ${h.state}` }
    case 'failed':
      return { tone: 'bad', text: `failed in ${h.state}: ${sayFailure(h.failure)}` }
    case 'parked':
      return { tone: 'bad', text: `set aside as ${h.status}: ${h.reason}. ${h.remedy}` }
    case 'unparked':
      return plain(`given back to the workers; it was ${h.status}`)
    default:
      return plain((h as { readonly type: string }).type) // written by a newer version
  }
}

const LOG_TONES = { debug: 'dim', info: 'plain', warn: 'warn', error: 'bad' } as const satisfies Readonly<
  Record<string, Tone>
>

/** A failure as `TypeError: x is not a function`. */
export function sayFailure({ name, message }: Failure): string {
  return oneLine(`${name}: ${message}`)
}

function plain(text: string): HappeningLine {
  return { tone: 'plain', text }
}

function dim(text: string): HappeningLine {
  return { tone: 'dim', text }
}
