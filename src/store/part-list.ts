import { joinKey } from '../model/identifier.ts'
import type { LogLine, Note } from '../model/history.ts'
import type { Spent } from '../model/model-call.ts'
import { visitOf, type Run } from '../model/run.ts'
import type { Failure } from '../model/failure.ts'
import { decode, encode } from './codec.ts'
import { seal, unseal } from './sealed-row.ts'
import type { Batch, Put, Store } from './store.ts'

/** A branch, an item or a child of the state a run stands in, as far as something of it has to be kept. */
export interface Part {
  /** `open`: it has not begun; `retry`: it failed and will be tried again; `child`: its run was started. */
  readonly status: 'open' | 'retry' | 'child' | 'done' | 'failed'
  /** When this was written. Milliseconds. */
  readonly at: number
  /** Attempts that have ended. */
  readonly attempts?: number
  readonly retryAt?: number
  readonly result?: unknown
  readonly failure?: Failure
  /** Which catch edge of the state its error is for, by number. */
  readonly edge?: number
  readonly child?: string
  /** What the child run has cost, with child runs of its own. */
  readonly spent?: Spent
  /** The child was started by somebody else: it tells this run nothing, and is not cancelled with it. */
  readonly foreign?: boolean
  /** The item itself, where it does not follow from the state's data. */
  readonly item?: unknown
  /** It came from the stream, and was not added by another item. */
  readonly streamed?: boolean
  readonly priority?: number
  readonly undone?: boolean
  readonly log?: readonly (LogLine | Note)[]
}

/** The name of an item: its number, so that names sort as items do. */
export function itemName(index: number): string {
  return String(index).padStart(7, '0')
}

/** What is kept of the parts of one visit. */
export class PartList {
  readonly #prefix: string

  constructor(run: Pick<Run, 'id' | 'state' | 'visits'>) {
    this.#prefix = `${joinKey(run.id, run.state, String(visitOf(run)))}/`
  }

  /** By name, in the order of their names. */
  async load(store: Store): Promise<Map<string, Part>> {
    const parts = new Map<string, Part>()
    for (let after: string | undefined; ;) {
      const range = {
        prefix: this.#prefix,
        limit: 1_000,
        values: true,
        ...(after === undefined ? {} : { after }),
      }
      const page = await store.list('part', range)
      for (const { key, value } of page)
        parts.set(
          decodeURIComponent(key.slice(this.#prefix.length)),
          decode(unseal(value, `Part ${key}`)) as Part,
        )
      if (page.length < 1_000) return parts
      after = page.at(-1)?.key
    }
  }

  /** Lets a part begin anew: it is forgotten, but for an item that does not follow from the state's data. */
  anew(name: string, { at, streamed, priority, ...part }: Part): Pick<Batch, 'put' | 'delete'> {
    if (!('item' in part)) return { delete: [{ collection: 'part', key: this.#prefix + joinKey(name) }] }
    const kept = { ...(streamed ? { streamed } : {}), ...(priority === undefined ? {} : { priority }) }
    return { put: [this.put(name, { status: 'open', at, item: part.item, ...kept }).put] }
  }

  /** A part as it will be read, and the write that keeps it. Throws `not-storable`, with the path. */
  put(name: string, part: Part): { readonly part: Part; readonly put: Put } {
    const text = seal(encode(part, `part ${JSON.stringify(name)}`))
    return { part, put: { collection: 'part', key: this.#prefix + joinKey(name), value: text } }
  }
}
