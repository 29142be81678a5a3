import type { Prompt } from './prompt.ts'
import { asksYesOrNo } from './prompt.ts'
import type { Sentence } from './sentences.ts'
import { rank, readSentences, scoreOf } from './sentences.ts'
import { cutWords, keyWords, overlap, stemsOf, topicOf, wordsOf } from './words.ts'

/** Texts shorter than this many words are concise. */
const CONCISE_BELOW = 30
const NUMBER_WORDS = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten']

/** How long an answer is to be. */
export interface AnswerSize {
  readonly sentences: number | undefined
  readonly words: number | undefined
  readonly concise: boolean
}

/** Answers in plain text with the document's own sentences; the same prompt always gets the same answer. */
export function answerText(prompt: Prompt): string {
  const { document, question, instruction } = prompt
  if (asksYesOrNo(instruction)) return decide(question || instruction, document) ? 'yes' : 'no'
  const sentences = readSentences(document)
  if (sentences.length === 0) return keyWords(question || instruction, 5).join(', ') || 'nothing to answer'
  const stems = topicOf(question)
  const size = readSize(instruction)
  const limit = size.words ?? (size.concise ? CONCISE_BELOW - 5 : Infinity)
  const text = choose(rank(sentences, stems), stems, size)
    .toSorted((a, b) => a.index - b.index)
    .map((sentence) => sentence.text)
    .join(' ')
  return cutWords(text, limit)
}

/**
 * Decides a yes-or-no question. About concision: whether the document is under 30 words. Otherwise: whether at
 * least half of the question's words are in the document.
 */
export function decide(question: string, document: string): boolean {
  if (/\bconcise(?:ly)?\b/i.test(question)) return wordsOf(document || question).length < CONCISE_BELOW
  const asked = topicOf(question.replace(/\byes\b/gi, ' ')) // no is too common a word to be in there
  return asked.size > 0 && overlap(asked, new Set(stemsOf(document))) >= asked.size / 2
}

/** Reads size requests such as "in one sentence", "2 sentences", "under 20 words" and "concise". */
export function readSize(instruction: string): AnswerSize {
  const text = instruction.toLowerCase()
  const count = (found: string | undefined): number | undefined => {
    if (found === undefined) return undefined
    const word = NUMBER_WORDS.indexOf(found)
    return Math.max(1, found === 'single' ? 1 : word >= 0 ? word : Number(found))
  }
  const numeral = `(\\d{1,4}|single|${NUMBER_WORDS.join('|')})`
  const sentences = new RegExp(`\\b${numeral}(?: [a-z]+)?[ -]sentences?\\b`).exec(text)?.[1]
  const words = new RegExp(`(under |below |fewer than |less than )?\\b${numeral}[ -]words?\\b`).exec(text)
  const most = count(words?.[2])
  return {
    sentences: count(sentences),
    words: most === undefined ? undefined : Math.max(1, words?.[1] === undefined ? most : most - 1),
    concise: /\b(?:concise(?:ly)?|briefly|brief|short(?:er)?|shorten)\b/.test(text),
  }
}

/** From ranked sentences to those that are said. */
function choose(
  ranked: readonly Sentence[],
  stems: ReadonlySet<string>,
  size: AnswerSize,
): readonly Sentence[] {
  if (size.sentences !== undefined) return ranked.slice(0, size.sentences)
  if (size.words !== undefined) return fill(ranked, size.words)
  if (size.concise) return shortest(ranked.slice(0, 3))
  const [first, ...others] = ranked.slice(0, 3)
  if (first === undefined) return []
  return [first, ...others.filter((sentence) => scoreOf(sentence, stems) >= scoreOf(first, stems) / 2)]
}

/** As many of the best as fit into `words`, but always the first. */
function fill(ranked: readonly Sentence[], words: number): readonly Sentence[] {
  let left = words
  return ranked.filter(({ text }, place) => {
    const length = text.split(' ').length
    if (place > 0 && length > left) return false
    left -= length
    return true
  })
}

function shortest(sentences: readonly Sentence[]): readonly Sentence[] {
  const whole = sentences.filter(({ text }) => wordsOf(text).length >= 3)
  return (whole.length > 0 ? whole : sentences).toSorted((a, b) => a.text.length - b.text.length).slice(0, 1)
}
