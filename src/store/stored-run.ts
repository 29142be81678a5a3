import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import type { HistoryEvent } from '../model/history.ts'
import { TIMERS, type Run } from '../model/run.ts'
import { STATUSES } from '../model/status.ts'
import { chainOf, type HistoryPosition } from './history-log.ts'
import { refuseLocked } from './locked-row.ts'
import type { Seal } from './seal.ts'
import type { Row } from './store.ts'

/** The format of run documents that is written. */
export const FORMAT = 1

/** A run as it is stored, `data` and `vars` still encoded. */
export type StoredRun = Run & { readonly history: HistoryPosition; readonly tail: readonly HistoryEvent[] }

/** What frames a document's head. */
export interface Framed {
  readonly format: unknown
  readonly crc?: unknown
  readonly mac?: unknown
  readonly head: unknown
}

const isText = (value: unknown): boolean => typeof value === 'string'
const isNumber = (value: unknown): boolean => typeof value === 'number'
const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null
/** The fields that a document must have, or may have, in the shape in which they are read without asking. Not a schema of zod's: the first use of one takes longer than the rest of a resume. */
const SHAPE: readonly (readonly [field: keyof StoredRun, fits: (value: unknown) => boolean])[] = [
  ['id', isText],
  ['workflow', isText],
  ['version', isNumber],
  ['status', (value) => (STATUSES as readonly unknown[]).includes(value)],
  ['state', isText],
  ['visits', (value) => isObject(value) && Object.values(value as object).every(isNumber)],
  ['attempt', isNumber],
  ['session', isText],
  ['recoveries', isNumber],
  ['memos', isNumber],
  ['timer', optional((value) => (TIMERS as readonly unknown[]).includes(value.kind) && isNumber(value.at))],
  ['signal', optional((value) => isText(value.name) && isText(value.id))],
  ['spent', optional((value) => Object.values(value).every(isNumber))],
  ['failure', optional((value) => isText(value.name) && isText(value.message))],
  [
    'history',
    (value) => optional((it) => isNumber(it.seq) && isText(it.chain))(value) && value !== undefined,
  ],
  [
    'tail',
    (value) => Array.isArray(value) && value.every((entry) => isNumber((entry as HistoryEvent | null)?.seq)),
  ],
]

function optional(fits: (value: Record<string, unknown>) => boolean): (value: unknown) => boolean {
  return (value) => value === undefined || (isObject(value) && fits(value as Record<string, unknown>))
}

/**
 * Reads and checks one row. The seal covers the head, the head holds the hash of the history, and that covers the tail:
 * nothing of a document can change unseen.
 */
export function readStored(id: string, { value }: Row, seal: Seal): StoredRun {
  refuseLocked(value)
  const damaged = (why: string, cause?: unknown): StepwrightError =>
    new StepwrightError('corrupt-document', {
      what: `The document of run ${JSON.stringify(id)} ${why}`,
      remedy:
        'Rebuild it from its history with `stepwright repair`, or restore it from a backup; other runs are not affected',
      cause,
      details: { run: id },
    })
  let parsed: unknown
  try {
    parsed = JSON.parse(value)
  } catch (error) {
    throw damaged('is not JSON', error)
  }
  const framed = (parsed ?? {}) as Framed
  const { format, head: length } = framed
  if (framed.mac !== undefined && !seal.signs)
    throw new StepwrightError('key-missing', {
      what: `The document of run ${JSON.stringify(id)} is signed, and there is no key to check that with`,
      remedy: 'Give the engine its historyKey, or set STEPWRIGHT_HISTORY_KEY',
      details: { run: id },
    })
  if (seal.signs && framed.mac === undefined) throw damaged('is not signed')
  const begin = value.indexOf(HEAD_LENGTH) + HEAD_LENGTH.length
  const start = value.indexOf(',', begin) + 1
  const head = typeof length === 'number' ? value.slice(start, start + length) : ''
  if (!seal.fits(framed, head)) throw damaged('was changed or cut off (its checksum does not fit)')
  // Every format has this frame, so that a newer one is told from a damaged one.
  if (typeof format === 'number' && format > FORMAT) {
    throw new StepwrightError('store-newer', {
      what: `The document of run ${JSON.stringify(id)} has format ${format}; this version knows ${FORMAT}`,
      remedy: 'Install the newer stepwright',
      details: { run: id },
    })
  }
  const stored = parsed as StoredRun
  const wrong = SHAPE.find(([field, fits]) => !fits(stored[field]))
  if (wrong) throw damaged(`does not have the shape of a run: ${wrong[0]} is ${quote(stored[wrong[0]])}`)
  if (stored.id !== id) throw damaged(`is that of run ${JSON.stringify(stored.id)}`)
  const { chain, base = '' } = stored.history
  const tail = stored.tail.map((entry) => JSON.stringify(entry))
  if ((chainOf(seal, base, tail).at(-1) ?? base) !== chain || seqOf(stored) !== stored.history.seq)
    throw damaged('was changed (its history does not fit its hash)')
  if (value !== `{${markOf(framed)},"head":${head.length},${head},"tail":[${tail.join(',')}]}`)
    throw damaged('was changed (it holds what was not written)')
  return stored
}

const HEAD_LENGTH = ',"head":'

function markOf({ crc, mac }: Framed): string {
  return mac === undefined ? `"crc":${String(crc)}` : `"mac":"${String(mac)}"`
}

/** The number of the newest entry; of a document without a tail, what it says itself. */
function seqOf({ tail, history: { seq } }: StoredRun): number {
  return tail.at(-1)?.seq ?? seq
}
