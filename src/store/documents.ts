import type { HistoryEvent } from '../model/history.ts'
import type { Run } from '../model/run.ts'
import { PieceShelf } from './piece-shelf.ts'
import { RunDocument, type DocumentParts } from './run-document.ts'
import { plainSeal, type Seal } from './seal.ts'
import { readHistory } from './segment.ts'
import type { Row, Store } from './store.ts'
import { readStored, type StoredRun } from './stored-run.ts'
import { isTombstone } from './tombstone.ts'

/** The run documents of a store. */
export class Documents {
  /** @internal */
  readonly parts: DocumentParts

  constructor(store: Store, newId: () => string, seal: Seal = plainSeal) {
    this.parts = { store, newId, seal }
  }

  /** The same documents through another way to their store. */
  over(store: Store): Documents {
    return new Documents(store, this.parts.newId, this.parts.seal)
  }

  /** A run that is not stored yet; its first commit creates it. */
  create(run: Run): RunDocument {
    return RunDocument.create(this.parts, run)
  }

  /** The stored run with its data, or `undefined` where there is none; `known`: its row, read before. Throws `corrupt-document`, `store-newer`, `key-missing`. */
  async load(id: string, known?: Row): Promise<RunDocument | undefined> {
    const row = known ?? (await this.#row(id))
    return row && RunDocument.load(this.parts, id, row)
  }

  /** The document as it is stored, its values still encoded. */
  async find(id: string): Promise<StoredRun | undefined> {
    const row = await this.#row(id)
    return row && this.read(id, row)
  }

  /** One that is being removed is there no more. */
  async #row(id: string): Promise<Row | undefined> {
    const [row] = await this.parts.store.get('run', [id])
    return row && !isTombstone(row) ? row : undefined
  }

  /** Reads and checks one row. */
  read(id: string, row: Row): StoredRun {
    return readStored(id, row, this.parts.seal)
  }

  /** The history of a stored run after entry number `after`, decoded. */
  async events(stored: StoredRun, after: number): Promise<readonly HistoryEvent[]> {
    const { store, seal } = this.parts
    const entries = await readHistory(store, seal, stored, after)
    return (await new PieceShelf(() => '').decode(entries, store)) as readonly HistoryEvent[]
  }
}
