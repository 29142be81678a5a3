import { createHash } from 'node:crypto'
import { hashOf } from '../request-hash.ts'
import type { Clock } from '../limits/clock.ts'
import type { Answer, Asked } from '../asked.ts'

/** Where answers are kept. Any Keyv is one. */
export interface AnswerStore {
  get(key: string): unknown
  set(key: string, value: string, ttl?: number): unknown
}

/** The same for the same question to the same model, however its keys are ordered; `apart` is what else tells answers from each other. */
export function questionKey(model: string, ask: Asked, apart: object = {}): string {
  return hashOf([model, ask, apart])
}

/** The answers used last, in memory. */
export class RecentAnswers implements AnswerStore {
  readonly #most: number
  readonly #answers = new Map<string, string>()

  constructor(most: number) {
    this.#most = most
  }

  get(key: string): string | undefined {
    const value = this.#answers.get(key)
    if (value !== undefined) this.set(key, value)
    return value
  }

  set(key: string, value: string): void {
    this.#answers.delete(key)
    this.#answers.set(key, value)
    for (const oldest of this.#answers.keys()) {
      if (this.#answers.size <= this.#most) break
      this.#answers.delete(oldest)
    }
  }
}

/**
 * Answers by question, for a time. An entry is `digest until answer`: one that was cut off or changed, or lies under
 * another question's key, does not fit its digest and counts as absent, as does one that the store cannot give.
 */
export class AnswerCache {
  readonly #store: AnswerStore
  readonly #ttlMs: number
  readonly #clock: Pick<Clock, 'now'>

  constructor(store: AnswerStore, ttlMs: number, clock: Pick<Clock, 'now'>) {
    this.#store = store
    this.#ttlMs = ttlMs
    this.#clock = clock
  }

  async get(key: string): Promise<Answer | undefined> {
    try {
      const entry = await this.#store.get(key)
      if (typeof entry !== 'string') return undefined
      const [, digest, until, text = ''] = /^(\w{64}) (\d+) (.*)$/s.exec(entry) ?? []
      if (digest !== digestOf(key, until, text) || Number(until) <= this.#clock.now()) return undefined
      return JSON.parse(text) as Answer
    } catch {
      return undefined
    }
  }

  /** The answer is there whether it could be kept or not. */
  async set(key: string, answer: Answer): Promise<void> {
    const until = String(this.#clock.now() + this.#ttlMs)
    const text = JSON.stringify(answer)
    try {
      await this.#store.set(key, `${digestOf(key, until, text)} ${until} ${text}`, this.#ttlMs)
    } catch {
      // the next call asks the model
    }
  }
}

function digestOf(key: string, until: string | undefined, text: string): string {
  return createHash('sha256').update(`${key} ${until} ${text}`).digest('hex')
}
