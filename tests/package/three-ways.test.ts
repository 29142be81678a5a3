import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import manifest from '../../package.json' with { type: 'json' }
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
mkdirSync(join(root, 'tests/.tmp'), { recursive: true })
const dir = mkdtempSync(join(root, 'tests/.tmp/package-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))
const tsc = createRequire(import.meta.url).resolve('typescript/lib/tsc.js')
const node = join(root, 'node_modules/.bin/node')

/** A user's project with the package installed as it is published: what `files` names, and no TypeScript of ours. */
beforeAll(() => {
  const installed = join(dir, 'node_modules/stepwright')
  mkdirSync(installed, { recursive: true })
  execFileSync(node, [tsc, '-p', join(root, 'tsconfig.build.json'), '--outDir', join(installed, 'dist')], {
    cwd: root,
  })
  for (const name of ['package.json', ...manifest.files.filter((name) => name !== 'dist')])
    cpSync(join(root, name), join(installed, name), { recursive: true })
  for (const name of ['zod', 'xstate', 'keyv', 'devalue', 'commander', 'ws', 'openai', 'tsx']) {
    symlinkSync(join(root, 'node_modules', name), join(dir, 'node_modules', name), 'junction')
  }
  cpSync(join(root, 'examples/01-refine/refine.ts'), join(dir, 'refine.ts'))
  writeFileSync(join(dir, 'package.json'), '{ "type": "module" }')
  writeFileSync(
    join(dir, 'tsconfig.json'),
    JSON.stringify({
      compilerOptions: { target: 'es2023', module: 'nodenext', strict: true, skipLibCheck: true, types: [] },
    }),
  )
  writeFileSync(
    join(dir, 'main.ts'),
    `import { createEngine } from 'stepwright'
import { RefineWorkflow } from './refine.js'
const llm = { text: async (prompt: string) => (prompt.startsWith('Is this') ? 'yes' : 'short') }
const engine = createEngine({ workflows: [RefineWorkflow], store: 'sqlite:runs.db', resources: { llm } })
const run = await engine.start(RefineWorkflow, { question: 'why?' })
await run.result()
const path: string[] = []
for await (const event of run.events()) if (event.type === 'moved') path.push(event.to)
console.log(path.join(' '))
await engine.close()
`,
  )
})

describe('the built package runs', () => {
  const expected = 'short\nGENERATED CHECKED END\n'

  it('under tsx', () => {
    const { stdout, stderr, status } = spawnSync(node, ['--import', 'tsx', 'main.ts'], {
      cwd: dir,
      encoding: 'utf8',
    })
    expect(stderr).toBe('')
    expect(stdout).toBe(expected)
    expect(status).toBe(0)
  })

  it('compiled by tsc and run by node, decorators and their metadata included', () => {
    const compiled = spawnSync(node, [tsc, '-p', '.', '--outDir', 'out'], { cwd: dir, encoding: 'utf8' })
    expect(compiled.stdout).toBe('')
    const { stdout, stderr, status } = spawnSync(node, ['out/main.js'], { cwd: dir, encoding: 'utf8' })
    expect(stderr).toBe('')
    expect(stdout).toBe(expected)
    expect(status).toBe(0)
  })

  it('with the page of the inspector', () => {
    writeFileSync(
      join(dir, 'page.mjs'),
      `import { createEngine } from 'stepwright'
import { RefineWorkflow } from './out/refine.js'
const engine = createEngine({ workflows: [RefineWorkflow], resources: { llm: {} }, inspect: true })
await engine.open()
const page = await (await fetch(engine.inspectPage)).text()
for (const [, path] of page.matchAll(/(?:src|href)="([/][^"]+)"/g))
  console.log(path, (await fetch(new URL(path, engine.inspectPage))).status)
await engine.close()
`,
    )
    const { stdout, stderr } = spawnSync(node, ['page.mjs'], { cwd: dir, encoding: 'utf8' })
    expect(stderr).toBe('')
    expect(stdout).toBe('/style.css 200\n/page.js 200\n')
  })

  it('as a command', () => {
    const { stdout, status } = spawnSync(
      node,
      ['node_modules/stepwright/dist/src/cli/main.js', 'list', '--store', 'sqlite:runs.db', '--json'],
      { cwd: dir, encoding: 'utf8' },
    )
    expect(status).toBe(0)
    expect(stdout).toContain('"refine"')
  })
})
