/** One row of the output; `ratio` is `value / floor`. */
export interface Row {
  readonly name: string
  readonly store: string
  readonly metric: string
  readonly n: number
  readonly value: number
  readonly unit: string
  readonly floor: number
  readonly ratio: number
}
