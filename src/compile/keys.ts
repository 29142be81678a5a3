import type { Exit } from '../definition/exit.ts'

/** A state's name as a key of an XState machine, where dots, `#` and `\\` have a meaning and some names are dangerous. */
export function stateKey(name: string): string {
  if (/^[A-Za-z_][\w-]*$/.test(name) && !(name in {})) return name // nearly all are like this
  const safe = name.replace(/[%.#*\\]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
  return safe in {} ? `%${safe}` : safe
}

/** The state's name behind a key. */
export function stateName(key: string): string {
  const safe = key.startsWith('%') && !/^%[0-9A-F]{2}/.test(key) ? key.slice(1) : key
  return safe.replace(/%([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}

/** The event that takes an exit: `step.review`, `signal.approve.published`, `expires.draft`, `catch.failed`. */
export function eventType(exit: Exit): string {
  const to = stateKey(exit.to)
  return exit.by === 'signal' ? `signal.${stateKey(exit.signal)}.${to}` : `${exit.by}.${to}`
}

/** The event that ends a branch of a parallel state. */
export function branchEvent(branch: string, end: 'done' | 'failed'): string {
  return `branch.${stateKey(branch)}.${end}`
}

/** Prefixes that XState keeps for itself, in version 5 and in version 4. */
const INTERNAL = /^(xstate|done|error|after)\b/

/** A signal as an event of the invoke projection: its bare name, unless XState would take that for something else. */
export function signalType(signal: string): string {
  const odd = signal === '' || signal in {} || /[*%]/.test(signal) || INTERNAL.test(signal)
  return odd ? `%${stateKey(signal)}` : signal
}
