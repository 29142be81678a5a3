/** Measurements in a process of their own: each prints one line of JSON. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

/** Runs `FILE.js ARGS...` of this folder to its end and reads what it printed; it can collect garbage by `gc()`. */
export function fresh<T>(file: string, ...args: readonly (string | number)[]): T {
  const { stdout, stderr } = spawnSync(process.execPath, command(file, args), { encoding: 'utf8' })
  const answer = JSON.parse(stdout || 'null') as T | null
  if (answer === null) throw new Error(`${file} failed: ${stderr}`)
  return answer
}

/** Begins the same, and kills it by SIGKILL at the first look that finds it far enough. */
export async function killed(
  far: () => boolean,
  file: string,
  ...args: readonly (string | number)[]
): Promise<void> {
  const child = spawn(process.execPath, command(file, args), { stdio: 'ignore' })
  const gone = once(child, 'exit')
  while (!far() && child.exitCode === null) await sleep(1)
  child.kill('SIGKILL')
  const [, signal] = (await gone) as [number | null, NodeJS.Signals | null]
  if (signal !== 'SIGKILL') throw new Error(`${file} ended before it was killed`)
}

function command(file: string, args: readonly (string | number)[]): string[] {
  const script = fileURLToPath(new URL(`${file}.js`, import.meta.url))
  return ['--expose-gc', script, ...args.map(String)]
}
