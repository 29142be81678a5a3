import type { Definition } from '../../definition/definition.ts'
import type { Heat } from './marks.ts'
import type { Tally } from './tally.ts'

/** What a drawing shows besides the definition. */
export interface DrawingOptions {
  /** By the names of states, what is said of those without a `description`: doc comments of their methods, say. */
  readonly descriptions?: ReadonlyMap<string, string>
  /** What runs have done, as {@link tallyOf} counts it: it is marked. */
  readonly tally?: Tally
  /** Whose tally that is, for the heading: `run article-7`. Default: how many runs. */
  readonly whose?: string
  /** What of the tally colours the states. Default: nothing. */
  readonly heat?: Heat
}

/** A definition whose states say what the options say of them. */
export function described(definition: Definition, { descriptions }: DrawingOptions): Definition {
  if (!descriptions) return definition
  const states = [...definition.states].map(([name, state]) => {
    const description = state.description ?? descriptions.get(name)
    return [name, { ...state, description }] as const
  })
  return { ...definition, states: new Map(states) }
}
