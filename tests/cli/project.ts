import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { test as plainTest } from 'vitest'
import { CommandLine, fixture } from './command-line.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const TEMP = join(ROOT, 'tests/.tmp')

/** A user's project: a workflow file, a store, and Vitest. */
export class Project extends CommandLine {
  async make(): Promise<void> {
    const entries = ['testing', 'llm'].map(
      (name) => `{ find: 'stepwright/${name}', replacement: '${ROOT}/src/${name}/index.ts' }`,
    )
    await writeFile(
      join(this.folder, 'vitest.config.mts'),
      `import { decorators } from '${ROOT}/src/testing/vite.ts'
       export default { plugins: [decorators()], resolve: { alias: [${entries.join()}] }, test: { include: ['*.test.ts'] } }`,
    )
    await writeFile(
      join(this.folder, 'tsconfig.json'),
      '{ "extends": "../../../tsconfig.json", "include": ["*.ts"], "exclude": [] }',
    )
    await this.edit('letter.ts', (text) => text, fixture('letter.ts'))
  }

  async edit(name: string, change: (text: string) => string, from = join(this.folder, name)): Promise<void> {
    const text = await readFile(from, 'utf8')
    await writeFile(join(this.folder, name), change(text))
  }

  text(name: string): Promise<string> {
    return readFile(join(this.folder, name), 'utf8')
  }

  /** Runs one of the project's tools to its end. */
  tool(name: 'vitest' | 'tsc', ...words: readonly string[]): Promise<{ code: number; out: string }> {
    const bin = join(ROOT, 'node_modules/.bin')
    const env = {
      ...process.env,
      PATH: `${bin}:${process.env['PATH']}`,
      NO_COLOR: '1',
      FORCE_COLOR: undefined,
    }
    return new Promise((done) => {
      execFile(join(bin, name), words, { cwd: this.folder, env, timeout: 120_000 }, (error, stdout, stderr) =>
        done({ code: error ? Number(error.code ?? 1) : 0, out: stdout + stderr }),
      )
    })
  }

  vitest(): Promise<{ code: number; out: string }> {
    return this.tool('vitest', 'run', '--root', this.folder)
  }
}

/** A test with a project of its own. */
export const test = plainTest.extend<{ project: Project }>({
  project: async ({}, use) => {
    await mkdir(TEMP, { recursive: true })
    const folder = await mkdtemp(join(TEMP, 'export-'))
    const project = new Project(folder)
    await project.make()
    await use(project)
    project.end()
    await rm(folder, { recursive: true, force: true })
  },
})
