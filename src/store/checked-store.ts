/**
 * A foreign store, looked at: every wait is bounded, and every answer is checked before the engine believes it.
 *
 * I7 A store that hangs, or answers with something that is no answer, is an error, never "no such run".
 */
import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import { formatMs } from '../model/duration.ts'
import type { Host } from '../model/host.ts'
import type { Batch, Collection, Entry, Range, Row, Store, StoredRow } from './store.ts'

/** Ours check themselves; this is for Keyv adapters and for stores that users write. */
export class CheckedStore implements Store {
  readonly name: string
  readonly shared: boolean
  readonly snapshots: boolean
  readonly #inner: Store
  readonly #host: Pick<Host, 'now' | 'alarm'>
  readonly #timeoutMs: number

  constructor(inner: Store, host: Pick<Host, 'now' | 'alarm'>, timeoutMs: number) {
    this.name = inner.name
    this.shared = inner.shared
    this.snapshots = inner.snapshots
    this.#inner = inner
    this.#host = host
    this.#timeoutMs = timeoutMs
  }

  async open(): Promise<readonly string[]> {
    const warnings = await this.#ask('open', () => this.#inner.open())
    return isListOf(warnings, isText) ? warnings : this.#refuse('open', warnings, 'a list of warnings')
  }

  async get(collection: Collection, keys: readonly string[]): Promise<readonly (Row | undefined)[]> {
    const rows = await this.#ask('get', () => this.#inner.get(collection, keys))
    return isListOf(rows, isRowOrAbsent) && rows.length === keys.length
      ? rows
      : this.#refuse('get', rows, `${keys.length} rows, with undefined for each that is not there`)
  }

  async write(batch: Batch): Promise<boolean> {
    const done = await this.#ask('write', () => this.#inner.write(batch))
    const may = conditional(batch)
    if (done === true || (done === false && may)) return done
    return this.#refuse('write', done, may ? 'true or false' : 'true: it has no condition that could fail')
  }

  async list(collection: Collection, range: Range): Promise<readonly Entry[]> {
    const entries = await this.#ask('list', () => this.#inner.list(collection, range))
    const fits = isListOf(entries, (entry): entry is Entry => isEntry(entry, range))
    return fits && entries.length <= range.limit
      ? entries
      : this.#refuse('list', entries, 'at most as many entries of the range as were asked for')
  }

  get crowded(): boolean {
    return this.#inner.crowded === true
  }

  rows(): AsyncIterable<readonly StoredRow[]> {
    return this.#inner.rows()
  }

  async restore(rows: readonly StoredRow[]): Promise<void> {
    await this.#ask('restore', () => this.#inner.restore(rows))
  }

  async close(): Promise<void> {
    await this.#ask('close', () => this.#inner.close())
  }

  async #ask(verb: string, work: () => unknown): Promise<unknown> {
    let cancel: (() => void) | undefined
    const limit = new Promise<never>((_, reject) => {
      cancel = this.#host.alarm(this.#host.now() + this.#timeoutMs, () =>
        reject(this.#unavailable(`did not answer to ${verb} within ${formatMs(this.#timeoutMs)}`)),
      )
    })
    try {
      return await Promise.race([work(), limit])
    } catch (error) {
      if (error instanceof StepwrightError) throw error
      const said = error instanceof Error ? error.message : quote(error)
      throw this.#unavailable(`failed to ${verb}: ${said}`, error)
    } finally {
      cancel?.()
    }
  }

  #refuse(verb: string, answer: unknown, instead: string): never {
    throw this.#unavailable(`answered ${quote(answer)} to ${verb} instead of ${instead}`)
  }

  #unavailable(said: string, cause?: unknown): StepwrightError {
    return new StepwrightError('store-unavailable', {
      what: `${this.name} ${said}`,
      remedy: 'See what ails the store; runs go on as soon as it answers',
      cause,
      details: { store: this.name },
    })
  }
}

function isListOf<T>(value: unknown, is: (item: unknown) => item is T): value is readonly T[] {
  if (!Array.isArray(value)) return false
  for (let i = 0; i < value.length; i++) if (!is(value[i])) return false // `every` would pass over holes
  return true
}

function conditional({ put = [], delete: gone = [], check = [] }: Batch): boolean {
  return check.length > 0 || put.some(({ expect }) => expect !== undefined) || gone.some(({ must }) => must)
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function isRowOrAbsent(value: unknown): value is Row | undefined {
  if (value === undefined) return true
  const { revision, value: text } = (value ?? {}) as Partial<Row>
  return Number.isSafeInteger(revision) && (revision as number) > 0 && isText(text)
}

function isEntry(entry: unknown, { prefix = '', values = false, tag }: Range): entry is Entry {
  const { key, tag: own, value } = (entry ?? {}) as Partial<Entry>
  if (!isText(key) || (own !== undefined && !isText(own)) || (values && !isText(value))) return false
  return tag === undefined ? key.startsWith(prefix) : isText(own) && own.startsWith(tag)
}
