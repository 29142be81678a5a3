import type { Prompt } from './prompt.ts'
import { readSize } from './answer.ts'
import type { Sentence } from './sentences.ts'
import { rank, readSentences } from './sentences.ts'
import { cutWords, hash, stemsOf, topicOf } from './words.ts'

/** The document as a supply of values: each sentence is handed out once before any comes again. */
export class Source {
  readonly document: string
  readonly instruction: string
  readonly sentences: readonly Sentence[]
  readonly #names: readonly string[]
  readonly #counts = new Map<string, number>()
  readonly #used = new Set<string>()

  constructor({ document, instruction, names = [] }: Prompt) {
    this.#names = names
    this.document = document || instruction
    this.instruction = instruction
    this.sentences = readSentences(this.document)
    for (const stem of stemsOf(this.document)) this.#counts.set(stem, (this.#counts.get(stem) ?? 0) + 1)
  }

  /** A stable number for a place in the answer: it changes with the document. */
  hash(place: string): number {
    return hash(`${place}\n${this.document}`)
  }

  /** How often the words of a text come in the document. */
  frequency(text: string): number {
    return stemsOf(text).reduce((sum, stem) => sum + (this.#counts.get(stem) ?? 0), 0)
  }

  /** The sentences, closest to the topic first. */
  closest(topic: string): readonly Sentence[] {
    return rank(this.sentences, topicOf(topic))
  }

  /** The next name, or sentence about a topic, no longer than the request asks for; empty if there are none. */
  sentence(topic: string): string {
    const texts = [...this.#names, ...this.closest(topic).map(({ text }) => text)]
    const { words, concise } = readSize(`${this.instruction} ${topic}`)
    return cutWords(this.next('sentence', texts) ?? '', words ?? (concise ? 25 : Infinity))
  }

  /** The first of some values that was not handed out yet under this kind; once all were, they start again. */
  next(kind: string, values: readonly string[]): string | undefined {
    const keyOf = (value: string): string => `${kind}:${value}`
    if (values.every((value) => this.#used.has(keyOf(value)))) {
      for (const value of values) this.#used.delete(keyOf(value))
    }
    const value = values.find((candidate) => !this.#used.has(keyOf(candidate)))
    if (value !== undefined) this.#used.add(keyOf(value))
    return value
  }
}
