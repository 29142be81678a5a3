import type { Definition } from '../../definition/definition.ts'
import type { AnyClass, Shape, ShapeOf } from '../../definition/shape.ts'
import { StepwrightError, quote } from '../../errors/stepwright-error.ts'

/** What a state takes at most, as far as its class does not say it. What is left out is 0; of `ms`, what timeouts allow. */
export interface Figures {
  readonly modelCalls?: number
  /** Input and output together. */
  readonly tokens?: number
  /** In whatever currency all figures are. */
  readonly cost?: number
  /** Milliseconds. */
  readonly ms?: number
  /**
   * `'call'` (default): one call of a handler, that is one attempt of the state, of a branch, of an item, or of a reminder;
   * multiplied by how many there can be. `'visit'`: all that happens in one visit, child runs excepted, such as the most that
   * recorded runs have taken; not multiplied.
   */
  readonly per?: 'call' | 'visit'
}

/** Figures by state. */
export type PerState<C extends AnyClass, D extends Shape = ShapeOf<C>> = {
  readonly [S in D['state']]?: Figures
}

/** Figures by the names of states. */
export type FiguresByState = ReadonlyMap<string, Figures>

/** @throws StepwrightError `invalid-options` for a state that there is not, or a figure that is not 0 or more. */
export function readFigures(
  { name, states }: Definition,
  given: Readonly<Record<string, Figures | undefined>>,
): FiguresByState {
  const read = new Map<string, Figures>()
  for (const [key, figures] of Object.entries(given)) {
    const state = [...states.values()].find(({ member }) => String(member) === key)
    if (!state)
      throw new StepwrightError('invalid-options', {
        what: `perState has ${quote(key)}, which is not a state of ${name}`,
        remedy: `Name one of ${[...states.keys()].map(quote).join(', ')}`,
      })
    for (const [what, figure] of Object.entries(figures ?? {}) as [string, unknown][])
      if (what !== 'per' && !(typeof figure === 'number' && figure >= 0))
        throw new StepwrightError('invalid-options', {
          what: `perState of ${quote(state.name)}: ${what} is ${quote(figure)}`,
          remedy: 'Give a number of 0 or more',
        })
    if (figures) read.set(state.name, figures)
  }
  return read
}
