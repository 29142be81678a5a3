/** Moves that steps recall across runs: by workflow, version, state, tenant and a key of the step's own. */
import { hash } from 'node:crypto'
import { quote } from '../errors/stepwright-error.ts'
import type { StepState } from '../definition/definition.ts'
import type { Run } from '../model/run.ts'
import { decode, encode } from '../store/codec.ts'
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
}

/**
 * The move made for the same key, or what `work` makes of it now. While one run makes it, in this process or another,
 * others wait for it. `undefined`: it was stopped.
 */
export async function cached(
  run: Run,
  state: StepState & { readonly cache?: StepState['cache'] },
  kernel: Kernel,
  stop: AbortSignal,
  work: () => Promise<AttemptOutcome | undefined>,
): Promise<Recalled | undefined> {
  const { store, host, worker } = kernel
  const key = keyOf(run, state)
  for (;;) {
    if (stop.aborted) return undefined
    const [stored] = await store.get('cache', [key])
    const row = stored && (decode(JSON.parse(stored.value)) as Row)
    const now = host.now()
    if (row?.move && row.until > now) return { outcome: recall(row.move, worker) }
    const making =
      row?.by !== undefined &&
      row.by !== worker &&
      row.until > now &&
      isAlive((await readLeases(store)).get(row.by), now)
    const ours = row?.by === worker && kernel.making.has(key)
    if (making || ours) {
      await pause(kernel, stop)
      continue
    }
    const claim: Row = { by: worker, until: now + state.timeoutMs }
    const claimed = await store.write({ put: [cachePut(key, claim, stored?.revision ?? 0)] })
    if (!claimed) continue
    kernel.making.add(key)
    try {
      const outcome = await work()
      if (outcome?.event.type !== 'moved' || outcome.event.exit.by !== 'step') {
        await store.write({ delete: [{ collection: 'cache', key }] })
        return outcome && { outcome }
      }
      const { exit, data, vars } = outcome.event
      const made: Row = {
        until: host.now() + (state.cache?.ttlMs ?? 0),
        move: { to: exit.to, data, ...(vars ? { vars } : {}) },
      }
      return { outcome, put: { put: [cachePut(key, made)] } }
    } finally {
      kernel.making.delete(key)
    }
  }
}

function recall({ to, data, vars }: NonNullable<Row['move']>, worker: string): AttemptOutcome {
  const log = [{ type: 'log', level: 'info', message: 'recalled from the cache' }] as const
  return {
    event: { type: 'moved', worker, exit: { by: 'step', to }, data, ...(vars ? { vars } : {}), log },
    session: [],
  }
}

function keyOf({ workflow, version, startedBy, data }: Run, { name, cache }: StepState): string {
  const own: unknown = cache?.key(data)
  const parts = [workflow, version, name, startedBy?.tenant ?? '', encode(own, `cache.key of ${quote(name)}`)]
  return hash('sha256', JSON.stringify(parts), 'base64url')
}

function cachePut(key: string, row: Row, expect?: number) {
  const value = JSON.stringify(encode(row, 'cache'))
  return { collection: 'cache', key, value, ...(expect === undefined ? {} : { expect }) } as const
}

function pause({ host }: Kernel, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const cancel = host.alarm(host.now() + LOOK_MS, resolve)
    stop.addEventListener('abort', () => (cancel(), resolve()), { once: true })
  })
}
