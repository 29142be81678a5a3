import type { SchemaNode } from './schema-node.ts'
import { numberAt } from './schema-node.ts'
import type { Source } from './source.ts'
import { overlap, topicOf, wordsOf } from './words.ts'

/** Bounds as wide as these only say that the number fits a machine word. */
const WIDE = 2 ** 31 - 1
const NUMBER = /(?<![\p{L}\p{N}.])-?\d{1,3}(?:,\d{3})+(?:\.\d+)?|(?<![\p{L}\p{N}.])-?\d{1,15}(?:\.\d+)?/gu

/**
 * A number for a schema. Between two bounds: taken by a hash of the document and the place. Otherwise the number in
 * the document closest to the topic, or how many words the document has. Undefined if no number fits.
 */
export function writeNumber(
  node: SchemaNode,
  integer: boolean,
  topic: string,
  place: string,
  source: Source,
): number | undefined {
  const range = readRange(node, integer)
  const { low, high } = range
  const within = between(range, source.hash(place) / 2 ** 32)
  if (Math.abs(low) < WIDE && Math.abs(high) < WIDE) return within
  const stems = topicOf(topic)
  const nearest = source.sentences.toSorted((a, b) => overlap(stems, b.stems) - overlap(stems, a.stems))
  const stated = nearest.flatMap(({ text }) => text.match(NUMBER) ?? [])
  const numbers = [...stated.map((text) => Number(text.replaceAll(',', ''))), wordsOf(source.document).length]
  return numbers.find((number) => fits(range, number)) ?? within
}

interface Range {
  readonly low: number
  readonly high: number
  readonly aboveLow: boolean
  readonly belowHigh: boolean
  /** 0 for any real number. */
  readonly step: number
}

function readRange(node: SchemaNode, integer: boolean): Range {
  const [low, above] = [
    numberAt(node, 'minimum') ?? -Infinity,
    numberAt(node, 'exclusiveMinimum') ?? -Infinity,
  ]
  const [high, below] = [
    numberAt(node, 'maximum') ?? Infinity,
    numberAt(node, 'exclusiveMaximum') ?? Infinity,
  ]
  const multiple = numberAt(node, 'multipleOf') ?? 0
  return {
    low: Math.max(low, above),
    high: Math.min(high, below),
    aboveLow: above >= low && above > -Infinity,
    belowHigh: below <= high && below < Infinity,
    step: integer ? wholeMultiple(multiple) : multiple,
  }
}

/** The least whole multiple of a step, for integers that must also be multiples of 0.5. */
function wholeMultiple(step: number): number {
  if (step <= 0) return 1
  for (let times = 1; times <= 1_000; times++) {
    const product = exact(step * times, step)
    if (Number.isInteger(product)) return product
  }
  return step
}

function fits({ low, high, aboveLow, belowHigh, step }: Range, value: number): boolean {
  if (aboveLow ? value <= low : value < low) return false
  if (belowHigh ? value >= high : value > high) return false
  return step === 0 || exact(Math.round(value / step) * step, step) === value
}

/** The number a given part (0 to 1) of the way through a range. */
function between(range: Range, part: number): number | undefined {
  const { step } = range
  // A range that is open or absurdly wide is narrowed to a readable part of it.
  const low = range.low > -WIDE ? range.low : Math.min(0, range.high - 100 * (step || 1))
  const high = range.high < WIDE ? range.high : Math.max(low, 0) + 100 * (step || 1)
  const middle = low + (high - low) * part
  const candidates = step === 0 ? [Math.round(middle * 100) / 100, middle] : []
  if (step > 0) {
    const [first, last] = [Math.ceil(low / step), Math.floor(high / step)]
    const drawn = first + Math.floor((last - first + 1) * part)
    for (const k of [drawn, drawn - 1, drawn + 1, first, last]) candidates.push(exact(k * step, step))
  }
  return [...candidates, (low + high) / 2, low, high].find(
    (value) => fits(range, value) && Number.isFinite(value),
  )
}

/** 3 * 0.1 as 0.3: rounded to the decimals of the step. */
function exact(value: number, step: number): number {
  const [, decimals = '', exponent = '0'] = /^-?\d+(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(`${step}`) ?? []
  const rounded = Number(value.toFixed(Math.min(100, Math.max(0, decimals.length - Number(exponent)))))
  return rounded === 0 ? 0 : rounded
}
