import { existsSync } from 'node:fs'
import { z } from 'zod'
import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import { systemHost } from '../model/host.ts'
import { joinKey } from '../model/identifier.ts'
import { Control } from '../control/control.ts'
import { idleKernel, type Kernel } from '../runtime/kernel.ts'
import { Mailbox } from '../control/mailbox.ts'
import { RunStore } from '../control/run-store.ts'
import type { RunView } from '../control/run-view.ts'
import { sealOf } from '../store/seal.ts'
import type { Store } from '../store/store.ts'
import { chosenStore } from './chosen-store.ts'

/** A store that is read and signalled without the workflows' code. */
export interface StoreReader {
  readonly store: Store
  readonly runs: RunStore
  readonly mailbox: Mailbox
  /** What needs no code: pausing, and what a worker is asked to do. */
  readonly control: Control
  readonly kernel: Kernel
  /** The run with what its workflow has published of the state it stands in: its signals, and when its wait ends. */
  readonly withAwaits: (view: RunView) => Promise<RunView>
}

/** Opens a store that is there already, and closes it after `work`. Drives nothing. */
export async function readStore<T>(url: string, work: (reader: StoreReader) => Promise<T>): Promise<T> {
  mustExist(url)
  const store = chosenStore(url)
  try {
    await store.open() // its warnings are for those who run workers
    const kernel = idleKernel(store, systemHost, sealOf())
    const runs = new RunStore(kernel)
    const published = new Map<string, Promise<Published>>()
    const withAwaits = async (view: RunView): Promise<RunView> => {
      if (view.status !== 'waiting' || view.timer?.kind === 'retry') return view
      const key = joinKey(`${view.workflow}@${view.version}`)
      const found = published.get(key) ?? readPublished(store, key)
      published.set(key, found)
      const { states, chart } = await found
      const state = states.find(({ name }) => name === view.state)
      const drawn = chart?.states.find(({ name }) => name === view.state)
      const endsAfter = drawn?.policies.expiresAfterMs
      return {
        ...view,
        awaits: state?.awaits ?? [],
        ...(endsAfter === undefined ? {} : { expiresAt: view.since + endsAfter }),
      }
    }
    const mailbox = new Mailbox(kernel, runs)
    return await work({ store, runs, mailbox, control: new Control(kernel), kernel, withAwaits })
  } finally {
    await store.close()
  }
}

/**
 * Reading must not create an empty database where a name was misspelt.
 *
 * @throws StepwrightError `store-unusable` for a file that is not there, `invalid-options` for memory.
 */
export function mustExist(url: string): void {
  if (url === 'memory' || url.startsWith('sqlite::memory:')) {
    throw new StepwrightError('invalid-options', {
      what: `--store is ${quote(url)}, which is empty in every new process`,
      remedy: 'Name the store that runs are kept in, such as sqlite:stepwright.db',
    })
  }
  const file = /^sqlite:(?!file:)([^?]+)/.exec(url)?.[1]
  if (file === undefined || existsSync(file)) return
  throw new StepwrightError('store-unusable', {
    what: `There is no store file ${quote(file)}`,
    remedy: 'Name the file with --store sqlite:FILE or in STEPWRIGHT_STORE; `stepwright run` makes a new one',
    details: { store: url, file },
  })
}

const publishedSchema = z.object({
  states: z.array(z.object({ name: z.string(), awaits: z.array(z.string()).default([]) })),
  /** Not in rows of older releases. */
  chart: z
    .object({
      states: z.array(
        z.object({ name: z.string(), policies: z.object({ expiresAfterMs: z.number().optional() }) }),
      ),
    })
    .optional(),
})
type Published = z.infer<typeof publishedSchema>

/** What is written down of a workflow; nothing where no worker with it has ever opened this store. */
async function readPublished(store: Store, key: string): Promise<Published> {
  const [row] = await store.get('definition', [key])
  try {
    return publishedSchema.parse(JSON.parse(row?.value ?? ''))
  } catch {
    return { states: [] }
  }
}
