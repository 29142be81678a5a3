import { quote } from '../errors/stepwright-error.ts'
import type { Declared } from './declared.ts'
import type { Definition, Migration } from './definition.ts'
import { readMove, type Move } from './move.ts'
import type { OptionReader } from './option-reader.ts'
import type { AnyClass } from './shape.ts'

type Way = string | ((data: unknown, vars: unknown) => Move | undefined)
type Ways = ReadonlyMap<string, Way>

/** Reads what `@migrate` was given. */
export function readMigrations(
  noted: readonly object[],
  version: number,
  { names }: Declared,
  option: OptionReader,
): ReadonlyMap<number, Migration> {
  const migrations = new Map<number, Migration>()
  for (const given of noted as readonly Readonly<Record<string, unknown>>[]) {
    const { from, states = {} } = given
    const where = `@migrate from ${quote(from)}`
    if (!Number.isSafeInteger(from) || (from as number) < 1 || (from as number) >= version)
      option.problem(`${where}: "from" is not a version before ${version}`)
    else if (migrations.has(from as number)) option.problem(`${where} is declared twice`)
    const ways: Ways = new Map(
      Object.entries(states as object).map(([old, way]: [string, unknown]): [string, Way] => {
        if (typeof way === 'function') return [old, pure(way as (...given: unknown[]) => unknown)]
        const to = names.get(way as string)
        if (to === undefined)
          option.problem(`${where}: ${quote(old)} goes to ${quote(way)}, which is not a state`)
        return [old, to ?? '']
      }),
    )
    migrations.set(from as number, {
      from: from as number,
      states: ways,
      of: given['of'] as AnyClass | undefined,
    })
  }
  return migrations
}

/** A migration is judged wherever somebody looks at a run, so it cannot wait for anything. */
function pure(way: (...given: unknown[]) => unknown): (data: unknown, vars: unknown) => Move | undefined {
  return (data, vars) => {
    const moved = way(data, vars)
    if (!(moved instanceof Promise)) return readMove(moved)
    moved.catch(() => undefined)
    throw new TypeError('a migration is a plain function, and this one is async')
  }
}

/** Live states of the old version that a migration leaves out. */
export function leftOut(migration: Migration, old: Pick<Definition, 'states'>): readonly string[] {
  return [...old.states.values()]
    .filter((state) => state.kind !== 'final' && !migration.states.has(state.name))
    .map((state) => state.name)
}
