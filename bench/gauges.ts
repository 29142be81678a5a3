/** What a process reads off itself. */
import { readFileSync, statSync } from 'node:fs'
import { setImmediate as turn } from 'node:timers/promises'
import type { Store } from '../src/index.ts'

export async function timed(work: () => unknown): Promise<number> {
  const began = performance.now()
  await work()
  return performance.now() - began
}

/** The heap after garbage was collected; needs `--expose-gc`. */
export async function heapBytes(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    await turn() // what the last callbacks still hold
    globalThis.gc?.()
  }
  return process.memoryUsage().heapUsed
}

/** Keys, values and tags of all rows. */
export async function storedBytes(store: Pick<Store, 'rows'>): Promise<number> {
  let bytes = 0
  for await (const page of store.rows())
    for (const { key, value, tag = '' } of page) bytes += Buffer.byteLength(key + value + tag)
  return bytes
}

/** The size of a closed SQLite file by its store option; 0 where there is no file. */
export function fileBytes(option: string): number {
  const [, path] = /^sqlite:([^?]+)/.exec(option) ?? []
  return path === undefined ? 0 : (statSync(path, { throwIfNoEntry: false })?.size ?? 0)
}

/** Bytes that this process has handed to `write` calls so far; 0 where the system does not say (it is Linux that does). */
export function bytesWritten(): number {
  try {
    return Number(/^wchar: (\d+)$/m.exec(readFileSync('/proc/self/io', 'utf8'))?.[1] ?? 0)
  } catch {
    return 0
  }
}
