/** What `go` made, as the engine sees it. */
export interface Move {
  /** The stored name of the target. */
  readonly to: string
  readonly data: unknown
  readonly vars: Readonly<Record<string, unknown>> | undefined
}

const MOVE = Symbol.for('stepwright.move')

/** The value behind a `Go`. */
export function makeMove(move: Move): object {
  return Object.freeze({ [MOVE]: move, state: move.to })
}

/** The move in what a handler returned, if it is one. */
export function readMove(value: unknown): Move | undefined {
  return typeof value === 'object' && value !== null ? (value as { [MOVE]?: Move })[MOVE] : undefined
}
