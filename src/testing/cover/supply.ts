import { isChild, type Definition, type StateDefinition } from '../../definition/definition.ts'
import { readMove, type Move } from '../../definition/move.ts'
import { StepwrightError, quote } from '../../errors/stepwright-error.ts'
import type { Schema } from '../../model/schema.ts'
import { sampleOf } from '../stand-ins/sample.ts'
import type { Transition } from './transition.ts'

/** {@link CoverOptions} without their types. */
export interface Options {
  readonly input?: unknown
  readonly outcomes?: Readonly<Record<string, unknown>>
  readonly items?: Readonly<Record<string, unknown>>
  readonly branches?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly signals?: Readonly<Record<string, unknown>>
  readonly replies?: Readonly<Record<string, unknown>>
  readonly resources?: object
  readonly config?: object
}

/** Where the values of generated tests come from: what was given, or else the schemas. */
export class Supply {
  readonly #definition: Definition
  readonly #options: Options
  readonly #made = new Map<Schema, unknown>()

  constructor(definition: Definition, options: Options) {
    this.#definition = definition
    this.#options = options
  }

  isReal({ member }: StateDefinition): boolean {
    return this.#options.outcomes?.[member] === 'real'
  }

  input(): unknown {
    const { initial } = this.#definition
    return this.#options.input ?? this.#sample(this.#state(initial).schema, quote(initial), 'input: { ... }')
  }

  /** The move that takes a transition. */
  move(from: StateDefinition, to: string): Move {
    const given = this.#moves(from).find((move) => move.to === to)
    if (given) return given
    const how = `outcomes: { [${from.name}]: go(${to}, { ... }) }`
    return { to, data: this.#sample(this.#state(to).schema, quote(to), how), vars: undefined }
  }

  signal(name: string): unknown {
    const given = this.#options.signals?.[name]
    const schema = this.#definition.signals.get(name) as Schema
    return given ?? this.#sample(schema, `the signal ${quote(name)}`, `signals: { ${name}: { ... } }`)
  }

  reply(signal: string): { readonly value: unknown } | undefined {
    const schema = this.#definition.replies.get(signal)
    if (!schema) return undefined
    const given = this.#options.replies?.[signal]
    const what = `the reply to ${quote(signal)}`
    return { value: given ?? this.#sample(schema, what, `replies: { ${signal}: ... }`) }
  }

  /** What an item of a map comes to. */
  item(state: StateDefinition): unknown {
    const { member, name } = state
    if (state.kind !== 'map' || isChild(state.item)) return undefined
    const how = `items: { [${name}]: ... }`
    return this.#options.items?.[member] ?? this.#sample(state.item.schema, `an item of ${quote(name)}`, how)
  }

  branch(state: StateDefinition, name: string): unknown {
    const given = this.#options.branches?.[state.member]?.[name]
    const schema = state.kind === 'parallel' && state.branches.get(name)?.schema
    if (given !== undefined || !schema) return given
    const what = `the branch ${quote(name)} of ${quote(state.name)}`
    return this.#sample(schema, what, `branches: { [${state.name}]: { ${name}: ... } }`)
  }

  /** What of all that walks over these transitions need cannot be made. */
  problems(transitions: readonly Transition[]): readonly string[] {
    const { states } = this.#definition
    const problems = new Set<string>()
    const attempt = (make: () => unknown): void => {
      try {
        make()
      } catch (error) {
        if (!(error instanceof StepwrightError && error.code === 'not-coverable')) throw error
        for (const problem of error.details['problems'] as readonly string[]) problems.add(problem)
      }
    }
    attempt(() => this.input())
    for (const { from, to, exit } of transitions) {
      const state = this.#state(from)
      if ((exit.by === 'step' || exit.by === 'signal') && !this.isReal(state))
        attempt(() => this.move(state, to))
      if (exit.by === 'signal') attempt(() => [this.signal(exit.signal), this.reply(exit.signal)])
    }
    for (const state of states.values()) {
      if (this.isReal(state)) continue
      attempt(() => this.item(state))
      if (state.kind === 'parallel')
        for (const name of state.branches.keys()) attempt(() => this.branch(state, name))
      for (const { to } of this.#moves(state))
        if (!transitions.some((each) => each.from === state.name && each.to === to))
          problems.add(
            `outcomes has a move from ${quote(state.name)} to ${quote(to)}, and the chart has none`,
          )
    }
    return [...problems]
  }

  #moves(from: StateDefinition): readonly Move[] {
    const given = this.#options.outcomes?.[from.member]
    return [given].flat().flatMap((each) => readMove(each) ?? [])
  }

  #sample(schema: Schema, what: string, how: string): unknown {
    if (this.#made.has(schema)) return this.#made.get(schema)
    const sample = sampleOf(schema)
    if (!sample.ok)
      throw notCoverable(this.#definition, [`no value is found for ${what} (${sample.why}): give ${how}`])
    this.#made.set(schema, sample.value)
    return sample.value
  }

  #state(name: string): StateDefinition {
    return this.#definition.states.get(name) as StateDefinition
  }
}

/** The error for a workflow for which tests cannot be generated. */
export function notCoverable(
  { name }: Pick<Definition, 'name'>,
  problems: readonly string[],
): StepwrightError {
  return new StepwrightError('not-coverable', {
    what: `Tests for ${name} cannot be generated:\n${problems.map((problem) => `  - ${problem}`).join('\n')}\n`,
    remedy: 'Give what is missing in the options, or mend the workflow',
    details: { workflow: name, problems },
  })
}
