import type { PartsProgress } from '../control/parts-progress.ts'
import type { Engine } from '../engine.ts'
import type { Terminal } from './terminal.ts'

/** How often it is told at most: as one line that changes, or where there is no terminal, line by line. */
const EVERY_MS = { live: 500, lines: 10_000 }

/** How far the items of maps have come, told while runs are followed; not at all where that is over sooner. */
export class ItemProgress {
  readonly #terminal: Pick<Terminal, 'isLive' | 'status' | 'note'>
  readonly #now: () => number
  readonly #maps = new Map<string, PartsProgress>()
  /** When it was told last, or when there was something to tell for the first time. */
  #told: number | undefined

  constructor(terminal: Pick<Terminal, 'isLive' | 'status' | 'note'>, now = () => performance.now()) {
    this.#terminal = terminal
    this.#now = now
  }

  /** Tells it of all runs that an engine drives. Returns what ends that. */
  follow(engine: Pick<Engine, 'subscribe' | 'subscribeParts'>): () => void {
    const ends = [
      engine.subscribeParts((progress) => this.take(progress)),
      engine.subscribe(({ run, happenings }) => {
        const over = happenings.some(({ type }) => type === 'joined')
        const active = run.status === 'running' || run.status === 'waiting'
        if (over || !active || run.state !== this.#maps.get(run.id)?.state) this.forget(run.id)
      }),
    ]
    return () => ends.forEach((end) => end())
  }

  take(progress: PartsProgress): void {
    if (progress.of !== 'items') return
    this.#maps.set(progress.run, progress)
    const { isLive } = this.#terminal
    const now = this.#now()
    this.#told ??= now
    if (now - this.#told < (isLive ? EVERY_MS.live : EVERY_MS.lines)) return
    this.#told = now
    if (isLive) this.#terminal.status(this.#text())
    else this.#terminal.note(this.#text())
  }

  /** The items of a run were joined, or given up. */
  forget(run: string): void {
    if (!this.#maps.delete(run) || this.#maps.size > 0) return
    this.#terminal.status('')
  }

  #text(): string {
    const all = [...this.#maps.values()]
    const [only] = all
    const sum = (of: (map: PartsProgress) => number): number => all.reduce((n, map) => n + of(map), 0)
    const failed = sum((map) => map.failed)
    const ended = sum((map) => map.done) + failed
    const more = all.some((map) => map.more) ? ' so far' : ''
    const who = all.length === 1 ? `${only?.run} in ${only?.state}` : `${all.length} runs`
    const said = `${count(ended)} of ${count(sum((map) => map.total))} items${more}`
    return `${who}: ${said}${failed > 0 ? `, ${count(failed)} failed` : ''}`
  }
}

/** A number that may be long: `1,000`. */
export function count(n: number): string {
  return n.toLocaleString('en')
}
