import { formatMs } from '../model/duration.ts'
import type { Failure } from '../model/failure.ts'
import type { Happening } from '../model/history.ts'
import type { ModelCall } from '../model/model-call.ts'
import { sayMove } from '../model/move-name.ts'
import { quote } from '../errors/stepwright-error.ts'
import { sayCaller } from './caller-argument.ts'
import { sayDate, sayDistance } from './moment.ts'
import { oneLine, type Tone } from './terminal.ts'

/** What happened, in a line for people. */
export interface HappeningLine {
  readonly tone: Tone
  readonly text: string
}

/** A history event, or what a commit brought, as a line; `at` is when it happened, from which what was planned is counted. */
export function sayHappening(happening: Happening, at: number): HappeningLine {
  const { tone, text } = say(happening, at)
  return { tone, text: oneLine(text) }
}

function say(h: Happening, at: number): HappeningLine {
  switch (h.type) {
    case 'started': {
      const { by, forkedFrom } = h
      const origin = forkedFrom ? `, a fork of ${forkedFrom.run} from its entry ${forkedFrom.seq}` : ''
      return plain(`started in ${h.to}${origin}${told({ by })}`)
    }
    case 'claimed':
      return dim(`taken by worker ${h.worker}`)
    case 'moved': {
      const text = `${sayMove(h)}${h.visit > 1 ? `, visit ${h.visit}` : ''}`
      return h.failure ? warn(`${text}: ${sayFailure(h.failure)}`) : plain(text)
    }
    case 'signalled':
      return plain(`signal ${h.name} taken${told({ by: h.caller }, 'from')}`)
    case 'voted':
      return plain(`signal ${h.name} counted, ${h.count} of ${h.of}${told({ by: h.caller }, 'from')}`)
    case 'signal-refused':
      return bad(`signal ${h.name} refused: ${h.reason}`)
    case 'woken':
      return dim('goes on: what it waited for has come')
    case 'waits':
      return dim(
        h.until === undefined
          ? 'its parts wait'
          : `its parts wait, the next is due ${sayDistance(h.until, at)}`,
      )
    case 'reminding':
      return dim(`reminder ${h.method} begins${h.attempt > 1 ? `, attempt ${h.attempt}` : ''}`)
    case 'reminded':
      return h.failure
        ? warn(`reminder ${h.method} number ${h.count} failed: ${sayFailure(h.failure)}`)
        : plain(`reminder ${h.method} given, number ${h.count}`)
    case 'joined': {
      const why = Object.entries(h.failures ?? {}).map(([part, f]) => `${sayPart(part)}: ${sayFailure(f)}`)
      const text = `parts of ${h.state} joined: ${h.done} done, ${h.failed} failed`
      return h.failed > 0 ? warn(`${text} (${why.join('; ')})`) : plain(text)
    }
    case 'child-started':
      return plain(`child run ${h.child} of ${h.workflow} started`)
    case 'paused':
      return warn(`paused${told(h)}`)
    case 'unpaused':
      return plain(`goes on after a pause${told(h)}`)
    case 'cancelled':
      return warn(`cancelled${told(h)}`)
    case 'terminated':
      return bad(`terminated${told(h)}`)
    case 'retried-by-hand':
      return plain(`${h.state} is tried again${h.data === undefined ? '' : ' with other data'}${told(h)}`)
    case 'migrated':
      return plain(`migrated from version ${h.from} to ${h.to}, in ${h.state}`)
    case 'compensating':
      return warn(`undoing what was done: ${UNDOING[h.why]}${h.failure ? `, ${sayFailure(h.failure)}` : ''}`)
    case 'undone': {
      const what = sayVisit(h.state, h.visit, h.part)
      return h.skipped ? warn(`${what} is left as it is`) : plain(`${what} undone`)
    }
    case 'undo-failed':
      return warn(
        `attempt ${h.attempt} to undo ${sayVisit(h.state, h.visit)} failed: ${sayFailure(h.failure)}; ${sayNext(h.retryAt, at)}`,
      )
    case 'compensated':
      return plain('all is undone')
    case 'attempt-failed':
      return warn(
        `attempt ${h.attempt} of ${h.state} failed: ${sayFailure(h.failure)}; ${sayNext(h.retryAt, at)}`,
      )
    case 'retried':
      return dim(`attempt ${h.attempt} of ${h.state} begins`)
    case 'released':
      return dim('let go by its worker, which was closed')
    case 'recovered':
      return warn(
        `taken over from a worker that died${h.recoveries > 1 ? `, ${h.recoveries} times in a row` : ''}`,
      )
    case 'log':
      return {
        tone: LOG_TONES[h.level],
        text: `${h.level}: ${h.message}${h.fields === undefined ? '' : ` ${quote(h.fields)}`}`,
      }
    case 'model-called':
      return sayCall(h)
    case 'tool-called': {
      const text = `tool ${h.tool} called, ${formatMs(h.ms)}`
      return h.failure ? warn(`${text}: ${sayFailure(h.failure)}`) : plain(text)
    }
    case 'completed':
      return { tone: 'good', text: `completed in ${h.state}` }
    case 'failed':
      return bad(`failed in ${h.state}: ${sayFailure(h.failure)}`)
    case 'parked':
      return bad(`set aside as ${h.status}: ${h.reason}. ${h.remedy}`)
    case 'unparked':
      return plain(`given back to the workers${told({ by: h.by })}; it was ${h.status}`)
    case 'repaired': {
      const lost = h.lost === undefined ? 'what came after it is lost' : `${h.lost} after it are lost`
      return warn(
        `its damaged document was made anew from the history up to entry ${h.upTo}; ${h.lost === 0 ? 'nothing is lost' : lost}`,
      )
    }
    default:
      h satisfies never
      return plain((h as { readonly type: string }).type) // written by a newer version
  }
}

