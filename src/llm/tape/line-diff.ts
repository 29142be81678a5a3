import { diff } from 'node:util'

/** Unchanged lines around a change. */
const AROUND = 3

/** How two texts differ, line by line. */
export interface LineDiff {
  /** How many lines stand in one of them only. */
  readonly changes: number
  /** `-` before a line of the first, `+` before one of the second, and `...` where equal lines are left out. */
  readonly lines: readonly string[]
}

/** Compares two texts. */
export function diffLines(before: readonly string[], after: readonly string[]): LineDiff {
  // equal ends are taken off first: a conversation is mostly equal, and the comparison takes its time
  let head = 0
  while (head < before.length && head < after.length && before[head] === after[head]) head++
  let tail = 0
  const most = Math.min(before.length, after.length) - head
  while (tail < most && before.at(-1 - tail) === after.at(-1 - tail)) tail++
  const equal = (lines: readonly string[]): Entry[] => lines.map((line) => [0, line])
  const [was, is] = [before.slice(head, before.length - tail), after.slice(head, after.length - tail)]
  const entries = [
    ...equal(before.slice(0, head)),
    ...(was.length + is.length > 0 ? (diff(was, is) as Entry[]) : []), // node's throws on two empty lists
    ...equal(before.slice(before.length - tail)),
  ]
  const changed = entries.flatMap(([sign], i) => (sign === 0 ? [] : [i]))
  const lines: string[] = []
  let shown = -1
  for (const [i, [sign, line]] of entries.entries()) {
    if (!changed.some((at) => Math.abs(at - i) <= AROUND)) continue
    if (shown < i - 1) lines.push('  ...')
    lines.push(`${sign === 0 ? ' ' : sign > 0 ? '-' : '+'} ${line}`)
    shown = i
  }
  if (lines.length > 0 && shown < entries.length - 1) lines.push('  ...')
  return { changes: changed.length, lines }
}

/** As node gives it: 1 for a line of the first alone, -1 for one of the second. */
type Entry = readonly [sign: number, line: string]
