import { sideBySide } from '../../model/side-by-side.ts'
import type { Death } from './life.ts'
import type { Reference } from './report.ts'
import type { Lived, Trial } from './trial.ts'

/** Where a drill takes place. */
export interface Ground {
  readonly workflow: string
  /** A run from its start to its end, each on a store of its own. With a death its first life ends there. */
  live(death?: Death): Promise<Lived>
  /** Runs at once. */
  readonly parallel: number
  /** No more are begun. */
  readonly signal?: AbortSignal
  /** Called after each trial, and once before the first. */
  readonly onTrial?: (tried: number, of: number, trial?: Trial) => void
}

/** The crashes of one drill, several side by side, and what came of them in their order. */
export class Crashes {
  readonly trials: Trial[] = []
  readonly #ground: Ground
  readonly #reference: Reference
  #tried = 0
  #of = 0

  constructor(ground: Ground, reference: Reference) {
    this.#ground = ground
    this.#reference = reference
  }

  /** Whether no more are begun. */
  get stopped(): boolean {
    return this.#ground.signal?.aborted ?? false
  }

  /** Tries each of these. */
  async at(deaths: readonly Death[]): Promise<void> {
    const { parallel, onTrial } = this.#ground
    if (this.#of === 0) onTrial?.(0, deaths.length)
    this.#of += deaths.length
    const work = async (death: Death): Promise<Trial | undefined> => {
      const lived = await this.#ground.live(death)
      if (this.stopped) return undefined // it was cut off
      const trial = this.#reference.trial(death, lived)
      onTrial?.(++this.#tried, this.#of, trial)
      return trial
    }
    const trials = await sideBySide(deaths, parallel, work, this.#ground.signal)
    this.trials.push(...trials.filter((trial) => trial !== undefined))
  }

  /**
   * Goes on behind that write until a run comes to its end without being killed: branches that are saved one after the other
   * make more writes than branches that are saved together. Gives the last write there was.
   */
  async beyond(write: number): Promise<number> {
    for (let last = write; ; last += 1) {
      const [before, after] = boundariesOf(last + 1)
      if (this.stopped) return last
      const lived = await this.#ground.live(before)
      if (this.stopped || !lived.died) return last
      this.trials.push(this.#reference.trial(before, lived))
      this.#of += 1
      this.#ground.onTrial?.(++this.#tried, this.#of, this.trials.at(-1))
      await this.at([after])
    }
  }
}

/** Just before a write lands, and just after. */
export function boundariesOf(write: number): readonly [Death, Death] {
  return [
    { write, lands: false },
    { write, lands: true },
  ]
}
