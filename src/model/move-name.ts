import type { MoveCause } from './history.ts'

/** A move of a run from one state to another. */
export interface Move {
  readonly from: string
  readonly to: string
  readonly by: MoveCause
}

/** How a move is called, for people, in snapshots and in files of coverage: `review -> published by signal:approve`. */
export function sayMove({ from, to, by }: Move): string {
  return `${from} -> ${to} by ${by}`
}

/** The move that {@link sayMove} called so. */
export function readMove(name: string): Move {
  const parts = /^(?<from>.*?) -> (?<to>.*?) by (?<by>step|expires|visits|catch|skip|signal:.*)$/s.exec(name)
  const { from = '', to = '', by = '' } = parts?.groups ?? {}
  return { from, to, by: by as MoveCause }
}
