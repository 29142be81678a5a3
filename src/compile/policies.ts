import { isChild, type StateDefinition, type Work } from '../definition/definition.ts'
import { readDefinition } from '../definition/read-definition.ts'
import type { AnyClass } from '../definition/shape.ts'

/** The policies of a state as plain data, for drawings and editors. */
export function policyOf(state: StateDefinition): Readonly<Record<string, unknown>> {
  const own = {
    ...(state.method === undefined || state.method === '' ? {} : { method: state.method }),
    effect: state.effect,
    ...(state.method === undefined
      ? {}
      : { maxAttempts: state.retry.maxAttempts, timeoutMs: state.timeoutMs }),
  }
  if (state.kind === 'final') return own
  return {
    ...own,
    ...(state.undo ? { undo: state.undo.method } : {}),
    ...(state.transaction === undefined ? {} : { transaction: state.transaction }),
    ...(state.maxVisits ? { maxVisits: state.maxVisits.times } : {}),
    ...kindOf(state),
  }
}

function kindOf(state: Exclude<StateDefinition, { kind: 'final' }>): object {
  switch (state.kind) {
    case 'step':
      return state.cache ? { cacheMs: state.cache.ttlMs } : {}
    case 'timer':
      return state.forMs === undefined ? {} : { forMs: state.forMs }
    case 'wait':
      return {
        ...awaiting(state),
        ...(state.reminders.length > 0
          ? {
              reminders: state.reminders.map(({ method, afterMs, everyMs }) => ({
                method,
                afterMs,
                everyMs,
              })),
            }
          : {}),
      }
    case 'map':
      return {
        concurrency: state.concurrency,
        collects: state.collects,
        ...(isChild(state.item) ? { child: nameOf(state.item.workflow) } : {}),
      }
    case 'parallel':
      return {
        join: typeof state.join === 'function' ? 'by a function' : state.join,
        branches: Object.fromEntries([...state.branches].map(([name, work]) => [name, workOf(work)])),
      }
    case 'child':
      return { child: nameOf(state.child.workflow), detached: state.detached, ...awaiting(state) }
  }
}

function awaiting({ on, expires }: Extract<StateDefinition, { kind: 'wait' | 'child' }>): object {
  const approvals = [...on]
    .filter(([, { count, roles }]) => count > 1 || roles.length > 0)
    .map(([name, { count, roles }]) => [name, { count, roles }])
  return {
    ...(expires ? { expiresAfterMs: expires.afterMs } : {}),
    ...(approvals.length > 0 ? { approvals: Object.fromEntries(approvals) as object } : {}),
  }
}

function workOf({ method, retry, timeoutMs }: Work): object {
  return { method, maxAttempts: retry.maxAttempts, timeoutMs }
}

function nameOf(workflow: AnyClass): string {
  return readDefinition(workflow).name
}
