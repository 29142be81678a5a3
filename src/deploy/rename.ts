import { isDeepStrictEqual } from 'node:util'
import type { StateJson, WorkflowJson } from '../inspect/chart-json.ts'

/** A state that is gone, and one that is new and looks like it. */
export interface Rename {
  readonly from: string
  readonly to: string
  /** How much they are alike, from 0 to 1. */
  readonly likeness: number
}

/** Less alike than that is not guessed. */
const ALIKE = 0.6

/** Which states that are gone may be there by another name: each is paired once, the likeliest first. */
export function guessRenames(before: WorkflowJson, after: WorkflowJson): readonly Rename[] {
  const has = ({ states }: WorkflowJson, name: string): boolean => states.some((state) => state.name === name)
  const gone = before.states.filter(({ name }) => !has(after, name))
  const fresh = after.states.filter(({ name }) => !has(before, name))
  const all = gone.flatMap((was) =>
    fresh.map((is) => ({ from: was.name, to: is.name, likeness: likeness(was, is, before, after) })),
  )
  const renames: Rename[] = []
  for (const rename of all.toSorted((a, b) => b.likeness - a.likeness)) {
    if (rename.likeness < ALIKE) break
    if (!renames.some(({ from, to }) => from === rename.from || to === rename.to)) renames.push(rename)
  }
  return renames
}

/** The share of what speaks for it: kind, data, method, where it goes, where it comes from. What neither has says nothing. */
function likeness(was: StateJson, is: StateJson, before: WorkflowJson, after: WorkflowJson): number {
  const same = (a: unknown, b: unknown): number | undefined =>
    a === undefined && b === undefined ? undefined : Number(isDeepStrictEqual(a, b))
  const alike = [
    same(was.kind, is.kind),
    same(before.schemas?.[`state ${was.name}`], after.schemas?.[`state ${is.name}`]),
    same(was.policies['method'], is.policies['method']),
    share(targets(was), targets(is)),
    share(sources(was, before), sources(is, after)),
  ].filter((each) => each !== undefined)
  return Math.round((alike.reduce((sum, each) => sum + each, 0) / alike.length) * 100) / 100
}

function targets({ exits }: StateJson): readonly string[] {
  return exits.map(({ to }) => to)
}

function sources({ name }: StateJson, { states, initial }: WorkflowJson): readonly string[] {
  const from = states.filter(({ exits }) => exits.some(({ to }) => to === name)).map((state) => state.name)
  return name === initial ? ['(start)', ...from] : from
}

/** How much two sets have in common. */
function share(a: readonly string[], b: readonly string[]): number | undefined {
  const all = new Set([...a, ...b])
  if (all.size === 0) return undefined
  return [...all].filter((each) => a.includes(each) && b.includes(each)).length / all.size
}
