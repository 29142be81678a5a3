import { StepwrightError } from '../errors/stepwright-error.ts'
import { emptySchema, parseWith } from '../model/schema.ts'
import type { Kernel } from '../runtime/kernel.ts'
import type { Library } from '../runtime/library.ts'
import { publish, readPublished } from './publication.ts'

/** Opens the store, checks the workflows against the configuration and against what older versions have left there, and publishes them. */
export async function openLibrary({ store, library, warn }: Kernel, given: unknown): Promise<void> {
  await configure(library, given as Readonly<Record<string, unknown>>)
  for (const warning of await store.open()) warn(warning)
  const old = new Map<string, readonly string[]>()
  for (const { machine } of library.all) {
    const { name, migrations } = machine.definition
    for (const version of migrations.keys()) {
      const { states = [] } = (await readPublished(store, name, version)) ?? {}
      const working = states.filter(({ kind }) => kind !== 'final').map((state) => state.name)
      old.set(`${name}@${version}`, working)
    }
  }
  const problems = library.problems((name, version) => old.get(`${name}@${version}`) ?? [])
  if (problems.length > 0)
    throw new StepwrightError('invalid-definition', {
      what: `Runs of older versions would be stranded:\n${problems.map((problem) => `  - ${problem}`).join('\n')}\n`,
      remedy: 'Say for each of these states where its runs go on',
      details: { problems },
    })
  const published = library.all.map(({ machine }) => publish(machine.definition))
  const there = await store.get(
    'definition',
    published.map(({ key }) => key),
  )
  const put = published.filter(({ value }, i) => there[i]?.value !== value)
  if (put.length > 0) await store.write({ put })
}

/** Gives each workflow its configuration: of what all share, the keys that it declares. A key that none declares is a mistake. */
export async function configure(library: Library, given: Readonly<Record<string, unknown>>): Promise<void> {
  const misfit = (who: string, reasons: readonly string[]): StepwrightError =>
    new StepwrightError('invalid-options', {
      what: `config does not fit ${who}: ${reasons.join('; ')}`,
      remedy: 'Mend the config given to createEngine',
    })
  const unread = new Set(Object.keys(given))
  for (const loaded of library.all) {
    const { name, config: schema } = loaded.machine.definition
    if (schema === emptySchema) {
      library.replace({ ...loaded, config: {} })
      continue
    }
    const whole = await parseWith(schema, given, 'pass over keys')
    if (!whole.ok) throw misfit(name, whole.reasons)
    const taken = whole.value as Readonly<Record<string, unknown>>
    const own = Object.fromEntries(Object.entries(given).filter(([key]) => key in taken))
    const config = await parseWith(schema, own) // deeper down nothing may be lost
    if (!config.ok) throw misfit(name, config.reasons)
    for (const key of Object.keys(own)) unread.delete(key)
    library.replace({ ...loaded, config: config.value })
  }
  if (unread.size > 0)
    throw misfit(
      'any workflow',
      [...unread].map((key) => `${key}: not in the schema, would be dropped`),
    )
}
