import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { live, type Death, type LifeEnd, type Order } from '../testing/drill/life.ts'
import { makeStore } from '../store/open-store.ts'
import { chooseWorkflow, importFile, loadWorkflowFile } from './workflow-file.ts'

/** What one process of a drill is told. */
export interface LifeJob {
  readonly workflow: string
  readonly order: Order
  /** Where this run is kept, and whatever its handlers put there: `STEPWRIGHT_DRILL` names it. */
  readonly folder: string
  readonly number: number
  readonly time: number
  readonly death?: Death
  /** Calls what the file exports as `effects`, when the run has come to rest. */
  readonly looks: boolean
}

/** What it says: that it has loaded the file, how its life has ended, or why it could not live. */
export type LifeSays =
  | { readonly ready: true }
  | { readonly end: Exclude<LifeEnd, 'died'>; readonly effects?: unknown }
  | { readonly error: string }

/** Where a life writes down what it does, a line for each act. */
export const ACTS = 'acts.jsonl'

/** Names the process that is to live, not to read a command line. */
export const LIFE = 'STEPWRIGHT_DRILL_LIFE'

/** Lives one life of a run in this process, which is killed at the deadly write; for `stepwright drill`. */
export async function liveHere(path: string): Promise<never> {
  const say = (said: LifeSays): Promise<void> => new Promise((done) => process.send?.(said, () => done()))
  process.on('disconnect', () => process.exit(1)) // nobody waits for it
  const quiet = (): boolean => true
  process.stdout.write = quiet // what handlers print belongs to no command
  process.stderr.write = quiet
  try {
    const file = await loadWorkflowFile(path) // before the job is there: it takes the longest
    const job = new Promise<LifeJob>((take) => process.once('message', (message) => take(message as LifeJob)))
    await say({ ready: true })
    const { workflow, order, folder, number, time, death, looks } = await job
    process.env['STEPWRIGHT_DRILL'] = folder
    const log = join(folder, ACTS)
    const end = await live(
      {
        workflow: chooseWorkflow(file, workflow).workflowClass,
        order,
        store: makeStore(`sqlite:${join(folder, 'runs.db')}`),
        resources: await file.provide('resources'),
        config: await file.provide('config'),
        ...{ number, time, ...(death ? { death } : {}) },
        note: (act) => appendFileSync(log, `${JSON.stringify(act)}\n`),
      },
      () => process.kill(process.pid, 'SIGKILL'),
    )
    if (end === 'died') return await new Promise<never>(() => undefined) // the kill is under way
    const { effects } = looks ? await importFile(path) : {}
    const seen: unknown = typeof effects === 'function' ? await (effects as () => unknown)() : effects
    await say({ end, ...(looks ? { effects: seen } : {}) })
    process.exit(0)
  } catch (error) {
    await say({ error: error instanceof Error ? error.message : String(error) })
    process.exit(1)
  }
}
