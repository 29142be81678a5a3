import { hash, stemsOf, wordsOf } from './words.ts'

/**
 * A unit vector for a text: a bag of its stemmed words, each hashed to two places. Texts that share words are near
 * each other; the same text is always at the same place.
 */
export function vectorOf(text: string, dimensions: number): Float32Array {
  const vector = new Float32Array(dimensions)
  const counts = new Map<string, number>()
  for (const word of partsOf(text)) counts.set(word, (counts.get(word) ?? 0) + 1)
  for (const [word, count] of counts) {
    for (const place of [0, 1]) {
      const at = hash(`${place} ${word}`)
      const index = (at >>> 1) % dimensions
      vector[index] = (vector[index] ?? 0) + (at & 1 ? 1 : -1) * Math.sqrt(count)
    }
  }
  const length = Math.hypot(...vector)
  if (length > 0) return vector.map((value) => value / length)
  vector[hash(text) % dimensions] = 1 // its words took each other away
  return vector
}

/** The words that carry meaning; all words if none does, and the text itself if it has none. */
function partsOf(text: string): readonly string[] {
  const stems = stemsOf(text)
  if (stems.length > 0) return stems
  const words = wordsOf(text)
  return words.length > 0 ? words : [text]
}
