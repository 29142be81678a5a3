import { crc32 } from 'node:zlib'
import { StepwrightError } from '../errors/stepwright-error.ts'
import { PieceShelf } from './piece-shelf.ts'
import type { Put, Store } from './store.ts'

/** A session as it is stored: its state and the revision that a change must name. */
export class SessionDocument {
  readonly #shelf: PieceShelf
  readonly id: string
  readonly revision: number
  /** `undefined` where nothing was stored yet. */
  readonly state: unknown

  private constructor(shelf: PieceShelf, id: string, revision: number, state: unknown) {
    this.#shelf = shelf
    this.id = id
    this.revision = revision
    this.state = state
  }

  static async load(store: Store, id: string, newId: () => string): Promise<SessionDocument> {
    const shelf = new PieceShelf(newId)
    const [row] = await store.get('session', [id])
    if (!row) return new SessionDocument(shelf, id, 0, undefined)
    let parsed: { crc?: unknown; state?: unknown }
    try {
      parsed = JSON.parse(row.value) as typeof parsed
    } catch {
      parsed = {}
    }
    if (parsed.crc !== crc32(row.value.slice(row.value.indexOf(',') + 1))) {
      throw new StepwrightError('corrupt-document', {
        what: `The document of session ${JSON.stringify(id)} is damaged`,
        remedy: 'Restore it from a backup; other sessions are not affected',
        details: { session: id },
      })
    }
    return new SessionDocument(shelf, id, row.revision, await shelf.decode(parsed.state, store))
  }

  /** The writes that replace its state; refused by the store if another change came first. */
  replaced(state: unknown): readonly Put[] {
    const body = `"state":${JSON.stringify(this.#shelf.encode(state, 'session'))}}`
    const value = `{"crc":${crc32(body)},${body}`
    return [...this.#shelf.takeFresh(), { collection: 'session', key: this.id, value, expect: this.revision }]
  }
}
