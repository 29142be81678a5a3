import { meanOf, type EvaluationResult, type ItemResult } from './result.ts'

/** How one item has changed. */
export interface Change {
  readonly key: string
  readonly title: string
  readonly before: number
  readonly after: number
}

/** What has become better and worse between two results. Only items that both have are compared. */
export interface Comparison {
  /** Over the items that both have. */
  readonly mean: { readonly before: number; readonly after: number }
  /** By scorer that both have. */
  readonly scores: Readonly<Record<string, { readonly before: number; readonly after: number }>>
  /** The greatest change first. */
  readonly better: readonly Change[]
  readonly worse: readonly Change[]
  readonly same: number
  /** Items that only the later, or only the earlier result has. */
  readonly added: readonly string[]
  readonly gone: readonly string[]
}

/** Compares two results of one dataset, item by item. */
export function compareResults(before: EvaluationResult, after: EvaluationResult): Comparison {
  const earlier = new Map(before.items.map((item) => [item.key, item]))
  const later = new Set(after.items.map(({ key }) => key))
  const pairs = after.items.flatMap((now) => {
    const was = earlier.get(now.key)
    return was ? [{ was, now }] : []
  })
  const changes = pairs.map(({ was, now }): Change => {
    const { key, title } = now
    return { key, title, before: was.mean, after: now.mean }
  })
  const by = ({ before: a, after: b }: Change): number => b - a
  const scorers = Object.keys(after.scores).filter((name) => Object.hasOwn(before.scores, name))
  const both = (of: (item: ItemResult) => number) => ({
    before: meanOf(pairs.map(({ was }) => of(was))),
    after: meanOf(pairs.map(({ now }) => of(now))),
  })
  return {
    mean: both(({ mean }) => mean),
    scores: Object.fromEntries(scorers.map((name) => [name, both(({ scores }) => scores[name]?.score ?? 0)])),
    better: changes.filter((each) => by(each) > 0).sort((a, b) => by(b) - by(a)),
    worse: changes.filter((each) => by(each) < 0).sort((a, b) => by(a) - by(b)),
    same: changes.filter((each) => by(each) === 0).length,
    added: after.items.filter(({ key }) => !earlier.has(key)).map(({ title }) => title),
    gone: before.items.filter(({ key }) => !later.has(key)).map(({ title }) => title),
  }
}
