import { StepwrightError } from '../errors/stepwright-error.ts'
import { parseWith } from '../model/schema.ts'
import type { Kernel } from '../runtime/kernel.ts'
import { publish, readPublished } from './publication.ts'

/** Opens the store, checks the workflows against the configuration and against what older versions have left there, and publishes them. */
export async function openLibrary({ store, library, warn }: Kernel, given: unknown): Promise<void> {
  for (const loaded of library.all) {
    const { name, config: schema } = loaded.machine.definition
    const config = await parseWith(schema, given)
    if (!config.ok)
      throw new StepwrightError('invalid-options', {
        what: `config does not fit ${name}: ${config.reasons.join('; ')}`,
        remedy: 'Mend the config given to createEngine',
      })
    library.replace({ ...loaded, config: config.value })
  }
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
