import { StepwrightError, type Explanation } from '../errors/stepwright-error.ts'
import type { ErrorCode } from '../errors/codes.ts'

/** Primary result codes, https://sqlite.org/rescode.html */
const BUSY = 5
const LOCKED = 6

const MEANINGS: Readonly<Record<number, readonly [code: ErrorCode, remedy: string]>> = {
  3: ['store-unusable', 'Give this process the right to read and write the file and its folder'],
  5: ['store-busy', 'Find the process that holds a long transaction on the file'],
  6: ['store-busy', 'Find the process that holds a long transaction on the file'],
  8: ['store-unusable', 'Make the file and its folder writable'],
  10: ['store-unavailable', 'Look at the disk; nothing that was acknowledged before is touched'],
  11: ['store-unusable', 'Restore the file from a backup; SQLite calls it damaged'],
  13: [
    'store-unavailable',
    'Free some disk space; nothing that was acknowledged before is touched, and runs go on then',
  ],
  14: ['store-unusable', 'Name a file, not a folder, in a folder that exists and is writable'],
  26: ['store-unusable', 'Name a file that is a SQLite database, or a new one'],
}

/** Another process holds the lock. */
export function isBusy(error: unknown): boolean {
  const code = primaryCode(error)
  return code === BUSY || code === LOCKED
}

/** The error of SQLite with a code and a remedy of ours; others as they are. */
export function nameSqliteError(error: unknown, store: string): unknown {
  const code = primaryCode(error)
  if (code === undefined) return error
  const [ours, remedy] = MEANINGS[code] ?? (['store-unavailable', 'See the cause'] as const)
  const said: Explanation = {
    what: `${store}: ${(error as Error).message} (SQLite ${code})`,
    remedy,
    cause: error,
    details: { store },
  }
  return new StepwrightError(ours, said)
}

function primaryCode(error: unknown): number | undefined {
  const { code, errcode } = error as { code?: unknown; errcode?: unknown }
  return code === 'ERR_SQLITE_ERROR' && typeof errcode === 'number' ? errcode & 0xff : undefined
}
