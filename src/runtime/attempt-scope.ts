import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import type { Family, Recorded, Scope } from '../definition/scope.ts'
import type { RunInfo } from '../definition/shape.ts'
import type { EarlyNote, LateNote, Note } from '../model/history.ts'
import type { Spent } from '../model/model-call.ts'
import type { Redaction } from '../model/redaction.ts'
import { joinKey } from '../model/identifier.ts'
import { earlyText } from '../store/saved-record.ts'
import { Meanwhile } from './meanwhile.ts'
import { TextStream } from './text-stream.ts'
import type { ContextParts } from './attempt-parts.ts'

/** What a bound resource is given of an attempt. */
export class AttemptScope implements Scope {
  readonly #parts: ContextParts
  readonly run: RunInfo
  readonly session: string
  declare readonly tenant?: string
  #redaction: { readonly of: Redaction | undefined } | undefined

  constructor(parts: ContextParts, run: RunInfo) {
    this.#parts = parts
    this.run = run
    this.session = parts.run.session
    const { tenant } = parts.run.startedBy ?? {}
    if (tenant !== undefined) this.tenant = tenant
  }

  get spent(): Spent {
    return this.#parts.memos.spent()
  }

  get family(): Family {
    const { run, memos } = this.#parts
    return { run: run.parent?.top ?? run.parent?.run ?? run.id, spent: memos.familySpent() }
  }

  async record<T>(key: string, make: () => Promise<Recorded<T>>, early?: () => EarlyNote): Promise<T> {
    const { memos, life } = this.#parts
    let saved = memos.recall(key)
    if (!saved) {
      if (!life.alive) throw attemptOver(key, this.run)
      const text = early && new Meanwhile(() => earlyText(this.#redacted(early()), key))
      const { value, note } = await make()
      const result = { value, note: note && this.#noted(note), early: text?.value }
      if (life.alive) saved = await memos.record(key, result)
      if (!saved) throw attemptOver(key, this.run)
    }
    return saved.value as T
  }

  stream(key: string) {
    const { memos, life, host } = this.#parts
    const write = async (text: string, whole: boolean): Promise<unknown> =>
      life.alive && memos.stream(key, text, whole)
    const stream = new TextStream(write, () => host.now())
    const part = this.run.part === undefined ? [] : [`/${this.run.part}`]
    const name = [...part.map((name) => joinKey(name)), `~${joinKey(key)}`].join('/')
    return { push: (piece: string) => stream.push(piece), end: (text: string) => stream.end(text), name }
  }

  tell(note: Note): void {
    const { kept, life } = this.#parts
    if (life.alive) kept.log.push(this.#noted(note))
  }

  #noted<N extends Note | LateNote>(note: N): N {
    const { part } = this.run
    return this.#redacted(part === undefined ? note : { ...note, part })
  }

  #redacted<T extends object>(note: T): T {
    this.#redaction ??= { of: this.#parts.noteRedaction() }
    return (this.#redaction.of?.value(note) as T | undefined) ?? note
  }
}

/** A result that comes too late, or is asked for too late. */
export function attemptOver(key: string, { idempotencyKey }: RunInfo): StepwrightError {
  return new StepwrightError('attempt-over', {
    what: `memo ${quote(key)} of ${idempotencyKey} was asked for after its attempt had ended`,
    remedy: 'Stop the handler when run.signal fires',
  })
}
