import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import type { Schema } from '../model/schema.ts'
import type { Declared } from './declared.ts'
import type { Definition, Mark } from './definition.ts'
import { pathProblems } from './graph-problems.ts'
import { handlersOf, migrationsOf } from './handlers.ts'
import { readMigrations } from './migration-reader.ts'
import { OptionReader } from './option-reader.ts'
import type { WorkflowOptions } from './policy.ts'
import { keepRefusal, type Problem } from './refusal.ts'
import { walkSchema } from './schema-walk.ts'
import type { AnyClass, Key } from './shape.ts'
import { StateReader } from './state-reader.ts'

const definitions = new WeakMap<AnyClass, Definition>()

/**
 * The definition of a workflow class, as plain data.
 *
 * @throws StepwrightError `unknown-workflow` for a class without `@workflow()`.
 */
export function readDefinition(workflowClass: AnyClass): Definition {
  const found = definitions.get(workflowClass)
  if (found) return found
  throw new StepwrightError('unknown-workflow', {
    what: `${(workflowClass as { name?: string } | undefined)?.name ?? quote(workflowClass)} is not a workflow class`,
    remedy: 'Put @workflow() of a states(...) declaration on the class itself; a subclass needs its own',
  })
}

/** Reads a decorated class and keeps its definition; what `@workflow()` does. */
export function keepDefinition(
  workflowClass: new () => object,
  context: ClassDecoratorContext,
  declaration: object,
  declared: Declared,
  options: WorkflowOptions,
): void {
  const problems: Problem[] = []
  const wrong = (text: string): void => void problems.push({ text })
  const { name = workflowClass.name, version = 1 } = options
  if (typeof name !== 'string' || name === '' || name.length > 100)
    wrong(`the name ${quote(name)} is not 1 to 100 characters`)
  if (!Number.isSafeInteger(version) || version < 1)
    wrong(`the version ${quote(version)} is not a whole number of 1 or more`)
  if (workflowClass.length > 0)
    wrong('the constructor takes arguments, but the engine makes the instance: inject them as resources')

  const handlers = handlersOf(context.metadata)
  for (const h of handlers) {
    if (h.of !== declaration) wrong(`${h.method}: its @${h.kind} belongs to another states(...) declaration`)
    else if (h.kind === 'query') {
      if (!declared.queries.has(String(h.state)))
        wrong(`${h.method}: @query names ${quote(h.state)}, which is not among the queries`)
    } else if (!declared.names.has(h.state as Key))
      wrong(`${h.method}: @${h.kind} names ${quote(h.state)}, which is not a state`)
  }
  const option = new OptionReader(declared, problems)
  const reader = new StateReader(declared, handlers, option, options)
  const states = new Map(
    [...declared.names].map(([member, stateName]) => [stateName, reader.read(stateName, member)]),
  )
  const queries = new Map(
    [...declared.queries].map(([query, schema]) => {
      const own = handlers.filter((h) => h.kind === 'query' && h.state === query)
      if (own.length !== 1)
        wrong(
          `the query ${quote(query)} has ${own.length === 0 ? 'no @query method' : `${own.length} @query methods`}`,
        )
      return [query, { method: own[0]?.method ?? '', schema }]
    }),
  )
  for (const reply of declared.replies.keys())
    if (!declared.signals.has(reply))
      wrong(
        `replies has ${quote(reply)}, which is not among the signals ${quote([...declared.signals.keys()])}`,
      )
  for (const [state, what] of [
    ...namesWith(declared.items, 'items'),
    ...namesWith(declared.branches, 'branches'),
  ])
    if (states.get(state)?.kind !== (what === 'items' ? 'map' : 'parallel'))
      wrong(`${what} has ${quote(state)}, which is not ${what === 'items' ? 'a @map' : '@parallel'}`)
  const deadlineMs = option.duration(options.deadline, 'deadline')
  const migrations = readMigrations(migrationsOf(context.metadata), version, declared, option)
  const initial = declared.names.get(declared.initial) ?? String(declared.initial)
  const marks = schemaMarks(declared, problems)
  if (problems.length === 0) problems.push(...pathProblems(states, initial))
  const { signals, replies, vars, session, config } = declared
  const { description, allow } = options
  const definition: Definition = Object.freeze({
    name,
    version,
    description,
    workflowClass,
    initial,
    states,
    signals,
    replies,
    queries,
    transactions: reader.transactions,
    deadlineMs,
    migrations,
    vars,
    session,
    config,
    marks,
    ...(allow === undefined ? {} : { allow }),
  })
  if (problems.length > 0) {
    const texts = problems.map(({ text }) => text)
    const error = new StepwrightError('invalid-definition', {
      what: `${workflowClass.name || name} cannot be a workflow:\n${texts.map((p) => `  - ${p}`).join('\n')}\n`,
      remedy: 'Mend each of these in the class or its states(...) declaration',
      details: { workflow: name, problems: texts },
    })
    throw keepRefusal(error, { definition, problems })
  }
  definitions.set(workflowClass, definition)
}

function namesWith(map: ReadonlyMap<string, unknown>, what: 'items' | 'branches') {
  return [...map.keys()].map((name) => [name, what] as const)
}

function schemaMarks(declared: Declared, problems: Problem[]): readonly Mark[] {
  const { schemas, signals, replies, queries, items, branches, vars, session } = declared
  const all: readonly (readonly [string, Schema])[] = [
    ...schemas,
    ...[...signals].map(([name, schema]) => [`signal ${name}`, schema] as const),
    ...[...replies].map(([name, schema]) => [`reply ${name}`, schema] as const),
    ...[...queries].map(([name, schema]) => [`query ${name}`, schema] as const),
    ...[...items].map(([name, schema]) => [`item of ${name}`, schema] as const),
    ...[...branches].flatMap(([state, own]) =>
      [...own].map(([name, schema]) => [`branch ${state}/${name}`, schema] as const),
    ),
    ['vars', vars],
    ...(session ? [['session', session] as const] : []),
  ]
  const marks: Mark[] = []
  for (const [where, schema] of all) {
    if (typeof (schema as Schema | undefined)?.['~standard']?.validate !== 'function') {
      problems.push({ text: `${where}: its schema is ${quote(schema)}, not a Zod or other Standard Schema` })
      continue
    }
    const found = walkSchema(schema)
    marks.push(...found.marks.map((mark) => ({ where, ...mark })))
    problems.push(...found.problems.map((problem) => ({ text: `${where}: ${problem}` })))
  }
  return marks
}
