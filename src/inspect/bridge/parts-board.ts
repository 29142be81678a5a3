import { visitOf } from '../../model/run.ts'
import { isEnded } from '../../model/status.ts'
import type { InspectedCommit, InspectedParts, InspectedRun } from './inspector-parts.ts'

/** Ends of items are shown this often at most; all that came meanwhile as one. Milliseconds. */
const EVERY_MS = 100

interface Kept {
  readonly visit: string
  readonly all: InspectedParts
}

/** What the parts of live runs have told, so that a commit of the run shows it too. Ten thousand items are a few messages. */
export class PartsBoard {
  readonly #kept = new Map<string, Kept>()
  readonly #waiting = new Map<string, InspectedCommit>()
  readonly #show: (commit: InspectedCommit) => void
  readonly #isBranch: (run: InspectedRun) => boolean
  #timer: NodeJS.Timeout | undefined

  constructor(show: (commit: InspectedCommit) => void, isBranch: (run: InspectedRun) => boolean) {
    this.#show = show
    this.#isBranch = isBranch
  }

  /** Shows a commit with what is known of its parts; the ends of items after a moment. */
  take(commit: InspectedCommit): void {
    const { run, part } = commit
    const kept = this.#keep(commit)
    const told = kept ? { ...commit, run: { ...run, ...kept.all } } : commit
    if (!part || this.#isBranch(run)) {
      this.#waiting.delete(run.id) // what it would show, this shows
      return this.#show(told)
    }
    this.#waiting.set(run.id, told)
    this.#timer ??= setTimeout(() => this.#flush(), EVERY_MS)
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#waiting.clear()
  }

  #keep({ run, part }: InspectedCommit): Kept | undefined {
    const visit = `${visitOf({ state: run.state, visits: run.visits ?? {} })} ${run.state}`
    const before = this.#kept.get(run.id)
    const same = before?.visit === visit && !isEnded(run.status) ? before : undefined
    if (!part) {
      if (!same) this.#kept.delete(run.id)
      return same
    }
    const kept = { visit, all: part.all }
    this.#kept.set(run.id, kept)
    return kept
  }

  #flush(): void {
    this.#timer = undefined
    const waiting = [...this.#waiting.values()]
    this.#waiting.clear()
    for (const commit of waiting) this.#show(commit)
  }
}
