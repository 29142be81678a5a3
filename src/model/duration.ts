import { StepwrightError, quote } from '../errors/stepwright-error.ts'

type Unit = 'ms' | 's' | 'm' | 'h' | 'd' | 'w'

/** A length of time: milliseconds, or a number with a unit: `'250ms'`, `'60s'`, `'5m'`, `'1.5h'`, `'2d'`, `'1w'`. */
export type Duration = number | `${number}${Unit}`

const MS: Readonly<Record<Unit, number>> = { ms: 1, s: 1e3, m: 6e4, h: 36e5, d: 864e5, w: 6048e5 }

/** One hundred years: beyond it a duration is taken for a mistake. */
const LONGEST_MS = 100 * 365.25 * MS.d

/**
 * A duration in whole milliseconds.
 *
 * @throws StepwrightError `invalid-options` for a negative, unreadable or over 100 years long one; `where` names it.
 */
export function toMs(duration: Duration, where: string): number {
  const found = typeof duration === 'string' ? /^(\d+(?:\.\d+)?)(ms|s|m|h|d|w)$/.exec(duration) : undefined
  const ms = typeof duration === 'number' ? duration : found ? Number(found[1]) * MS[found[2] as Unit] : NaN
  if (Number.isFinite(ms) && ms >= 0 && ms <= LONGEST_MS) return Math.round(ms)
  throw new StepwrightError('invalid-options', {
    what: `${where} is ${quote(duration)}, which is not a duration between 0 and 100 years`,
    remedy: "Give milliseconds or a number with one unit of ms, s, m, h, d, w, such as '90s' or '1.5h'",
    details: { where, value: duration },
  })
}

/** Milliseconds for people: `850ms`, `12.3s`, `4m 5s`, `2h 10m`, `3d 4h`. */
export function formatMs(ms: number): string {
  if (ms < 1e3) return `${Math.round(ms)}ms`
  if (ms < 6e4) return `${(ms / 1e3).toFixed(1)}s`
  const [big, small, bigMs, smallMs] =
    ms < MS.h ? ['m', 's', MS.m, MS.s] : ms < MS.d ? ['h', 'm', MS.h, MS.m] : ['d', 'h', MS.d, MS.h]
  const whole = Math.floor(ms / bigMs)
  return `${whole}${big} ${Math.floor((ms - whole * bigMs) / smallMs)}${small}`
}
