import type { Box, BranchBox, Sign } from './drawing.ts'
import { cut, widthOf, wrap, type Lettering } from './lettering.ts'

export const TITLE: Lettering = { size: 14, bold: true }
export const SMALL: Lettering = { size: 11.5 }
export const LABEL: Lettering = { size: 11.5 }
const MARK: Lettering = { size: 11.5, bold: true }

/** Between the rim of a box and what is in it. */
export const PADDING = 10
export const ICON = 14
export const LINE = 16
const TITLE_LINE = 20
const WIDEST = 220
const GAP = 8
/** The longest sign: a reminder is a sentence. */
const LONGEST_SIGN = 330
/** How far the second sheet of a map stands out. */
export const SHEET = 5

/** Something in a box, at its place from the box's upper left corner. Texts stand on their base line. */
export type Piece =
  | {
      readonly is: 'title' | 'description' | 'remark' | 'mark'
      readonly text: string
      readonly x: number
      readonly y: number
    }
  | {
      readonly is: 'sign'
      readonly sign: Sign
      readonly text: string
      readonly x: number
      readonly y: number
    }
  | { readonly is: 'branch'; readonly branch: SizedBranch; readonly x: number; readonly y: number }

/** A box with the places of what is in it, in pixels. */
export interface SizedBox {
  readonly box: Box
  readonly width: number
  readonly height: number
  readonly pieces: readonly Piece[]
}

/** A branch inside a box. */
export interface SizedBranch {
  readonly branch: BranchBox
  readonly width: number
  readonly height: number
  readonly pieces: readonly Piece[]
}

/** How large a box has to be, and where in it everything stands. */
export function sizeBox(box: Box): SizedBox {
  const title = cut(shown(box.state), WIDEST, TITLE)
  const branches = box.branches.map(sizeBranch)
  const rows = rowsOf(branches)
  const inner = Math.max(
    ICON + GAP + widthOf(title, TITLE),
    ...rows.map((row) => row.reduce((sum, { width }) => sum + width + GAP, -GAP)),
  )
  const wide = Math.max(WIDEST, inner)
  const column = new Column(PADDING)
  column.title(title)
  column.text('description', wrap(box.description ?? '', wide, 3, SMALL))
  column.text(
    'remark',
    box.remarks.flatMap((remark) => wrap(remark, wide, 2, SMALL)),
  )
  for (const row of rows) column.branches(row)
  column.signs(box.signs, wide, LONGEST_SIGN)
  column.text(
    'mark',
    (box.mark?.lines ?? []).flatMap((line) => wrap(line, wide, 2, MARK)),
  )
  const { width, height } = column.size(inner)
  const sheet = box.kind === 'map' ? SHEET : 0
  return { box, pieces: column.pieces, width: width + sheet, height: height + sheet }
}

function sizeBranch(branch: BranchBox): SizedBranch {
  const column = new Column(6)
  const most = 110
  column.text('remark', [cut(shown(branch.name), most, SMALL)])
  column.text('description', wrap(branch.description ?? '', most, 2, SMALL))
  column.signs(branch.signs, most, most)
  return { branch, pieces: column.pieces, ...column.size(0) }
}

/** Names are drawn as they are, yet an empty one must be seen. */
export function shown(name: string): string {
  return name.trim() === '' ? JSON.stringify(name) : name
}

/** Branches beside each other, three in a row. */
function rowsOf(branches: readonly SizedBranch[]): readonly (readonly SizedBranch[])[] {
  const across = branches.length === 4 ? 2 : 3
  return Array.from({ length: Math.ceil(branches.length / across) }, (_, i) =>
    branches.slice(i * across, (i + 1) * across),
  )
}

/** Fills a box from the top. */
class Column {
  readonly pieces: Piece[] = []
  readonly #padding: number
  #y: number
  #width = 0

  constructor(padding: number) {
    this.#padding = padding
    this.#y = padding
  }

  title(text: string): void {
    const width = ICON + GAP + widthOf(text, TITLE)
    this.#put(width, TITLE_LINE, (x, y) => ({ is: 'title', text, x: x + ICON + GAP, y: y + 14 }))
  }

  text(is: 'description' | 'remark' | 'mark', lines: readonly string[]): void {
    const lettering = is === 'mark' ? MARK : SMALL
    for (const text of lines)
      this.#put(widthOf(text, lettering), LINE, (x, y) => ({ is, text, x, y: y + 12 }))
  }

  branches(row: readonly SizedBranch[]): void {
    let x = this.#padding
    const tallest = Math.max(...row.map(({ height }) => height))
    this.#y += 4
    for (const branch of row) {
      this.pieces.push({ is: 'branch', branch: { ...branch, height: tallest }, x, y: this.#y })
      x += branch.width + GAP
    }
    this.#width = Math.max(this.#width, x - GAP - this.#padding)
    this.#y += tallest + 6
  }

  /** Signs beside each other while there is room. */
  signs(signs: readonly Sign[], most: number, longest: number): void {
    let x = 0
    for (const sign of signs) {
      const text = cut(sign.text, longest - ICON - 4, SMALL)
      const width = ICON + 4 + widthOf(text, SMALL)
      if (x > 0 && x + width > most) {
        this.#y += LINE + 2
        x = 0
      }
      this.pieces.push({ is: 'sign', sign, text, x: this.#padding + x, y: this.#y + 2 })
      x += width + GAP + 2
      this.#width = Math.max(this.#width, x - GAP - 2)
    }
    if (signs.length > 0) this.#y += LINE + 3
  }

  size(least: number): { readonly width: number; readonly height: number } {
    const width = Math.ceil(Math.max(this.#width, least) + 2 * this.#padding)
    return { width, height: Math.ceil(this.#y + this.#padding) }
  }

  #put(width: number, height: number, piece: (x: number, y: number) => Piece): void {
    this.pieces.push(piece(this.#padding, this.#y))
    this.#width = Math.max(this.#width, width)
    this.#y += height
  }
}
