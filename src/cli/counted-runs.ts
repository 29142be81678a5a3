import type { Definition } from '../definition/definition.ts'
import { countRuns, type Counting, type CountingOptions } from '../outlook/counting.ts'
import { watchInterrupts, type Interrupt } from './interrupt.ts'
import type { StoreReader } from './store-reader.ts'
import type { Terminal } from './terminal.ts'

/** So many runs are read between two words about it. */
const TOLD_EVERY = 500

/** How a pass over runs is ended early, and tells how far it is. */
type Watching = Required<Pick<CountingOptions, 'signal' | 'onRun'>>

/** Goes over runs, and says how far it is. Ctrl-C ends it after the run at hand: nothing was written. */
export async function watched<T extends Pick<Counting, 'damaged'>>(
  terminal: Terminal,
  pass: (watching: Watching) => Promise<T>,
): Promise<T & { readonly interrupt?: Interrupt }> {
  const stop = new AbortController()
  const interrupts = watchInterrupts()
  let interrupt: Interrupt | undefined
  void interrupts.first.then((first) => {
    interrupt = first
    stop.abort()
  })
  try {
    const found = await pass({
      signal: stop.signal,
      onRun: ({ looked, counted }) => {
        if (looked % TOLD_EVERY === 0)
          terminal.note(terminal.onErr('dim', `${looked} runs looked at, ${counted} counted`))
      },
    })
    if (interrupt) terminal.note('Ended early: nothing was written, and nothing is said')
    else if (found.damaged > 0)
      terminal.warn(`${found.damaged} runs are damaged and not counted; stepwright verify --all says which`)
    return { ...found, ...(interrupt ? { interrupt } : {}) }
  } finally {
    interrupts.end()
  }
}

/** Counts the runs of a workflow. */
export function countRecorded(
  definition: Pick<Definition, 'name' | 'states'>,
  { runs }: Pick<StoreReader, 'runs'>,
  options: Pick<CountingOptions, 'since' | 'pathLength'>,
  terminal: Terminal,
): Promise<Counting & { readonly interrupt?: Interrupt }> {
  return watched(terminal, (watching) => countRuns(runs, definition, { ...options, ...watching }))
}
