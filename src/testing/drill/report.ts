import { differences, type Difference } from './difference.ts'
import type { Death } from './life.ts'
import { repeatedIn, type Lived, type RepeatedCall, type Trial } from './trial.ts'

/** What a drill has found about one handler. */
export interface HandlerVerdict {
  /** `ship`; a branch `check/stock`, an item `read (item)`, a compensation `ship (undo)`. */
  readonly handler: string
  /** Crashes after which it was begun again. */
  readonly repeated: number
  /** The most often one visit of it was begun, over both lives. */
  readonly begun: number
  /** Calls of resources that a crash has repeated, each once, with the most times it was made. */
  readonly calls: readonly RepeatedCall[]
  /**
   * - `safe`: it was begun again, and all came out the same.
   * - `not-idempotent`: it was begun again, and what came of it, or what can be seen outside, was different.
   * - `process-memory`: it was begun once, in the process after the crash, and its result was different: it depends on
   *   something that the process before it knew, such as a field of the class or a variable of the module.
   * - `not-repeated`: no crash came while it was at work.
   */
  readonly verdict: 'safe' | 'not-idempotent' | 'process-memory' | 'not-repeated'
}

/** What a drill has found. */
export interface DrillReport {
  readonly workflow: string
  /** How the run comes out without a crash. */
  readonly status: string
  readonly path: readonly string[]
  /** The most writes that a run has made. At each a process can die just before or just after it. */
  readonly writes: number
  /** Boundaries that were tried, and how many there are: two for each write, and ends of handlers that none of these has met. */
  readonly trials: readonly Trial[]
  readonly boundaries: number
  readonly handlers: readonly HandlerVerdict[]
  /** Paths of what differs between two undisturbed runs: these are not compared. */
  readonly varies: readonly string[]
  /** Everything came out the same after every crash that was tried. */
  readonly passed: boolean
}

/** Two undisturbed runs, and what of them is compared. */
export class Reference {
  readonly lived: Lived
  readonly varies: readonly string[]
  readonly #passed: ReadonlySet<string>

  constructor(lived: Lived, again: Lived) {
    this.lived = lived
    this.varies = compare(lived, again).map(({ path }) => path)
    this.#passed = new Set(this.varies)
  }

  /** What a crash has changed. */
  trial(death: Death, lived: Lived): Trial {
    const found = compare(this.lived, lived, this.#passed)
    const repeated = repeatedIn(lived.acts, this.lived.acts)
    const suspect = found.length > 0 ? this.#suspect(found, lived) : undefined
    return {
      ...death,
      same: found.length === 0,
      differences: found,
      repeated,
      ...(lived.died ? {} : { unreached: true }),
      ...(suspect ? { suspect } : {}),
    }
  }

  /** The handler that made the first move that differs. */
  #suspect(found: readonly Difference[], { outcome }: Lived): Trial['suspect'] {
    const first = found.find(({ path }) => path.startsWith('history['))
    if (!first || 'error' in outcome) return undefined
    const at = Number(/\d+/.exec(first.path)?.[0])
    const history = outcome.history as readonly {
      from?: string
      type: string
      state?: string
      visit?: number
    }[]
    const moved = history
      .slice(at)
      .find(({ type }) => type === 'moved' || type === 'completed' || type === 'joined')
    const handler = moved?.from ?? moved?.state
    if (handler === undefined) return undefined
    const visit = history.slice(0, at).filter((event) => 'to' in event && event.to === handler).length
    return { handler, key: `drill/${handler}/${visit}` }
  }
}

/** What differs: how it came out, and apart from that what can be seen outside, so that neither crowds out the other. */
function compare(was: Lived, is: Lived, passed?: ReadonlySet<string>): readonly Difference[] {
  return [
    ...differences(was.outcome, is.outcome, passed),
    ...differences({ effects: was.effects }, { effects: is.effects }, passed),
  ]
}
