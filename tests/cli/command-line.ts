import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { test as plainTest, vi } from 'vitest'
import type { AnyClass } from '../../src/definition/shape.ts'
import { createEngine, type Engine, type EngineOptions } from '../../src/index.ts'
import { OrderWorkflow } from './fixtures/order.ts'
import { SecondOpinion } from './fixtures/second-opinion.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const NODE = join(ROOT, 'node_modules/.bin/node')
const MAIN = join(ROOT, 'src/cli/main.ts')

/** The path of a workflow file among the fixtures. */
export function fixture(name: string): string {
  return join(import.meta.dirname, 'fixtures', name)
}

/** What a command left behind. */
export interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** A command that is going on. */
export interface Going {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  /** Resolves once that text is written, with all that was written so far. */
  said(text: string): Promise<string>
}

/** The real command line, in a temporary folder of its own with a store of its own. */
export class CommandLine {
  readonly folder: string
  readonly #children: ChildProcess[] = []

  constructor(folder: string) {
    this.folder = folder
  }

  /** Ends what is still going on. */
  end(): void {
    for (const child of this.#children) child.kill('SIGKILL')
  }

  /** Begins a command. */
  begin(words: readonly string[], input?: string, nodeOptions: readonly string[] = []): Going {
    const env = {
      ...process.env,
      FORCE_COLOR: '1',
      DEBUG: '',
      NO_COLOR: undefined,
      STEPWRIGHT_STORE: undefined,
      NODE_COMPILE_CACHE: join(tmpdir(), 'stepwright-test-cache'), // most of a short command is reading its code
    }
    const child = spawn(NODE, [...nodeOptions, MAIN, ...words], { cwd: this.folder, env })
    this.#children.push(child)
    let out = ''
    let err = ''
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
    child.stdin.on('error', () => undefined) // it may end without reading
    child.stdin.end(input ?? '')
    const ended = new Promise<Ended>((done) => child.on('close', (code) => done({ code, out, err })))
    const said = (text: string): Promise<string> =>
      new Promise((done, fail) => {
        const look = (): void => {
          if ((out + err).includes(text)) done(out + err)
        }
        child.stdout.on('data', look)
        child.stderr.on('data', look)
        child.on('close', () => fail(new Error(`it ended without saying ${text}: ${out}${err}`)))
        look()
      })
    return { child, ended, said }
  }

  /** Runs a command to its end. */
  run(words: readonly string[], input?: string): Promise<Ended> {
    return this.begin(words, input).ended
  }

  /** Starts a run in this process, in the store of the folder, and drives it until it waits or has ended. */
  async settled(workflow: AnyClass, id: string, input: object): Promise<void> {
    await this.#withEngine(workflow, true, async (engine) => {
      const run = await engine.start(workflow, input as never, { id })
      await vi.waitFor(
        async () => {
          const { status } = await run.view()
          if (status === 'running' || status === 'pending' || status === 'compensating')
            throw new Error(status)
        },
        { timeout: 5_000, interval: 5 },
      )
    })
  }

  /** Starts a run in this process, and leaves it to others. */
  async pending(
    workflow: AnyClass,
    id: string,
    input: object,
    options: { session?: string } = {},
  ): Promise<void> {
    await this.#withEngine(workflow, false, async (engine) => {
      await engine.start(workflow, input as never, { id, ...options })
    })
  }

  async #withEngine(
    workflow: AnyClass,
    worker: boolean,
    work: (engine: Engine) => Promise<void>,
  ): Promise<void> {
    const store = `sqlite:${join(this.folder, 'stepwright.db')}` as const
    const workflows = workflow === OrderWorkflow ? [workflow, SecondOpinion] : [workflow]
    const engine = createEngine({ workflows, store, worker, resources: { greeting: 'on' } } as EngineOptions)
    try {
      await work(engine)
    } finally {
      await engine.close()
    }
  }

  /** Runs a command with --json; its result and, where it failed, its error. */
  async json(
    ...words: readonly string[]
  ): Promise<{ code: number | null; result: unknown; error: JsonError | undefined }> {
    const { code, out, err } = await this.run([...words, '--json'])
    const line = err.split('\n').find((text) => text.startsWith('{"error"'))
    return {
      code,
      result: out === '' ? undefined : JSON.parse(out),
      error: line === undefined ? undefined : (JSON.parse(line) as { error: JsonError }).error,
    }
  }
}

/** An error as it stands on stderr with --json. */
export interface JsonError {
  readonly code: string
  readonly message: string
  readonly remedy: string
  readonly details: Readonly<Record<string, unknown>>
}

/** A test with a command line of its own. */
export const test = plainTest.extend<{ cli: CommandLine }>({
  cli: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'stepwright-cli-'))
    const cli = new CommandLine(folder)
    await use(cli)
    cli.end()
    await rm(folder, { recursive: true, force: true })
  },
})
