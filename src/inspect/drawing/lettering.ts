/** How wide text is, without a font at hand: the widths of Helvetica, which fonts without serifs come close to. */
const WIDTHS =
  '278 278 355 556 556 889 667 191 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556 556 278 278 584 584 584 556 1015 667 667 722 722 667 611 778 722 278 500 667 556 833 722 778 667 778 722 667 611 722 667 944 667 667 611 278 278 278 469 556 333 556 556 500 556 556 278 556 556 222 222 500 222 833 556 556 556 556 333 500 278 556 500 722 500 500 500 334 260 334 584'
    .split(' ')
    .map(Number)

/** Wide enough for the widest of the fonts that are asked for, DejaVu. */
const SLACK = 1.17
const BOLD = 1.1

/** The size of a text: its height in pixels, and whether it is bold. */
export interface Lettering {
  readonly size: number
  readonly bold?: boolean
}

/** The width of a text on one line, in pixels; a little more rather than less. */
export function widthOf(text: string, { size, bold = false }: Lettering): number {
  let sum = 0
  for (const letter of text) sum += letterWidth(letter.codePointAt(0) ?? 0)
  return ((sum * size) / 1000) * SLACK * (bold ? BOLD : 1)
}

function letterWidth(code: number): number {
  const known = WIDTHS[code - 32]
  if (known !== undefined) return known
  if (code < 32 || (code >= 0x300 && code < 0x370)) return 0 // joined to the letter before
  return code >= 0x1100 ? 1000 : 640 // scripts of Asia and pictures are square
}

/** A text in at most `most` lines that are no wider than that; what is left out is said by dots. */
export function wrap(text: string, width: number, most: number, lettering: Lettering): readonly string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const longer = line === '' ? word : `${line} ${word}`
    if (line === '' || widthOf(longer, lettering) <= width) line = longer
    else {
      lines.push(line)
      line = word
    }
  }
  if (line !== '') lines.push(line)
  const shown = lines.slice(0, most)
  if (lines.length > most) shown[most - 1] += ' ...'
  return shown.map((each) => cut(each, width, lettering))
}

/** A text on one line, its middle left out where it is too wide. */
export function cut(text: string, width: number, lettering: Lettering): string {
  const letters = [...text]
  if (widthOf(text, lettering) <= width) return text
  const joined = (kept: number): string =>
    `${letters.slice(0, Math.ceil(kept / 2)).join('')}...${letters.slice(letters.length - Math.floor(kept / 2)).join('')}`
  let kept = letters.length - 1
  while (kept > 1 && widthOf(joined(kept), lettering) > width) kept--
  return joined(kept)
}
