import type { Spent } from '../model/model-call.ts'
import { hashOf } from '../llm/request-hash.ts'

/** One line of a dataset: what goes in, and what should come of it. */
export interface Item<I = unknown, E = unknown> {
  readonly input: I
  /** What the output is compared with. */
  readonly expected?: E
  /** By which it is shown, and known again in another result. Default: its number, and a hash of its input. */
  readonly name?: string
  /** The states that a run should visit, for `path()`. */
  readonly path?: readonly string[]
  /** The tools that should be called, for `tools()`. */
  readonly tools?: readonly string[]
  /** What has come of the input already, for an evaluation that runs nothing. */
  readonly recorded?: RecordedOutcome
}

/** An output that is there, and how it came about. */
export interface RecordedOutcome {
  readonly output: unknown
  readonly path?: readonly string[]
  readonly tools?: readonly string[]
  /** What it has cost. */
  readonly spent?: Spent
}

/** An item with its place in the dataset. */
export interface PlacedItem {
  readonly item: Item
  /** From 1. */
  readonly number: number
  /** The same in every result, wherever it stands in the dataset. */
  readonly key: string
  /** For people. */
  readonly title: string
}

/** Numbers items and gives each a key; the second one with the same name or input has another. */
export function placed(items: readonly Item[]): readonly PlacedItem[] {
  const times = new Map<string, number>()
  return items.map((item, i) => {
    const own = item.name ?? hashOf(item.input)
    const time = (times.get(own) ?? 0) + 1
    times.set(own, time)
    return {
      item,
      number: i + 1,
      key: time === 1 ? own : `${own} (${time})`,
      title: item.name ?? `#${i + 1}`,
    }
  })
}
