import { createEngine, type Engine } from 'stepwright'
import type { Status } from '../../src/model/status.ts'
import { JobWorkflow, openWorld, WORKFLOWS } from './fixtures/work.ts'
import { inPool } from './pool.ts'

export type Bench = Engine<(typeof WORKFLOWS)[number]>

/** An engine in this process. Without `log` it drives nothing. */
export function openBench(store: string, log?: string, lease: '10s' | '300ms' = '10s'): Bench {
  const world = openWorld(log ?? '', () => undefined)
  return createEngine({
    workflows: WORKFLOWS,
    store: store as 'memory',
    worker: log !== undefined,
    poll: '20ms',
    lease,
    resources: { world },
    watchdog: false, // the trial itself may be busy
    onWarning: () => undefined,
  })
}

/** Starts jobs `job-0`, `job-1`, ... */
export async function startJobs(
  bench: Bench,
  count: number,
  input: (i: number) => Parameters<typeof start>[1],
): Promise<void> {
  await inPool(32, count, async (i) => void (await start(bench, input(i), `job-${i}`)))
}

function start(
  bench: Bench,
  input: {
    readonly left: number
    readonly ms?: number
    readonly poison?: 'loop' | 'exit' | 'memory' | 'rejection'
  },
  id: string,
) {
  return bench.start(JobWorkflow, input, { id })
}

/** How many runs have a status. */
export async function countOf({ store }: Bench, status: Status): Promise<number> {
  return (await store.list('run', { tag: `${status}/`, limit: 100_000 })).length
}

/** Waits until so many runs have a status. `given up` ends the wait with an error. */
export async function untilCount(
  bench: Bench,
  status: Status,
  count: number,
  show: (n: number) => void = () => undefined,
): Promise<void> {
  for (let n; (n = await countOf(bench, status)) < count;) {
    show(n)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