const LOG_TONES = { debug: 'dim', info: 'plain', warn: 'warn', error: 'bad' } as const satisfies Readonly<
  Record<string, Tone>
>
const UNDOING = { failed: 'it failed', cancelled: 'it was cancelled', transaction: 'a transaction failed' }

/** A call as `text by gpt-5-mini: 120 + 30 tokens, 0.002, 1.2s`. */
function sayCall({ verb, model, usage, cost, ms, cache, failure }: ModelCall): HappeningLine {
  const said = [
    ...(usage ? [`${usage.input} + ${usage.output} tokens`] : []),
    ...(cost === undefined ? [] : [`cost ${Number(cost.toPrecision(3))}`]),
    cache ? 'from the cache' : formatMs(ms),
  ]
  const text = `${verb} by ${model}: ${said.join(', ')}`
  return failure ? warn(`${text}: ${sayFailure(failure)}`) : plain(text)
}

/** A failure as `TypeError: x is not a function`. */
export function sayFailure({ name, message }: Failure): string {
  return oneLine(`${name}: ${message}`)
}

/** A branch or child by its name, an item by its number, counted from 1. */
export function sayPart(name: string): string {
  return /^\d{7}$/.test(name) ? `item ${Number(name) + 1}` : name
}

/** A visit of a state, or one part of it. */
export function sayVisit(state: string, visit: number, part?: string): string {
  return `${state}${part === undefined ? '' : `, ${sayPart(part)}`}${visit > 1 ? `, visit ${visit}` : ''}`
}

function sayNext(retryAt: number | undefined, at: number): string {
  return retryAt === undefined
    ? 'no attempt is left'
    : `next attempt after ${formatMs(Math.max(0, retryAt - at))}, at ${sayDate(retryAt)}`
}

/** By whom, and why. */
function told(
  said: Pick<Extract<Happening, { type: 'paused' }>, 'reason'> & {
    readonly by?: Parameters<typeof sayCaller>[0] | undefined
  },
  word = 'by',
): string {
  const { reason, by } = said
  return `${by ? ` ${word} ${sayCaller(by)}` : ''}${reason === undefined ? '' : `: ${reason}`}`
}

function plain(text: string): HappeningLine {
  return { tone: 'plain', text }
}

function dim(text: string): HappeningLine {
  return { tone: 'dim', text }
}

function warn(text: string): HappeningLine {
  return { tone: 'warn', text }
}

function bad(text: string): HappeningLine {
  return { tone: 'bad', text }
}
