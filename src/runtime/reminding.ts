import { quote } from '../errors/stepwright-error.ts'
import type { Kept, MemoBook } from './attempt-parts.ts'
import { CALLBACK } from './context.ts'
import { judgeBy } from './failing.ts'
import type { Hold } from './hold.ts'
import { invoke, STOPPED, type CallParts } from './invocation.ts'

/** Gives a reminder. One that fails for good is noted, and the run goes on waiting. `false`: it was stopped. */
export async function remind(hold: Hold, call: CallParts): Promise<boolean> {
  const { run, state, kernel } = hold
  const reminder =
    state.kind === 'wait' ? state.reminders.find(({ method }) => method === run.reminding) : undefined
  if (!reminder) {
    await hold.commit({ type: 'reminded' })
    return true
  }
  const { method, timeoutMs, heartbeatMs } = reminder
  const kept: Kept = { log: [], session: [] }
  const name = `${method}/${(run.reminded?.[method] ?? 0) + 1}`
  const part = { name, attempt: run.attempt }
  try {
    const memos = ofReminder(await hold.memos(), name)
    const what = `${method} of ${quote(run.state)}`
    const returned = await invoke(
      run,
      { method, args: [run.data], timeoutMs, heartbeatMs, what: () => what, memos, part },
      call,
      kept,
    )
    if (returned === STOPPED) return false
    await hold.commitOutcome({ event: { type: 'reminded', log: kept.log }, session: kept.session })
  } catch (thrown) {
    const { failure, retryAt } = judgeBy(reminder.retry, run.attempt, thrown, kernel.host)
    await hold.commit({
      type: 'reminded',
      failure,
      log: kept.log,
      ...(retryAt === undefined ? {} : { retryAt }),
    })
  }
  return true
}

/** Each reminder saves results of its own; a callback token is that of the visit. */
function ofReminder(memos: MemoBook, name: string): MemoBook {
  const own = (key: string): string => (key.startsWith(CALLBACK) ? key : `${name} ${key}`)
  return {
    has: (key) => memos.has(own(key)),
    get: (key) => memos.get(own(key)),
    save: (key, value) => memos.save(own(key), value),
    recall: (key) => memos.recall(own(key)),
    record: (key, result) => memos.record(own(key), result),
    stream: (key, text, whole) => memos.stream(own(key), text, whole),
    spent: () => memos.spent(),
    familySpent: () => memos.familySpent(),
  }
}
