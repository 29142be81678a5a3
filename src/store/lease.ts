import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { z } from 'zod'
import type { Store } from './store.ts'

/**
 * Who has a run. The lease is the worker's, not the run's: one write every few seconds for all its runs. A run's
 * revision is the fencing token: whoever takes a run over raises it, and the old owner's writes are refused.
 */
export interface Lease {
  readonly worker: string
  /** Host, boot and process-id namespace: on the same machine a dead owner is noticed at once. */
  readonly machine: string
  readonly pid: number
  /** When the process began, so that a reused process id is not taken for it. Empty where that cannot be known. */
  readonly born: string
  /** Absolute, milliseconds. */
  readonly until: number
}

const schema = z.object({
  worker: z.string(),
  machine: z.string(),
  pid: z.number(),
  born: z.string(),
  until: z.number(),
})

/** A lease for this process. */
export function makeLease(worker: string, until: number): Lease {
  return { worker, machine: thisMachine, pid: process.pid, born: bornAt(process.pid) ?? '', until }
}

export async function writeLease(store: Store, lease: Lease): Promise<void> {
  await store.write({ put: [{ collection: 'worker', key: lease.worker, value: JSON.stringify(lease) }] })
}

export async function dropLease(store: Store, worker: string): Promise<void> {
  await store.write({ delete: [{ collection: 'worker', key: worker }] })
}

/** All leases; what cannot be read counts as none. */
export async function readLeases(store: Store): Promise<ReadonlyMap<string, Lease>> {
  const entries = await store.list('worker', { limit: 10_000, values: true })
  const leases = entries.flatMap(({ value }) => {
    const parsed = schema.safeParse(parse(value))
    return parsed.success ? [parsed.data] : []
  })
  return new Map(leases.map((lease) => [lease.worker, lease]))
}

function parse(value = ''): unknown {
  try {
    return JSON.parse(value)
  } catch {
    return undefined
  }
}

/** Whether the owner still works: its lease runs, and on this machine its process is there too. */
export function isAlive(lease: Lease | undefined, now: number): boolean {
  if (!lease || lease.until <= now) return false
  if (lease.machine !== thisMachine) return true
  const born = bornAt(lease.pid)
  return born !== undefined && (born === '' || lease.born === '' || born === lease.born)
}

const thisMachine = [hostname(), read('/proc/sys/kernel/random/boot_id'), namespace()].join(' ')

/** When a process of this machine began; empty where it lives and the system does not say; `undefined` where it is gone. */
function bornAt(pid: number): string | undefined {
  const stat = read(`/proc/${pid}/stat`)
  if (stat !== '') {
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? undefined : fields[19] // a zombie has ended; field 22 of proc(5) is the start time
  }
  try {
    process.kill(pid, 0)
    return ''
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? '' : undefined
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return ''
  }
}

function namespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid')
  } catch {
    return ''
  }
}
