import type { ErrorCode } from '../errors/codes.ts'
import { StepwrightError } from '../errors/stepwright-error.ts'
import { isEnded, type Status } from '../model/status.ts'

/** What the process ends with; a script can tell these cases apart. */
export const EXIT = {
  ok: 0,
  runFailed: 1,
  badInput: 2,
  notFinished: 3,
  storeTrouble: 4,
  bug: 70, // EX_SOFTWARE of sysexits.h
  SIGINT: 130,
  SIGTERM: 143,
} as const

/** The same list for people, shown by `--help`. */
export const EXIT_HELP = `Exit codes:
  0    done; a run that was followed has completed
  1    a run failed, was cancelled, terminated or compensated; or what was looked for was found: mistakes (check), runs that are
       blocked (migrate, diff), go another way (rehearse) or are damaged (verify), answers that are not good enough (eval),
       a crash that changes something (drill), runs that have drifted (drift) or are stuck (stuck)
  2    wrong usage or bad input: not JSON, an unknown run, signal or workflow, a verb that does not fit
  3    a run waits, is paused or was parked, or an answer did not come in time; or runs could not be rehearsed; the command has ended
  4    trouble with the store
  70   a mistake in stepwright itself, or an error that nobody caught
  130  interrupted by Ctrl-C (143: by SIGTERM); runs can be resumed`

const SPECIAL: { readonly [C in ErrorCode]?: number } = {
  'run-failed': EXIT.runFailed,
  'run-parked': EXIT.notFinished,
  'needs-migration': EXIT.notFinished,
  'store-unavailable': EXIT.storeTrouble,
  'store-unusable': EXIT.storeTrouble,
  'store-newer': EXIT.storeTrouble,
  'store-busy': EXIT.storeTrouble,
  'store-in-use': EXIT.storeTrouble,
  'store-not-empty': EXIT.storeTrouble,
  'key-missing': EXIT.storeTrouble,
  'corrupt-document': EXIT.storeTrouble,
  'no-move': EXIT.bug,
  'attempt-over': EXIT.bug,
  fenced: EXIT.bug,
  'engine-closed': EXIT.bug,
}

/** The exit code for what a command threw. */
export function exitCodeOf(error: unknown): number {
  return error instanceof StepwrightError ? (SPECIAL[error.code] ?? EXIT.badInput) : EXIT.bug
}

/** The exit code for a run as it stands when a command ends. */
export function exitCodeFor(status: Status): number {
  if (status === 'completed') return EXIT.ok
  return isEnded(status) ? EXIT.runFailed : EXIT.notFinished
}

/** The exit code for several runs: that of the worst. */
export function exitCodeForAll(statuses: readonly Status[]): number {
  const codes = statuses.map(exitCodeFor)
  return [EXIT.runFailed, EXIT.notFinished].find((code) => codes.includes(code)) ?? EXIT.ok
}
