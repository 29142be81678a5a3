import { isDeepStrictEqual } from 'node:util'
import type { HistoryEvent } from '../model/history.ts'

/** The first point at which a run would go another way. */
export interface Difference {
  /** The number of the history entry with which the visit began. */
  readonly seq: number
  readonly state: string
  readonly visit: number
  readonly what:
    | 'state' // it is not declared any more, or the run begins elsewhere
    | 'data'
    | 'vars'
    | 'migration'
    | 'move'
    | 'signal'
    | 'failure'
    | 'child'
    | 'undo'
    | 'call' // a model is asked otherwise
    | 'output'
  /** What of it differs, without its values: fields by their paths, or the name of a failure. Runs with the same are alike. */
  readonly at?: string
  /** What is recorded. */
  readonly expected: string
  /** What the new code does instead. */
  readonly came: string
}

/** A difference, without where it is. */
export type Parting = Pick<Difference, 'what' | 'at' | 'expected' | 'came'>

/** A recorded move in words. */
export function sayMove({ to, by }: Pick<HistoryEvent & { readonly type: 'moved' }, 'to' | 'by'>): string {
  const how = by === 'step' ? '' : by.startsWith('signal:') ? ` with ${by.slice(7)}` : ` by ${by}`
  return `goes to ${to}${how}`
}

/** Where two values differ, by paths such as `lines[].price`; `(all)` where they have nothing in common. */
export function sayPaths(one: unknown, other: unknown): string {
  return [...new Set(pathsOf(one, other, ''))].join(', ')
}

function pathsOf(one: unknown, other: unknown, path: string): readonly string[] {
  if (isDeepStrictEqual(one, other)) return []
  const lists = Array.isArray(one) && Array.isArray(other)
  if (!lists && !(isPlain(one) && isPlain(other))) return [path || '(all)']
  const [was, is] = [one as Fields, other as Fields]
  const keys = [...new Set([...Object.keys(was), ...Object.keys(is)])]
  return keys.flatMap((key) =>
    pathsOf(was[key], is[key], lists ? `${path}[]` : [path, key].filter(Boolean).join('.')),
  )
}

type Fields = Readonly<Record<string, unknown>>

/** Values of other classes, such as dates, hold nothing that could be told apart by keys. */
function isPlain(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
