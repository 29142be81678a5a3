import { randomUUID } from 'node:crypto'

/** The outside world as the engine sees it: time, chance and ids. Tests replace it; nothing else asks the clock. */
export interface Host {
  /** Milliseconds since 1970. */
  now(): number
  /** A number in [0, 1). */
  random(): number
  /** A new id; ids made later sort after those made before. */
  newId(): string
  /** Calls `fire` once at `at` (absolute, milliseconds) or at once if that has passed. Returns what cancels it. */
  alarm(at: number, fire: () => void): () => void
  /** Asked between two steps: what is to be awaited so that timers and sockets of the process get their turn too. */
  turn?(): Promise<void> | undefined
}

/** Longer waits are armed in pieces: Node's setTimeout stands still while the clock is set forward, and ends at 25 days. */
const PIECE_MS = 60_000

/** How long steps may follow each other before the rest of the process gets its turn. */
const LONGEST_TURN_MS = 10

/** The real clock, the real random numbers, ids that sort by time. */
export const systemHost: Host = {
  now: () => Date.now(),
  random: () => Math.random(),
  newId: makeIds(() => Date.now()),
  turn: makeTurns(),
  alarm(at, fire) {
    let timer: NodeJS.Timeout
    const end = performance.now() + at - Date.now() // a clock that is set back does not make it longer
    const arm = (): void => {
      const left = Math.ceil(Math.min(at - Date.now(), end - performance.now())) // setTimeout would ring a fraction early
      timer = left > PIECE_MS ? setTimeout(arm, PIECE_MS) : setTimeout(fire, Math.max(0, left))
    }
    arm()
    return () => clearTimeout(timer)
  },
}

function makeTurns(): () => Promise<void> | undefined {
  let since = Date.now()
  return () => {
    const now = Date.now()
    if (now - since < LONGEST_TURN_MS) return undefined
    since = now
    return new Promise((resolve) => setImmediate(resolve))
  }
}

/**
 * Ids of 20 characters, unique across processes: 9 of time, 3 that count within a millisecond, 8 of chance.
 * They sort by time, so that new rows are added at the end of a table.
 */
export function makeIds(now: () => number, chance: () => string = () => randomUUID()): () => string {
  let last = 0
  let count = 0
  const seed = BigInt(`0x${chance().replaceAll('-', '')}`)
    .toString(36)
    .slice(-8)
    .padStart(8, '0')
  return () => {
    const time = Math.max(now(), last)
    count = time === last ? count + 1 : 0
    if (count >= 36 ** 3) {
      last = time + 1
      count = 0
    } else last = time
    return last.toString(36).padStart(9, '0') + count.toString(36).padStart(3, '0') + seed
  }
}
