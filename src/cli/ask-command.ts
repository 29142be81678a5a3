import type { Caller } from '../model/caller.ts'
import type { Status } from '../model/status.ts'
import type { Store } from '../store/store.ts'
import {
  readSelection,
  doWithRuns,
  needsFile,
  reportDeeds,
  type Deed,
  type Deeds,
  type SelectionOptions,
} from './selection.ts'
import { shellLine, storeWord, type StoreChoice } from './shell-line.ts'
import { readStore } from './store-reader.ts'
import type { Terminal } from './terminal.ts'
import { noteNoWorker } from './worker-hint.ts'

/** What can be asked of runs without their code. */
export const ASKED = ['pause', 'cancel', 'terminate'] as const
export type AskedVerb = (typeof ASKED)[number]

/** Options of `stepwright pause`, `cancel` and `terminate`. */
export interface AskOptions extends SelectionOptions {
  readonly reason?: string
  readonly as?: Caller
}

const REACHED: Readonly<Record<AskedVerb | 'resume', readonly Status[]>> = {
  pause: ['paused'],
  cancel: ['cancelled', 'compensating', 'compensation-failed'],
  terminate: ['terminated'],
  resume: ['pending', 'running', 'waiting', 'compensating'],
}

/** Pauses, cancels or terminates runs: at once, or by asking the worker that has them. */
export async function askCommand(
  verb: AskedVerb,
  ids: readonly string[],
  options: AskOptions,
  choice: StoreChoice,
  terminal: Terminal,
): Promise<number> {
  const said = saidIn(options)
  const selection = readSelection(ids, options, verb)
  return readStore(choice.url, async ({ store, runs, control }) => {
    const doing = {
      ...{ verb, runs, store, fits: ({ may }: { may: readonly string[] }) => may.includes(verb) },
      act: (id: string) => control.ask(verb, id, said),
    }
    const deeds = await doWithRuns(selection, doing, terminal)
    const code = reportDeeds(deeds, terminal, (deed) => sayDeed(verb, deed))
    await hint(verb, deeds, store, storeWord(choice, store), terminal)
    return code
  })
}

/** Lets runs that were paused go on, and leaves them to the workers there are. */
export async function unpauseCommand(
  ids: readonly string[],
  options: AskOptions,
  choice: StoreChoice,
  terminal: Terminal,
): Promise<number> {
  const said = saidIn(options)
  const verb = 'resume'
  const selection = readSelection(ids, options, verb)
  return readStore(choice.url, async ({ store, runs, control }) => {
    const fits = ({ status }: { status: Status }): boolean =>
      status === 'paused' || status === 'compensation-failed'
    const act = async (id: string): Promise<void> => {
      const view = await runs.view(id)
      if (!fits(view) && view.may.includes(verb)) {
        const line = shellLine('resume', [], { run: id, store: storeWord(choice, store) })
        const remedy = `Drive it, with the file that exports ${view.workflow} at the end of: ${line}`
        throw needsFile(view, verb, remedy)
      }
      await control.resume(id, said)
    }
    const deeds = await doWithRuns(selection, { verb, fits, act, runs, store }, terminal)
    const code = reportDeeds(deeds, terminal, (deed) => sayDeed(verb, deed))
    if (deeds.runs.some((deed) => deed.done))
      await noteNoWorker(store, firstOf(deeds.runs), storeWord(choice, store), terminal)
    return code
  })
}

function saidIn({ reason, as }: AskOptions): { readonly reason?: string; readonly as?: Caller } {
  return { ...(reason === undefined ? {} : { reason }), ...(as ? { as } : {}) }
}

function sayDeed(verb: AskedVerb | 'resume', { now = 'pending', state }: Deed): string {
  if (!REACHED[verb].includes(now)) return `is asked to ${verb}; it is ${now} in ${state}`
  return verb === 'resume' ? `goes on: ${now} in ${state}` : `is ${now} in ${state}`
}

/** What was asked of a run is done by a worker: says where there is none. */
async function hint(
  verb: AskedVerb,
  { runs }: Deeds,
  store: Store,
  word: string | undefined,
  terminal: Terminal,
): Promise<void> {
  const open = runs.filter(({ done, now }) => done && now !== undefined && !REACHED[verb].includes(now))
  if (open.length > 0) await noteNoWorker(store, firstOf(open), word, terminal)
}

function firstOf(runs: readonly Deed[]): string | undefined {
  return runs.length === 1 ? runs[0]?.run : undefined
}
