import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import type { Machine } from '../compile/machine.ts'
import { isChild, type Definition, type Migration } from '../definition/definition.ts'
import { leftOut } from '../definition/migration-reader.ts'
import { readDefinition } from '../definition/read-definition.ts'
import type { Run } from '../model/run.ts'
import { parseWith } from '../model/schema.ts'

/** A workflow as an engine runs it. */
export interface Loaded {
  readonly machine: Machine
  /** The frozen instance of its class. */
  readonly instance: object
  readonly config: unknown
}

/** What becomes of a run with the code that is loaded. */
export type Fate =
  | { readonly fate: 'fits'; readonly loaded: Loaded }
  | { readonly fate: 'maps'; readonly loaded: Loaded; readonly to: Mapped }
  | { readonly fate: 'blocked'; readonly loaded: Loaded; readonly reason: string; readonly remedy: string }
  /** No version of its workflow is loaded, or only older ones: another worker may have it. */
  | { readonly fate: 'unknown' }

/** A run in the terms of another version. */
export interface Mapped {
  readonly version: number
  readonly state: string
  readonly data: unknown
  readonly vars: unknown
}

/** The workflows of one engine, by name and version. */
export class Library {
  readonly #byName = new Map<string, Map<number, Loaded>>()

  /** Throws `invalid-options` for a second class of one name and version. */
  add(loaded: Loaded): void {
    const { name, version } = loaded.machine.definition
    const versions = this.#byName.get(name) ?? new Map<number, Loaded>()
    if (versions.has(version))
      throw new StepwrightError('invalid-options', {
        what: `Two workflows are called ${quote(name)} and have version ${version}`,
        remedy: 'Give one of them another name or version in @workflow({ name, version })',
      })
    this.#byName.set(name, versions.set(version, loaded))
  }

  /** Puts a loaded workflow in the place of the one of the same name and version. */
  replace(loaded: Loaded): void {
    const { name, version } = loaded.machine.definition
    this.#byName.get(name)?.set(version, loaded)
  }

