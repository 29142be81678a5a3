import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import type { StoreOption } from 'stepwright'
import { hasRedis, startRedis, type RedisServer } from '../support/redis.ts'

const FIXTURES = fileURLToPath(new URL('fixtures', import.meta.url))
const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** The shared stores that trials run on. */
export type Kind = 'sqlite' | 'redis'
export const KINDS: readonly Kind[] = hasRedis ? ['sqlite', 'redis'] : ['sqlite']

/** What a fixture was started for; each takes its own. */
export type Order = Readonly<Record<string, unknown>>

/** What one trial stands on: a folder, a redis-server, and the processes that it starts. All of it is gone at its end. */
export class Ground {
  readonly folder = mkdtempSync(join(tmpdir(), 'stepwright-reliability-'))
  readonly #redis: RedisServer | undefined
  readonly #children = new Set<ChildProcess>()
  #count = 0

  private constructor(redis: RedisServer | undefined) {
    this.#redis = redis
  }

  static async open(): Promise<Ground> {
    const ground = new Ground(hasRedis ? await startRedis() : undefined)
    // one file for each fixture, with everything in it, starts ten times faster than many through a loader
    await build({
      entryPoints: readdirSync(FIXTURES)
        .filter((name) => name.endsWith('-process.ts'))
        .map((name) => join(FIXTURES, name)),
      outdir: ground.folder,
      outExtension: { '.js': '.mjs' },
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'es2023',
      tsconfig: join(ROOT, 'tsconfig.json'),
      external: ['esbuild', 'tsx', 'nodemailer', 'cheerio'],
      banner: {
        js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
      },
      logLevel: 'error',
    })
    return ground
  }

  /** A store that nothing else uses. */
  store(kind: Kind): Exclude<StoreOption, object> {
    this.#count += 1
    return kind === 'sqlite'
      ? `sqlite:${join(this.folder, `${this.#count}.db`)}?synchronous=normal`
      : (`${this.#redis?.url ?? ''}?prefix=s${this.#count}` as `redis://${string}`)
  }

  /** A file that nothing else writes to. */
  file(name: string): string {
    this.#count += 1
    return join(this.folder, `${this.#count}-${name}`)
  }

  /** Starts `fixtures/NAME-process.ts`. */
  start(name: string, order: Order, nodeOptions: readonly string[] = []): Process {
    const path = join(this.folder, `${name}-process.mjs`)
    return this.#spawn([...nodeOptions, path, JSON.stringify(order)])
  }

  /** Starts the command line, on a workflow file among the fixtures. */
  command(
    verb: string,
    file: string,
    words: readonly string[],
    env: Readonly<Record<string, string>>,
  ): Process {
    const main = join(ROOT, 'src/cli/main.ts')
    return this.#spawn(['--import', 'tsx', main, verb, join(FIXTURES, file), ...words], env)
  }

  #spawn(args: readonly string[], env: Readonly<Record<string, string>> = {}): Process {
    const child = spawn(process.execPath, args, { cwd: ROOT, stdio: 'pipe', env: { ...process.env, ...env } })
    this.#children.add(child)
    child.once('exit', () => this.#children.delete(child))
    return new Process(child)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ends = [...this.#children].map((child) => new Promise((resolve) => child.once('exit', resolve)))
    for (const child of this.#children) child.kill('SIGKILL')
    await Promise.all(ends)
    await this.#redis?.stop()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** How a process ended. */
export interface End {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** A process of a trial. It speaks in lines of JSON. */
export class Process {
  readonly ended: Promise<End>
  readonly #child: ChildProcess
  readonly #lines: AsyncIterator<string>
  #errors = ''

  constructor(child: ChildProcess) {
    this.#child = child
    this.ended = new Promise((resolve) => child.once('close', (code, signal) => resolve({ code, signal })))
    this.#lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]()
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.#errors += text))
    child.stdin?.on('error', () => undefined) // it may be dead
  }

  /** What it wrote for people. */
  get errors(): string {
    return this.#errors
  }

  /** The next thing it says; `undefined` where it ended. */
  async next(): Promise<Readonly<Record<string, unknown>> | undefined> {
    const line = await this.#lines.next()
    return line.done === true ? undefined : (JSON.parse(line.value) as Record<string, unknown>)
  }

  /** Waits until it says something that has this key. Throws where it ends before. */
  async says(key: string): Promise<unknown> {
    for (;;) {
      const said = await this.next()
      if (!said) throw new Error(`it ended and did not say ${key}: ${this.#errors}`)
      if (key in said) return said[key]
    }
  }

  tell(line: string): void {
    this.#child.stdin?.write(`${line}\n`)
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  send(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Ends it as a power cut would, and waits until it is gone. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.ended
  }

  /** Whether SIGSTOP has reached it. */
  get stopped(): boolean {
    const stat = readFileSync(`/proc/${this.#child.pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).startsWith('T')
  }
}
