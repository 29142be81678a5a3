import type { ChatMessage } from '../chat-message.ts'
import { splitSentences } from './sentences.ts'
import { spell } from './words.ts'

/** What the offline model reads out of the messages. */
export interface Prompt {
  /** The text to work on; empty if the messages hold nothing but a request. */
  readonly document: string
  /** What the last user message says besides the document. */
  readonly question: string
  /** The system messages and the question. */
  readonly instruction: string
  /** Names and quoted words in the request, taken for values before sentences are. */
  readonly names?: readonly string[]
}

interface Part {
  readonly document: string
  readonly rest: string
}

/** The last line of every plain text answer, so that no one takes it for a real model's. */
export const ANSWER_LABEL = '(offline model)'

/**
 * Finds the document and the request in a list of messages: the last user message, then earlier ones. What tools
 * have answered since then is the document.
 */
export function readPrompt(messages: readonly ChatMessage[]): Prompt {
  const system = messages.filter(({ role }) => role === 'system' || role === 'developer')
  const user = messages.filter(({ role }) => role === 'user')
  // an answer that comes back as a part of the next prompt is read without its label
  const parts = user.map(({ content }) => splitDocument(content.replaceAll(ANSWER_LABEL, ''))).reverse()
  const results = messages
    .slice(messages.findLastIndex(({ role }) => role === 'user') + 1)
    .filter(({ role }) => role === 'tool')
    .map(({ content }) => spellOut(content))
  const question = parts[0]?.rest || (results.length > 0 ? (parts[0]?.document ?? '') : '')
  return {
    document: results.join('\n') || (parts.find(({ document }) => document !== '')?.document ?? ''),
    question,
    instruction: [...system.map(({ content }) => content), question].join('\n').trim(),
  }
}

/** True if the request wants nothing but yes or no. */
export function asksYesOrNo(instruction: string): boolean {
  return /\byes\b\W{0,3}(?:\/|\bor\b)\W{0,3}no\b/i.test(instruction)
}

/** A result that is JSON, as words: `{"stars":5}` is read as `stars: 5`. */
function spellOut(result: string): string {
  const say = (value: unknown): string => {
    if (Array.isArray(value)) return value.map(say).join('; ')
    if (typeof value !== 'object' || value === null) return String(value)
    return Object.entries(value)
      .map(([name, inner]) => `${spell(name)}: ${say(inner)}`)
      .join(', ')
  }
  try {
    return say(JSON.parse(result))
  } catch {
    return result
  }
}

const FENCES = /"""([\s\S]+?)"""|```(?:[\w-]*\n)?([\s\S]+?)```/g
const DOCUMENT_LABEL = /^\W*(?:document|text|article|content|page|context|source|input|passage|draft)\W*:\W*/i
const QUESTION_LABEL = /^\W*(?:question|task|instructions?|query|request|goal)\W*:/i
const REQUEST = new RegExp(
  '^(?:please |now |then |you are |(?:answer|be|choose|classify|compare|create|decide|describe|draft|evaluate|' +
    'explain|extract|find|generate|give|improve|judge|keep|list|make|name|pick|rate|reply|respond|return|rewrite|' +
    'say|score|shorten|suggest|summari[sz]e|tell|translate|use|write(?! to))\\b)|\\?["\')]*$',
  'i',
)

/** The longest marked block is the document; without marks, what is not a question or a command is. */
function splitDocument(text: string): Part {
  const blocks = [...fenced(text), ...tagged(text)]
  const marked = longest(blocks.length > 0 ? blocks : labelled(text))
  if (marked === undefined) {
    const sentences = splitSentences(text)
    const requests = new Set(sentences.filter((sentence) => REQUEST.test(sentence) || asksYesOrNo(sentence)))
    const document = sentences.filter((sentence) => !requests.has(sentence)).join('\n')
    return { document, rest: [...requests].join('\n') }
  }
  const [start, end] = marked
  const document = text.slice(start, end).replace(/<\/?[a-z][\w-]*(?:\s[^<>]*)?>/gi, ' ')
  return { document: document.trim(), rest: `${text.slice(0, start)}\n${text.slice(end)}`.trim() }
}

type Range = readonly [start: number, end: number]

function longest(ranges: readonly Range[]): Range | undefined {
  return ranges.toSorted(([a, b], [c, d]) => d - c - (b - a))[0]
}

function fenced(text: string): readonly Range[] {
  return [...text.matchAll(FENCES)].map((match) => {
    const inner = match[1] ?? match[2] ?? ''
    const start = match.index + match[0].length - 3 - inner.length
    return [start, start + inner.length]
  })
}

/** `<page> … </page>`, outermost only. Searched by hand: a regular expression is slow on many unclosed tags. */
function tagged(text: string): readonly Range[] {
  const ranges: Range[] = []
  const unclosed = new Set<string>()
  let from = 0
  for (const match of text.matchAll(/<([a-z][\w-]*)(?:\s[^<>]*)?>/gi)) {
    const close = `</${match[1]}>`
    if (match.index < from || unclosed.has(close)) continue
    const start = match.index + match[0].length
    const end = text.indexOf(close, start)
    if (end < 0) unclosed.add(close)
    else if (/[\p{L}\p{N}]/u.test(text.slice(start, end))) ranges.push([start, end])
    if (end >= 0) from = end
  }
  return ranges
}

/** What follows `Document:` or, the first time, any other line that ends in a colon; up to the next such label. */
function labelled(text: string): readonly Range[] {
  const ranges: Range[] = []
  let start = -1
  let at = 0
  const close = (): void => {
    if (start >= 0 && text.slice(start, at).trim() !== '') ranges.push([start, at])
    start = -1
  }
  for (const line of text.split(/(?<=\n)/)) {
    const label = DOCUMENT_LABEL.exec(line)?.[0]
    if (label !== undefined || QUESTION_LABEL.test(line)) close()
    if (label !== undefined) start = at + label.length
    else if (start < 0 && ranges.length === 0 && /:\s*$/.test(line)) start = at + line.length
    at += line.length
  }
  close()
  return ranges
}
