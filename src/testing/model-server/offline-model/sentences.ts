import { overlap, stemsOf, wordsOf } from './words.ts'

/** A sentence of a document, with what is needed to rank it. */
export interface Sentence {
  readonly text: string
  /** Its place in the document. */
  readonly index: number
  readonly stems: ReadonlySet<string>
  /** 0 to 1: how frequent its words are in the whole document, and how near it is to the start. */
  readonly weight: number
}

const segmenter = new Intl.Segmenter('en', { granularity: 'sentence' })
const ABBREVIATION = /(?:^|[\s(])(?:Dr|Mr|Mrs|Ms|Prof|St|No|vs|cf|approx|e\.g|i\.e|\p{Lu})\.\s*$/u
const MARKUP = /^\s*(?:[-*+•>]|#{1,6}|\d+[.)])\s+/

/**
 * The sentences of a text. A line ends a sentence, unless the next one starts in lower case (wrapped text); list
 * marks and headings' `#` are dropped.
 */
export function splitSentences(text: string): readonly string[] {
  const sentences: string[] = []
  let pending = ''
  const unwrapped = text.replace(/[^\S\n]+/g, ' ').replace(/ ?\n ?(?=\p{Ll})/gu, ' ')
  for (const { segment } of segmenter.segment(unwrapped)) {
    pending += segment
    if (ABBREVIATION.test(pending.slice(-10))) continue
    sentences.push(pending)
    pending = ''
  }
  return [...sentences, pending]
    .map((sentence) => sentence.replace(MARKUP, '').replace(/\s+/g, ' ').trim())
    .filter((sentence) => /[\p{L}\p{N}]/u.test(sentence))
}

/** The sentences of a document, ready for ranking; a sentence that comes twice is kept once. */
export function readSentences(document: string): readonly Sentence[] {
  const counts = new Map<string, number>()
  for (const stem of stemsOf(document)) counts.set(stem, (counts.get(stem) ?? 0) + 1)
  const most = counts.values().reduce((a, b) => Math.max(a, b), 1)
  return [...new Set(splitSentences(document))].map((text, index) => {
    const stems = new Set(stemsOf(text))
    const sum = stems.values().reduce((total, stem) => total + (counts.get(stem) ?? 0) / most, 0)
    return { text, index, stems, weight: sum / (2 * Math.max(1, stems.size)) + 0.5 / (1 + index) }
  })
}

/** How well a sentence fits the words asked for; fragments of one or two words come last. */
export function scoreOf(sentence: Sentence, stems: ReadonlySet<string>): number {
  return 2 * overlap(stems, sentence.stems) + sentence.weight - (wordsOf(sentence.text).length < 3 ? 1 : 0)
}

/** Sentences by how well they fit the words asked for, best first; equals keep the document's order. */
export function rank(sentences: readonly Sentence[], stems: ReadonlySet<string>): readonly Sentence[] {
  const scores = new Map(sentences.map((sentence) => [sentence, scoreOf(sentence, stems)]))
  return sentences.toSorted((a, b) => (scores.get(b) ?? 0) - (scores.get(a) ?? 0) || a.index - b.index)
}
