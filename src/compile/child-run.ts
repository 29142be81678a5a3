import { createActor, fromPromise, toPromise, type AnyStateMachine } from 'xstate'
import { quote } from '../errors/stepwright-error.ts'
import type { ChildSpec, Definition } from '../definition/definition.ts'
import { readDefinition } from '../definition/read-definition.ts'
import { CancelledError, ChildError, toFailure } from '../model/failure.ts'
import { compile } from './machine.ts'
import { stateName } from './keys.ts'
import { keyOf, placeOf, type Handling, type Place, type ProjectionOptions } from './method-call.ts'

/** Makes a projection; handed in, since projections are made of child runs too. */
export type Project = (definition: Definition, options: ProjectionOptions) => AnyStateMachine

/** The name of the actor that runs a child. */
export function childActorName({ workflow }: ChildSpec): string {
  return `run ${readDefinition(workflow).name}`
}

/** Runs the projections of child workflows to their end, with the resources and the clock of their parent. */
export class ChildRuns {
  readonly #definition: Definition
  readonly #options: ProjectionOptions
  readonly #project: Project

  constructor(definition: Definition, { resources = {}, config }: ProjectionOptions, project: Project) {
    this.#definition = definition
    this.#options = { resources, config }
    this.#project = project
  }

  /** What a child run ended with. Throws ChildError where it failed. */
  async run({ workflow }: ChildSpec, input: unknown, id: string, place: Place): Promise<object> {
    const definition = readDefinition(workflow)
    const actor = createActor(this.#project(definition, this.#options), { id, input, clock: place.clock })
    const ended = toPromise(actor)
    const stop = (): void => void actor.stop()
    place.signal.addEventListener('abort', stop)
    try {
      actor.start()
      const data: unknown = await ended
      const { status, value } = actor.getSnapshot() as { status: string; value: unknown }
      if (status !== 'done') throw new CancelledError(`the child run ${quote(id)} was stopped`)
      return { state: compile(definition).state(stateName(String(value))).member, data }
    } catch (error) {
      throw place.signal.aborted ? error : new ChildError(id, 'failed', toFailure(error))
    } finally {
      place.signal.removeEventListener('abort', stop)
    }
  }

  /** The actor of a child state: ends with what the child ended with. */
  get actor() {
    return fromPromise<object, Handling>(({ input, self, signal }) => {
      const state = compile(this.#definition).state(input.state)
      if (state.kind !== 'child') throw new TypeError(`${quote(state.name)} has no child run`)
      const place = placeOf(self, signal)
      const id = childIdOf(state.childId, input, place)
      return this.run(state.child, state.child.input(input.data), id, place)
    })
  }
}

/** The id of a child run: as declared, or that of the visit. */
export function childIdOf(
  declared: ((input: unknown) => string) | undefined,
  handling: Handling,
  place: Place,
  part?: string,
): string {
  return declared ? declared(handling.data) : keyOf(place, handling, part)
}
