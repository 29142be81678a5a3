import { fork, type ChildProcess } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LIFE, type LifeJob, type LifeSays } from './drill-life.ts'

/** How one process of a drill has ended. `killed`: it died as it was told. */
export type LifeEnded = Extract<LifeSays, { end: unknown }> | { readonly error: string } | 'killed'

/** Processes that have loaded the workflow file and wait for a run to live. Each lives one life. */
export class LifePool {
  readonly #path: string
  readonly #timeoutMs: number
  readonly #waiting: Process[] = []
  readonly #all = new Set<Process>()
  #ended = false
  /** Processes that lived, for figures. */
  lives = 0

  /** `ahead`: how many are loaded beforehand. */
  constructor(path: string, ahead: number, timeoutMs: number) {
    this.#path = path
    this.#timeoutMs = timeoutMs
    for (let i = 0; i < ahead; i++) this.#waiting.push(this.#begin())
  }

  /** Lives one life in a process of its own. */
  async live(job: LifeJob): Promise<LifeEnded> {
    const process = this.#waiting.shift() ?? this.#begin()
    this.#waiting.push(this.#begin()) // loads while this one lives
    this.lives += 1
    return process.live(job, this.#timeoutMs)
  }

  /** Ends all that still live. */
  end(): void {
    this.#ended = true
    for (const each of this.#all) each.kill()
  }

  #begin(): Process {
    const begun = new Process(this.#path)
    if (this.#ended) begun.kill()
    this.#all.add(begun)
    void begun.ended.then(() => this.#all.delete(begun))
    return begun
  }
}

class Process {
  readonly ended: Promise<{ readonly signal: string | null; readonly code: number | null }>
  readonly #child: ChildProcess
  readonly #loaded: Promise<LifeSays | undefined>
  #said: LifeSays | undefined
  #late = false

  constructor(path: string) {
    const [, main = ''] = process.argv // this command line, in another role
    // cut off from the terminal: Ctrl-C is for the command, which ends its processes itself
    this.#child = fork(main, [path], {
      // what one process has compiled the next ones need not
      env: { NODE_COMPILE_CACHE: join(tmpdir(), 'stepwright-drill-cache'), ...process.env, [LIFE]: path },
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      detached: true,
    })
    this.ended = new Promise((done) => this.#child.on('exit', (code, signal) => done({ code, signal })))
    this.#loaded = new Promise((done) => {
      this.#child.once('message', (said) => done(said as LifeSays))
      void this.ended.then(() => done(undefined))
    })
    this.#child.on('error', () => undefined) // its exit tells
  }

  async live(job: LifeJob, timeoutMs: number): Promise<LifeEnded> {
    const loaded = await this.#loaded
    if (loaded && 'error' in loaded) return loaded
    this.#child.on('message', (said) => (this.#said = said as LifeSays))
    if (loaded) this.#child.send(job, () => undefined)
    const timer = setTimeout(() => {
      this.#late = true
      this.kill()
    }, timeoutMs)
    const { signal, code } = await this.ended
    clearTimeout(timer)
    if (this.#late) return { error: `it had not come to rest after ${timeoutMs / 1_000} seconds` }
    if (this.#said && !('ready' in this.#said)) return this.#said
    if (signal === 'SIGKILL' && job.death) return 'killed'
    return { error: `its process ended by itself, with ${signal ?? `exit code ${code}`}` }
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }
}
