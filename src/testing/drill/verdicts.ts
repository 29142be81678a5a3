import type { Difference } from './difference.ts'
import type { HandlerVerdict } from './report.ts'
import type { Repeated, RepeatedCall, Trial } from './trial.ts'
import type { Act } from './witness.ts'

/** The verdicts about all handlers that were begun. */
export function judgeHandlers(usually: readonly Act[], trials: readonly Trial[]): readonly HandlerVerdict[] {
  const names = [...new Set(usually.flatMap((act) => (act.type === 'began' ? [act.handler] : [])))]
  const guilty = new Map(names.map((handler) => [handler, new Set(evidence(handler, trials))]))
  const remembering = new Set(
    trials.flatMap((trial) => {
      // what another handler did twice may be what it saw
      const explained = [...guilty.values()].some((found) => found.has(trial))
      return remembers(trial) && !explained ? [trial.suspect?.handler] : []
    }),
  )
  return names.map((handler) => {
    const own = trials.flatMap(({ repeated }) => repeated.filter((each) => each.handler === handler))
    const calls = new Map<string, RepeatedCall>()
    for (const call of own.flatMap((each) => each.calls)) {
      const known = calls.get(call.resource + call.args)
      if (!known || known.times < call.times) calls.set(call.resource + call.args, call)
    }
    return {
      handler,
      repeated: own.length,
      begun: Math.max(1, ...own.map(({ begun }) => begun)),
      calls: [...calls.values()],
      verdict: remembering.has(handler)
        ? 'process-memory'
        : guilty.get(handler)?.size
          ? 'not-idempotent'
          : own.length > 0
            ? 'safe'
            : 'not-repeated',
    }
  })
}

/** The trials that speak against repeating a handler: its own result differed, or what did differ does so only where it was repeated. */
function evidence(handler: string, trials: readonly Trial[]): readonly Trial[] {
  const isRepeated = ({ repeated }: Trial): boolean => repeated.some((each) => each.handler === handler)
  const elsewhere = new Set(
    trials.filter((trial) => !isRepeated(trial)).flatMap(({ differences }) => differences.map(nameOf)),
  )
  return trials.filter((trial) => {
    if (trial.same || !isRepeated(trial)) return false
    const { suspect, differences, repeated } = trial
    if (suspect && repeated.some((each) => each.handler === handler && isOf(each, suspect))) return true
    // a result of another handler says nothing about this one; what can be seen outside may
    const telling = suspect ? differences.filter(({ path }) => path.startsWith('effects')) : differences
    return telling.some((difference) => !elsewhere.has(nameOf(difference)))
  })
}

/** The first result that differed came of a handler that was begun only after the crash. */
function remembers({ same, suspect, repeated }: Trial): boolean {
  return !same && suspect !== undefined && !repeated.some((each) => isOf(each, suspect))
}

/** Whether it is that visit, or a branch or an item of it. */
function isOf({ key }: Repeated, visit: { readonly key: string }): boolean {
  return key === visit.key || key.startsWith(`${visit.key}/`)
}

function nameOf({ path, was, is }: Difference): string {
  return JSON.stringify([path, was, is])
}