  /** Throws `invalid-options` where a workflow starts child runs of one that is not here. */
  checkChildren(): void {
    for (const { machine } of this.all) {
      const { name, states } = machine.definition
      for (const state of states.values()) {
        const spec =
          state.kind === 'child'
            ? state.child
            : state.kind === 'map' && isChild(state.item)
              ? state.item
              : undefined
        const child = spec && readDefinition(spec.workflow)
        if (child && !this.#byName.has(child.name))
          throw new StepwrightError('invalid-options', {
            what: `${quote(state.name)} of ${name} starts child runs of ${quote(child.name)}, which this engine does not have`,
            remedy: 'Add its class to createEngine({ workflows })',
          })
      }
    }
  }

  /** The error for a workflow that is not here. */
  unknown(name: string, has = [...this.#byName.keys()].map(quote).join(', ')): StepwrightError {
    return new StepwrightError('unknown-workflow', {
      what: `This engine has no workflow ${quote(name)}; it has ${has}`,
      remedy: 'Add its class to createEngine({ workflows })',
      details: { workflow: name },
    })
  }

  get all(): readonly Loaded[] {
    return [...this.#byName.values()].flatMap((versions) => [...versions.values()])
  }

  /** The newest version: the one that new runs are started with. */
  current(name: string): Loaded | undefined {
    const versions = this.#byName.get(name)
    return versions?.get(Math.max(...versions.keys()))
  }

  /** The version a run was started with, or else the newest. */
  of({ workflow, version }: Pick<Run, 'workflow' | 'version'>): Loaded | undefined {
    return this.#byName.get(workflow)?.get(version) ?? this.current(workflow)
  }

  /** The same; throws `unknown-workflow` where there is none. */
  get(run: Pick<Run, 'workflow' | 'version'>): Loaded {
    const loaded = this.of(run)
    if (loaded) return loaded
    throw this.unknown(run.workflow)
  }

  /** What becomes of a run: it goes on as it is, is mapped to a newer version, or cannot go on. */
  async fateOf(run: Pick<Run, 'id' | 'workflow' | 'version' | 'state' | 'data' | 'vars'>): Promise<Fate> {
    const loaded = this.of(run)
    if (!loaded || loaded.machine.definition.version < run.version) return { fate: 'unknown' }
    const blocked = (reason: string, remedy: string): Fate => ({ fate: 'blocked', loaded, reason, remedy })
    if (loaded.machine.definition.version !== run.version) {
      try {
        const mapped = await this.mapped(run)
        if (mapped) return { fate: 'maps', loaded: this.#versionOf(run.workflow, mapped.version), to: mapped }
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error)
        return blocked(
          `Its migration from version ${run.version} did not succeed: ${why}`,
          'Mend the migration, then resume the run',
        )
      }
    }
    const state = loaded.machine.definition.states.get(run.state)
    const parsed = state && (await parseWith(state.schema, run.data))
    if (parsed?.ok) return { fate: 'fits', loaded }
    const why = parsed ? `its data does not fit: ${parsed.reasons.join('; ')}` : 'no such state is declared'
    return blocked(
      `It stands in ${quote(run.state)} of ${run.workflow}, and ${why}`,
      'Load code that knows that state and data, or declare @migrate, then resume the run',
    )
  }

  /** The machine by which a run will go on; `undefined` where that is not loaded. */
  async machineFor(
    run: Pick<Run, 'id' | 'workflow' | 'version' | 'state' | 'data' | 'vars'>,
  ): Promise<Machine | undefined> {
    const loaded = this.of(run)
    if (!loaded || loaded.machine.definition.version === run.version) return loaded?.machine
    const fate = await this.fateOf(run)
    return fate.fate === 'unknown' ? undefined : fate.loaded.machine
  }

  /** Live states of older versions that migrations leave out, where the old class, or what was published of it, tells. */
  problems(statesOf: (name: string, version: number) => readonly string[] | undefined): readonly string[] {
    return this.all.flatMap(({ machine: { definition } }) =>
      [...definition.migrations.values()].flatMap((migration) => {
        const old = migration.of && readDefinition(migration.of)
        const published = statesOf(definition.name, migration.from) ?? []
        const left = old ? leftOut(migration, old) : published.filter((state) => !migration.states.has(state))
        return left.map(
          (state) => `@migrate from ${migration.from} of ${definition.name} leaves out ${quote(state)}`,
        )
      }),
    )
  }

  #versionOf(name: string, version: number): Loaded {
    return this.#byName.get(name)?.get(version) as Loaded
  }

  /** Maps a run from version to version as far as migrations are declared. `undefined`: none is for its version. */
  async mapped(
    run: Pick<Run, 'workflow' | 'version' | 'state' | 'data' | 'vars'>,
  ): Promise<Mapped | undefined> {
    let at: Mapped = run
    for (
      let step = this.#migration(run.workflow, at.version);
      step;
      step = this.#migration(run.workflow, at.version)
    )
      at = await apply(step.definition, step.migration, at)
    return at === run ? undefined : at
  }

  #migration(name: string, from: number): { definition: Definition; migration: Migration } | undefined {
    const versions = [...(this.#byName.get(name)?.values() ?? [])].map(({ machine }) => machine.definition)
    const newest = versions
      .sort((a, b) => b.version - a.version)
      .find(({ migrations }) => migrations.has(from))
    const migration = newest?.migrations.get(from)
    return newest && migration && { definition: newest, migration }
  }
}

async function apply(to: Definition, { states, from }: Migration, run: Mapped): Promise<Mapped> {
  const way = states.get(run.state)
  if (way === undefined) throw new Error(`it says nothing of ${quote(run.state)}`)
  const moved =
    typeof way === 'string' ? { to: way, data: run.data, vars: undefined } : way(run.data, run.vars)
  const target = moved && to.states.get(moved.to)
  if (!target) throw new Error(`its way out of ${quote(run.state)} gave ${quote(moved)} instead of go(...)`)
  const data = await parseWith(target.schema, moved.data)
  if (!data.ok) throw new Error(`data for ${quote(target.name)} does not fit: ${data.reasons.join('; ')}`)
  const vars = await parseWith(to.vars, { ...(run.vars as object), ...moved.vars })
  if (!vars.ok)
    throw new Error(`vars do not fit version ${to.version} (from ${from}): ${vars.reasons.join('; ')}`)
  return { version: to.version, state: target.name, data: data.value, vars: vars.value }
}
