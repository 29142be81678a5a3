/** Moves that steps recall across runs: by workflow, version, state, tenant and a key of the step's own. */
import { hash } from 'node:crypto'
import { quote } from '../errors/stepwright-error.ts'
import type { Machine } from '../compile/machine.ts'
import type { StepState } from '../definition/definition.ts'
import type { Run } from '../model/run.ts'
import { parseWith } from '../model/schema.ts'
import { decode, encode } from '../store/codec.ts'
import { seal, unseal } from '../store/sealed-row.ts'
import { isAlive, readLeases } from '../store/lease.ts'
import type { Along } from '../store/run-document.ts'
import type { AttemptOutcome } from './attempt.ts'
import type { Kernel } from './kernel.ts'

interface Row {
  /** The worker that makes it now. */
  readonly by?: string
  readonly until: number
  readonly move?: { readonly to: string; readonly data: unknown; readonly vars?: object }
}

/** How often a result that another process makes is looked for. */
const LOOK_MS = 100

/** An outcome, and what has to be written with it. */
interface Recalled {
  readonly outcome: AttemptOutcome
  readonly put?: Along
  /** To be called once the outcome is committed: those who wait for it look again. */
  readonly done: () => void
}

/**
 * The move made for the same key, or what `work` makes of it now. While one run makes it, in this process or another,
 * others wait for it. `undefined`: it was stopped. Throws what the key's own function throws.
 */
export async function cached(
  run: Run,
  state: StepState,
  machine: Machine,
  kernel: Kernel,
  stop: AbortSignal,
  work: () => Promise<AttemptOutcome | undefined>,
): Promise<Recalled | undefined> {
  const { store, host, worker, making } = kernel
  const key = keyOf(run, state)
  for (;;) {
    if (stop.aborted) return undefined
    const ours = making.get(key)
    if (ours) {
      await ended(ours, stop)
      continue
    }
    const [stored] = await store.get('cache', [key])
    const row = stored && readRow(stored.value)
    const now = host.now()
    const fresh = row && row.until > now ? row : undefined
    const recalled = fresh?.move && (await recall(run, state, machine, fresh.move, worker))
    if (recalled) return { outcome: recalled, done: () => undefined }
    const other = fresh?.by !== undefined && fresh.by !== worker ? fresh.by : undefined
    if (other !== undefined && isAlive((await readLeases(store)).get(other), now)) {
      await pause(kernel, stop)
      continue
    }
    if (making.has(key)) continue
    const done = begin(making, key)
    try {
      const claim: Row = { by: worker, until: now + state.timeoutMs }
      const claimed = await store.write({ put: [cachePut(key, claim, stored?.revision ?? 0)] })
      const made = claimed ? await make(key, state, kernel, work) : undefined
      if (made) return { ...made, done }
      done()
      if (claimed) return undefined
    } catch (error) {
      done()
      throw error
    }
  }
}

async function make(
  key: string,
  { cache }: StepState,
  { store, host }: Kernel,
  work: () => Promise<AttemptOutcome | undefined>,
): Promise<Omit<Recalled, 'done'> | undefined> {
  const outcome = await work()
  if (outcome?.event.type !== 'moved' || outcome.event.exit.by !== 'step') {
    await store.write({ delete: [{ collection: 'cache', key }] })
    return outcome && { outcome }
  }
  const { exit, data, vars } = outcome.event
  const move = { to: exit.to, data, ...(vars ? { vars } : {}) }
  return { outcome, put: { put: [cachePut(key, { until: host.now() + (cache?.ttlMs ?? 0), move })] } }
}

/** Notes that this process makes a key; what it gives says that it is made. */
function begin(making: Kernel['making'], key: string): () => void {
  let resolve = (): void => undefined
  making.set(key, new Promise((done) => (resolve = done)))
  return () => {
    making.delete(key)
    resolve()
  }
}

/** A move that was kept, unless the code has become such that it does not fit any more. */
async function recall(
  run: Run,
  state: StepState,
  { definition }: Machine,
  { to, data, vars }: NonNullable<Row['move']>,
  worker: string,
): Promise<AttemptOutcome | undefined> {
  const target = state.to.includes(to) ? definition.states.get(to) : undefined
  const fits =
    target &&
    (await parseWith(target.schema, data)).ok &&
    (await parseWith(definition.vars, { ...(run.vars as object), ...vars })).ok
  if (!fits) return undefined
  const log = [{ type: 'log', level: 'info', message: 'recalled from the cache' }] as const
  const exit = { by: 'step', to } as const
  return { event: { type: 'moved', worker, exit, data, ...(vars ? { vars } : {}), log }, session: [] }
}

function keyOf({ workflow, version, startedBy, data }: Run, { name, cache }: StepState): string {
  const own: unknown = cache?.key(data)
  const parts = [workflow, version, name, startedBy?.tenant ?? '', encode(own, `cache.key of ${quote(name)}`)]
  return hash('sha256', JSON.stringify(parts), 'base64url')
}

function cachePut(key: string, row: Row, expect?: number) {
  const value = seal(encode(row, 'cache'))
  return { collection: 'cache', key, value, ...(expect === undefined ? {} : { expect }) } as const
}

/** A damaged row counts as none: what it held is made again. */
function readRow(text: string): Row | undefined {
  try {
    return decode(unseal(text, 'A cached result')) as Row
  } catch {
    return undefined
  }
}

async function ended(making: Promise<void>, stop: AbortSignal): Promise<void> {
  let onStop = (): void => undefined
  const stopped = new Promise<void>((resolve) => (onStop = resolve))
  stop.addEventListener('abort', onStop, { once: true })
  await Promise.race([making, stopped])
  stop.removeEventListener('abort', onStop)
}

function pause({ host }: Kernel, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const cancel = host.alarm(host.now() + LOOK_MS, resolve)
    stop.addEventListener('abort', () => (cancel(), resolve()), { once: true })
  })
}
