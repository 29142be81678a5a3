import { existsSync, readFileSync } from 'node:fs'
import type { Act } from './fixtures/work.ts'

/** What was done to the world so far, in order. A process may have died in the middle of its line. */
export function readActs(path: string): readonly Act[] {
  if (!existsSync(path)) return []
  const lines = readFileSync(path, 'utf8').split('\n')
  return lines.flatMap((line) => (line.endsWith('}') ? [JSON.parse(line) as Act] : []))
}

/** Waits until so many things were done. */
export async function untilActs(log: string, count: number): Promise<void> {
  while (readActs(log).length < count) await new Promise((resolve) => setTimeout(resolve, 5))
}
