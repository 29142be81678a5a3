import { TOKEN_LENGTH } from './tokens.ts'

/** Where a text is cut, the best first: between paragraphs, lines, sentences, words. */
const SEAMS = [/\n\s*\n/g, /\n/g, /(?<=[.!?])\s/g, /\s/g]

/** A text in pieces of at most so many tokens, cut where it hurts least. Together they are the text. */
export function split(text: string, tokens: number): readonly string[] {
  const most = tokens * TOKEN_LENGTH
  const pieces: string[] = []
  let rest = text
  while (rest.length > most) {
    const end = seamBefore(rest, most)
    pieces.push(rest.slice(0, end))
    rest = rest.slice(end)
  }
  return [...pieces, rest]
}

function seamBefore(text: string, most: number): number {
  const head = text.slice(0, most)
  for (const seam of SEAMS) {
    let end = 0
    for (const found of head.matchAll(seam)) end = found.index + found[0].length
    if (end > most / 2) return end
  }
  return most
}
