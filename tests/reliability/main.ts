/**
 * `npm run reliability -- [R2 R5 ...] [--ci] [--json] [--write]`: the trials at full size, one after the other.
 * `--write` puts what they came to into docs/reliability.md, beside what trials that were not run came to before.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { fileURLToPath } from 'node:url'
import { hasRedis } from '../support/redis.ts'
import { reportPage, reportTable, type Result } from './report.ts'
import { TRIALS } from './trials.ts'
import type { Trial } from './trial.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    ci: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
})
const unknown = positionals.filter((id) => !TRIALS.some((trial) => trial.id === id))
if (unknown.length > 0) {
  console.error(`no such trial: ${unknown.join(', ')}; there are ${TRIALS.map(({ id }) => id).join(', ')}`)
  process.exit(2)
}
const size = values.ci ? 'ci' : 'full'
const results: Result[] = []
const page = fileURLToPath(new URL('../../docs/reliability.md', import.meta.url))
for (const trial of TRIALS) {
  if (positionals.length > 0 && !positionals.includes(trial.id)) continue
  const result = await attempt(trial)
  results.push(result)
  if (!values.json) console.error(`${result.id} ${result.ok ? 'ok' : 'FAILED'} after ${result.seconds} s`)
  if (values.write)
    writeFileSync(page, reportPage([result], size, existsSync(page) ? readFileSync(page, 'utf8') : ''))
}
if (values.json) console.log(JSON.stringify({ size, results }, null, 2))
else console.log(reportTable(results, size))
process.exit(results.every(({ ok }) => ok) ? 0 : 1)

async function attempt({ id, title, run, redis = false }: Trial): Promise<Result> {
  const began = performance.now()
  const end = (rest: Omit<Result, 'id' | 'title' | 'seconds'>): Result => {
    const seconds = Math.round((performance.now() - began) / 100) / 10
    tell('')
    return { id, title, seconds, ...rest }
  }
  if (redis && !hasRedis) return end({ ok: false, figures: {}, error: 'redis-server is not installed' })
  try {
    return end({ ok: true, figures: await run(size, (line) => tell(`${id} ${line}`)) })
  } catch (error) {
    const said = error instanceof Error ? (error.stack ?? error.message) : String(error)
    console.error(`\n${id} ${title}\n${said}\n`)
    return end({ ok: false, figures: {}, error: said.split('\n', 1)[0] ?? said })
  }
}

/** Progress, where somebody looks. */
function tell(line: string): void {
  if (!values.json && process.stderr.isTTY) process.stderr.write(`\r\u001b[K${line}`)
}
