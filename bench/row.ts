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

/** A row from what was measured; where there is no floor, `floor` is the bound that it stands beside. */
export function row(
  place: Pick<Row, 'name' | 'store'>,
  metric: string,
  measured: Pick<Row, 'n' | 'value' | 'unit' | 'floor'>,
): Row {
  return { ...place, metric, ...measured, ratio: measured.value / measured.floor }
}
