import type { HistoryEvent } from '../model/history.ts'
import { MASK } from '../model/masking.ts'
import type { Run } from '../model/run.ts'
import type { Library } from '../runtime/library.ts'
import type { Store } from '../store/store.ts'
import { Masking } from './masking.ts'
import { readPublished } from './publication.ts'

type Holding = Pick<Run, 'workflow' | 'version' | 'state' | 'data' | 'vars'>

/**
 * Masks what runs of versions that are not loaded hold, by the marks that those versions have published in the store:
 * the code that is loaded knows its own marks only.
 */
export class VersionMasks {
  readonly #library: Library
  readonly #store: Store
  readonly #maskings = new Map<string, Promise<Masking>>()

  constructor(library: Library, store: Store) {
    this.#library = library
    this.#store = store
  }

  /** A run as it may be shown with the marks that are loaded. */
  async run<R extends Holding>(run: R): Promise<R> {
    const masking = await this.#of(run)
    if (!masking) return run
    return { ...run, data: masking.at(run.state, run.data), vars: masking.at('vars', run.vars) }
  }

  /** An entry of its history likewise. */
  async event(run: Holding, event: HistoryEvent): Promise<HistoryEvent> {
    const masking = await this.#of(run)
    if (!masking) return event
    const masked = masking.event(event)
    if (masking.isEmpty) return masked
    // what an error or a log line says may quote a marked field
    if (masked.type === 'log') return { ...masked, message: MASK, fields: undefined }
    return 'failure' in masked && masked.failure
      ? ({ ...masked, failure: { ...masked.failure, message: MASK } } as HistoryEvent)
      : masked
  }

  /** The same where nothing can be waited for: all of it is masked. */
  blank<R extends Holding>(run: R): R {
    return this.#isLoaded(run) ? run : { ...run, data: MASK, vars: MASK }
  }

  #isLoaded(run: Holding): boolean {
    return this.#library.of(run)?.machine.definition.version === run.version
  }

  async #of(run: Holding): Promise<Masking | undefined> {
    if (this.#isLoaded(run)) return undefined
    const { workflow, version } = run
    const key = `${version} ${workflow}`
    const masking =
      this.#maskings.get(key) ??
      readPublished(this.#store, workflow, version).then((published) => new Masking(published?.marks ?? []))
    this.#maskings.set(key, masking)
    return masking
  }
}
