import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import ts from 'typescript'
import { z } from 'zod'
import { check as look, readSource } from '../src/check/index.ts'
import { readDefinition, states } from '../src/index.ts'
import { row, type Row } from './row.ts'
import type { Scale } from './scale.ts'
import { median, type Target } from './targets.ts'

const any = z.object({})

/** A workflow of n steps with branches, loops back and bounds, as text and as a class. */
function makeSource(n: number): string {
  const methods = Array.from({ length: n }, (_, i) => {
    const to = [Math.min(i + 1, n), Math.min(i + 2, n), i - (i % 7)].map((t) => `'s${t}'`)
    return `  /** Step ${i}. */\n  @T.step('s${i}', { to: [${to.join(', ')}], catch: { to: 's${n}', with: {} } })\n  m${i}(_: unknown) {\n    return T.go('s${Math.min(i + 1, n)}', {})\n  }\n`
  })
  return `@T.workflow({ name: 'large' })\nclass Large {\n${methods.join('')}}\n`
}

function makeDefinition(n: number) {
  const names = Array.from({ length: n + 1 }, (_, i) => `s${i}`)
  const T = states(
    Object.fromEntries(names.map((name) => [name, name])),
    Object.fromEntries(names.map((name) => [name, any])) as never,
    { initial: 's0', final: `s${n}` } as never,
  ) as never as Readonly<Record<string, (...args: unknown[]) => (...args: unknown[]) => void>>
  const metadata = Object.create(null) as DecoratorMetadata
  for (let i = 0; i < n; i++) {
    const to = [Math.min(i + 1, n), Math.min(i + 2, n), i - (i % 7)].map((t) => `s${t}`)
    const bound = i % 5 === 0 ? { maxVisits: { times: 3, to: `s${n}`, with: {} } } : {}
    const options = { to, ...bound, catch: { to: `s${n}`, with: {} } }
    T['step']?.(`s${i}`, options)(() => undefined, {
      kind: 'method',
      name: `m${i}`,
      metadata,
      static: false,
      private: false,
    })
  }
  class Large {}
  T['workflow']?.({ name: 'large' })(Large, { metadata })
  return readDefinition(Large)
}

/** What a check of a chart costs, its source included, beside the parse of that source alone. */
export async function check(target: Target, scale: Scale): Promise<readonly Row[]> {
  if (target.store !== 'memory') return [] // it needs none
  const n = scale === 'small' ? 20 : 200
  const folder = mkdtempSync(join(tmpdir(), 'stepwright-check-'))
  const file = join(folder, 'large.ts')
  writeFileSync(file, makeSource(n))
  const definition = makeDefinition(n)
  const ours: number[] = []
  const parses: number[] = []
  const rules: number[] = []
  for (let round = 0; round < 21; round++) {
    parses.push(
      await timed(() => ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true)),
    )
    ours.push(await timed(async () => look(definition, { source: await readSource([file]) })))
    rules.push(await timed(() => look(definition)))
  }
  rmSync(folder, { recursive: true })
  const place = { name: 'check', store: 'none' }
  const floor = median(parses)
  return [
    row(place, 'ms for a chart', { n, value: median(ours), unit: 'ms', floor }),
    row(place, 'ms for its rules alone', { n, value: median(rules), unit: 'ms', floor }),
    ...(await withTypes(place, scale)),
  ]
}

/** The source rules beside what `tsc --noEmit` does with the same files: every example and machine of this repository. */
async function withTypes(place: Pick<Row, 'name' | 'store'>, scale: Scale): Promise<readonly Row[]> {
  const files = globSync(['examples/*/*.ts', 'machines/*/*.ts']).filter((file) => !file.endsWith('main.ts'))
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile('tsconfig.json', (path) => ts.sys.readFile(path)).config,
    { ...ts.sys, readDirectory: () => [] },
    process.cwd(),
  )
  const ours: number[] = []
  const compiler: number[] = []
  for (let round = 0; round < (scale === 'small' ? 1 : 5); round++) {
    compiler.push(await timed(() => ts.createProgram(files, options).getSemanticDiagnostics()))
    ours.push(await timed(() => readSource(files, { types: true })))
  }
  const floor = median(compiler)
  return [row(place, 'ms for what types tell', { n: files.length, value: median(ours), unit: 'ms', floor })]
}

async function timed(work: () => unknown): Promise<number> {
  const began = performance.now()
  await work()
  return performance.now() - began
}
