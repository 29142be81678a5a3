import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import { ScheduleBook } from '../schedule/schedule-book.ts'
import { schedulePort } from '../schedules.ts'
import type { Store } from '../store/store.ts'
import { readStore } from './store-reader.ts'
import type { Terminal } from './terminal.ts'

/** The schedules of a store that is there already, without any workflow's code: they start nothing. */
export function readSchedules<T>(
  url: string,
  terminal: Terminal,
  work: (book: ScheduleBook, store: Store) => Promise<T>,
): Promise<T> {
  return readStore(url, ({ store, kernel, runs, control }) => {
    const port = schedulePort({ kernel, runs, control, ready: () => Promise.resolve() })
    const check = (workflow: string): Promise<never> =>
      Promise.reject(
        new StepwrightError('invalid-options', {
          what: `The input cannot be checked without the code of ${quote(workflow)}`,
          remedy: 'Name the file that exports it, after the id of the schedule',
        }),
      )
    const warn = (message: string): void => terminal.warn(message)
    return work(new ScheduleBook({ ...port, check, warn }), store)
  })
}
