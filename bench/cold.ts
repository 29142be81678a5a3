import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { rawPath } from './floor.ts'
import { installedMegabytes } from './installed.ts'
import { row, type Row } from './row.ts'
import type { Scale } from './scale.ts'
import { median, type Target } from './targets.ts'

let built = false

/** `node FILE` with the built package until its first step is stored, and what is installed for that. On SQLite: the floor needs nothing else. */
export async function cold(target: Target, scale: Scale): Promise<readonly Row[]> {
  const [kind, synchronous = ''] = target.store.split(' ')
  if (kind !== 'sqlite') return []
  const first = !built
  if (first) build()
  const [ours, floor]: [number[], number[]] = [[], []]
  for (let round = 0; round <= (scale === 'small' ? 2 : 20); round++) {
    const option = String(target.engine(`cold-${round}`))
    ours.push(await untilFirstLine('cold-process', option))
    floor.push(await untilFirstLine('cold-floor-process', rawPath(option), synchronous))
  }
  const place = { name: 'cold', store: target.store }
  const [value, base] = [median(ours.slice(1)), median(floor.slice(1))]
  const rows = [row(place, 'ms to first step', { n: 1, value, unit: 'ms', floor: base })]
  const size = first ? installedMegabytes() : undefined
  if (!size) return rows
  return [...rows, row(place, 'installed', { n: 1, value: size.ours, unit: 'MB', floor: size.floor })]
}

function build(): void {
  const { status } = spawnSync('npm', ['run', '--silent', 'build'], { stdio: ['ignore', 2, 2] })
  if (status !== 0) throw new Error('the package could not be built')
  built = true
}

/** Milliseconds from the birth of the process until it prints. */
async function untilFirstLine(file: string, ...args: readonly string[]): Promise<number> {
  const script = fileURLToPath(new URL(`${file}.js`, import.meta.url))
  const began = performance.now()
  const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const gone = once(child, 'exit')
  const [line] = (await Promise.race([once(child.stdout, 'data'), gone])) as [unknown]
  const ms = performance.now() - began
  child.kill()
  await gone
  if (!Buffer.isBuffer(line)) throw new Error(`${file} ended without a step`)
  return ms
}
