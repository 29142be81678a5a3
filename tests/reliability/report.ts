import { execFileSync } from 'node:child_process'
import { availableParallelism, cpus, release, totalmem, type } from 'node:os'
import type { Figures } from './trial.ts'

/** How one trial came out. */
export interface Result {
  readonly id: string
  readonly title: string
  readonly ok: boolean
  readonly seconds: number
  readonly figures: Figures
  readonly error?: string
}

/** The table of results, in Markdown. */
export function reportTable(results: readonly Result[], size: string): string {
  return tableOf(results.map((result) => rowOf(result, size)))
}

function tableOf(rows: readonly string[]): string {
  const head = ['| | trial | size | figures | seconds | ok | date, commit |']
  return [...head, '| --- | --- | --- | --- | --- | --- | --- |', ...rows].join('\n')
}

function rowOf({ id, title, figures, seconds, ok, error }: Result, size: string): string {
  const said =
    error ??
    Object.entries(figures)
      .map(([name, value]) => `${name}: ${value}`)
      .join('; ')
  const when = `${new Date().toISOString().slice(0, 10)}, ${commit()}`
  return `| ${id} | ${cell(title)} | ${size} | ${cell(said)} | ${seconds} | ${ok ? 'yes' : '**no**'} | ${when} |`
}

/** The page `docs/reliability.md`; of trials that were not run it keeps what `before` says. */
export function reportPage(results: readonly Result[], size: string, before: string): string {
  const rows = new Map(
    before.split('\n').flatMap((line) => (line.startsWith('| R') ? [[keyOf(line), line]] : [])),
  )
  for (const row of results.map((result) => rowOf(result, size))) rows.set(keyOf(row), row)
  const sorted = [...rows.values()].sort((a, b) => numberOf(a) - numberOf(b))
  return `# Reliability

What was done to runs, on real processes and real stores, and what was still true afterwards. This page is the output of
\`npm run reliability -- --write\`; the tests do the same trials at a smaller size (\`npx vitest run tests/reliability\`). The row
of R22 is what \`npm run simulate -- --seeds 10000\` said.

What is shown: processes that are killed, stopped, frozen or blocked at any moment, stores that fail, data that is damaged
or large. Each trial judges by what is in the store afterwards and by what handlers did to the world. What is not shown:
power cuts and broken disks (the stores are asked to flush, and believed), networks between machines, and whatever
a handler does to the outside world in the step in flight at a crash: that step starts again, with the same
idempotency key.

${tableOf(sorted)}

On ${machine()}.
`
}

/** A trial is told by its number and its title. */
function keyOf(row: string): string {
  return row.split(' | ', 2).join(' | ')
}

function numberOf(row: string): number {
  return Number(/\d+/.exec(row)?.[0])
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}

function commit(): string {
  const git = (...args: string[]): string => execFileSync('git', args, { encoding: 'utf8' }).trim()
  return `${git('rev-parse', '--short', 'HEAD')}${git('status', '--porcelain', '--', 'src') === '' ? '' : ' with changes'}`
}

function machine(): string {
  const redis =
    execFileSync('redis-server', ['--version'], { encoding: 'utf8' }).match(/v=([\d.]+)/)?.[1] ?? '?'
  const memory = Math.round(totalmem() / 2 ** 30)
  const { sqlite } = process.versions as { readonly sqlite?: string }
  return `${availableParallelism()} cores of ${cpus()[0]?.model ?? 'unknown'}, ${memory} GB, ${type()} ${release()}, Node ${process.versions.node}, SQLite ${sqlite ?? '?'}, Redis ${redis}`
}
