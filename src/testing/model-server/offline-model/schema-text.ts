import { writePattern } from './pattern.ts'
import type { SchemaNode } from './schema-node.ts'
import { numberAt, textAt } from './schema-node.ts'
import type { Source } from './source.ts'
import { cutChars, keyWords } from './words.ts'

/** No string is made longer than this to satisfy a `minLength`. */
const LONGEST = 100_000
const DAY_MS = 86_400_000

/**
 * A string for a schema: a sentence of the document about the topic, or a value of the schema's `format` or
 * `pattern`. Undefined if none was found that fits.
 */
export function writeString(
  node: SchemaNode,
  topic: string,
  place: string,
  source: Source,
): string | undefined {
  const least = numberAt(node, 'minLength') ?? 0
  const most = numberAt(node, 'maxLength') ?? Infinity
  const pattern = textAt(node, 'pattern')
  if (least > Math.min(most, LONGEST)) return undefined
  const fits = stringTest(node)
  const format = textAt(node, 'format')
  const values = formats.get(format ?? '')?.(source, source.hash(place)) ?? []
  const formatted = source.next(`format ${format}`, values.filter(fits))
  if (formatted !== undefined) return formatted
  if (pattern === undefined) return lengthen(source.sentence(topic), source, least, most)
  const words = source.document.split(/\s+/).map((word) => word.replace(/^["'(]+|[.,;:!?"')]+$/g, ''))
  for (const text of [source.sentence(topic), ...keyWords(source.document, 10), ...words]) {
    const candidate = cutChars(text, most)
    if (fits(candidate)) return candidate
  }
  for (let extra = 0; extra <= Math.min(1024, 2 * least + 8); extra = extra < 8 ? extra + 1 : extra * 2) {
    const text = writePattern(pattern, extra, `${source.hash(place)}`)
    if (text !== undefined && fits(text)) return text
  }
  return undefined
}

/** Whether a text keeps to a schema's `minLength`, `maxLength` and `pattern`. */
export function stringTest(node: SchemaNode): (text: string) => boolean {
  const least = numberAt(node, 'minLength') ?? 0
  const most = numberAt(node, 'maxLength') ?? Infinity
  const test = compile(textAt(node, 'pattern') ?? '')
  return (text) => text.length <= most && [...text].length >= least && (test?.test(text) ?? true)
}

function compile(pattern: string): RegExp | undefined {
  for (const flags of ['u', '']) {
    try {
      return new RegExp(pattern, flags)
    } catch {
      continue // not a pattern under these flags
    }
  }
  return undefined
}

/** Brings a sentence to between `least` and `most` characters, with the document's next words and then dots. */
function lengthen(sentence: string, source: Source, least: number, most: number): string {
  // JSON Schema counts code points and JavaScript counts UTF-16 units; without pairs both agree.
  const plain = (text: string): string =>
    most === Infinity ? text : text.replace(/[\u{10000}-\u{10ffff}]/gu, '')
  let text = plain(sentence)
  for (const { text: more } of source.sentences) {
    if ([...text].length >= least) break
    if (more !== sentence) text = `${text} ${plain(more)}`.trim()
  }
  const cut = cutChars(text, most)
  return cut + '.'.repeat(Math.max(0, least - [...cut].length))
}

type Format = (source: Source, seed: number) => readonly string[]

/** Values of a format, those found in the document first; invented ones use names reserved for examples. */
const formats: ReadonlyMap<string, Format> = new Map<string, Format>([
  [
    'email',
    (source) => [
      ...found(source, /[a-z0-9._+-]{1,64}@[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}/gi),
      ...plainWords(source).map((word) => `${word}@example.com`),
    ],
  ],
  [
    'uri',
    (source) => [
      ...found(source, /https?:\/\/[^\s<>"'`)\]}]+/g)
        .map((url) => url.replace(/[.,;:!?]+$/, ''))
        .filter((url) => URL.canParse(url)),
      ...plainWords(source).map((word) => `https://example.com/${word}`),
    ],
  ],
  ['hostname', (source) => plainWords(source).map((word) => `${word}.example`)],
  [
    'date',
    (source, seed) => [...found(source, /\b\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])\b/g), dateOf(seed)],
  ],
  [
    'date-time',
    (_source, seed) => [`${dateOf(seed)}T${timeOf(seed)}Z`, `${dateOf(seed)}T${timeOf(seed)}.000Z`],
  ],
  ['time', (_source, seed) => [timeOf(seed), `${timeOf(seed)}Z`]],
  ['duration', (_source, seed) => [`P${(seed % 30) + 1}D`]],
  ['uuid', (source, seed) => [...'4716358'].map((version) => uuidOf(source, seed, version))],
  ['ipv4', (_source, seed) => [`192.0.2.${seed % 255}`]],
  ['ipv6', (_source, seed) => [`2001:db8::${(seed % 0xffff).toString(16)}`]],
])

function found(source: Source, expression: RegExp): readonly string[] {
  return [...new Set(source.document.match(expression))]
}

/** Key words that can stand in an address; never none. */
function plainWords(source: Source): readonly string[] {
  return [...keyWords(source.document, 10).filter((word) => /^[a-z0-9]{1,30}$/.test(word)), 'someone']
}

/** A day from 2000 to 2027. */
function dateOf(seed: number): string {
  return new Date(Date.UTC(2000, 0, 1) + (seed % 10_000) * DAY_MS).toISOString().slice(0, 10)
}

function timeOf(seed: number): string {
  return new Date((seed % 86_400) * 1_000).toISOString().slice(11, 19)
}

function uuidOf(source: Source, seed: number, version: string): string {
  const hex = [0, 1, 2, 3]
    .map((part) => source.hash(`${seed},${part}`).toString(16).padStart(8, '0'))
    .join('')
  return hex.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, `$1-$2-${version}$3-a$4-$5`)
}
