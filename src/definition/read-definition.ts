import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import { toMs, type Duration } from '../model/duration.ts'
import { readRetry, type RetryOptions } from '../model/retry.ts'
import type { Schema } from '../model/schema.ts'
import type { CatchEdge, Definition, ExpiryEdge, Mark, StateDefinition } from './definition.ts'
import type { Effect, WorkflowOptions } from './declaration.ts'
import { pathProblems } from './graph-problems.ts'
import { handlersOf, type Handler } from './handlers.ts'
import { walkSchema } from './schema-walk.ts'
import type { AnyClass, Key } from './shape.ts'

/** The arguments of `states()`, with stored names. */
export interface Declared {
  readonly names: ReadonlyMap<Key, string>
  readonly schemas: ReadonlyMap<string, Schema>
  readonly initial: Key
  readonly final: readonly Key[]
  readonly signals: ReadonlyMap<string, Schema>
  readonly vars: Schema
  readonly session: Schema | undefined
  readonly config: Schema
}

const EFFECTS: readonly unknown[] = ['none', 'idempotent', 'undoable', 'irreversible'] satisfies Effect[]
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
  const problems: string[] = []
  const { name = workflowClass.name, version = 1 } = options
  if (typeof name !== 'string' || name === '' || name.length > 100)
    problems.push(`the name ${quote(name)} is not 1 to 100 characters`)
  if (!Number.isSafeInteger(version) || version < 1)
    problems.push(`the version ${quote(version)} is not a whole number of 1 or more`)
  if (workflowClass.length > 0)
    problems.push(
      'the constructor takes arguments, but the engine makes the instance: inject them as resources',
    )

  const handlers = handlersOf(context.metadata)
  for (const h of handlers) {
    if (h.of !== declaration)
      problems.push(`${h.method}: its @${h.kind} belongs to another states(...) declaration`)
    else if (!declared.names.has(h.state as Key))
      problems.push(`${h.method}: @${h.kind} names ${quote(h.state)}, which is not a state`)
  }
  const reader = new StateReader(declared, handlers, problems)
  const states = new Map(
    [...declared.names].map(([member, stateName]) => [stateName, reader.read(stateName, member)]),
  )
  const initial = declared.names.get(declared.initial) ?? String(declared.initial)
  const marks = schemaMarks(declared, problems)
  if (problems.length === 0) problems.push(...pathProblems(states, initial))
  if (problems.length > 0) {
    throw new StepwrightError('invalid-definition', {
      what: `${workflowClass.name || name} cannot be a workflow:\n${problems.map((p) => `  - ${p}`).join('\n')}\n`,
      remedy: 'Mend each of these in the class or its states(...) declaration',
      details: { workflow: name, problems },
    })
  }
  const { signals, vars, session, config } = declared
  const { description } = options
  definitions.set(
    workflowClass,
    Object.freeze({
      name,
      version,
      description,
      workflowClass,
      initial,
      states,
      signals,
      vars,
      session,
      config,
      marks,
    }),
  )
}

/** Reads the states one by one and notes what is wrong with them. */
class StateReader {
  readonly #declared: Declared
  readonly #handlers: readonly Handler[]
  readonly #problems: string[]

  constructor(declared: Declared, handlers: readonly Handler[], problems: string[]) {
    this.#declared = declared
    this.#handlers = handlers
    this.#problems = problems
  }

  read(name: string, member: Key): StateDefinition {
    const own = this.#handlers.filter((h) => h.state === member)
    const [handler] = own
    const isFinal = this.#declared.final.includes(member)
    if (own.length > 1)
      this.#problem(`${quote(name)} has ${own.length} handlers: ${own.map((h) => h.method).join(', ')}`)
    if (!handler && !isFinal) this.#problem(`${quote(name)} has no handler`)
    const schema = this.#declared.schemas.get(name)
    if (!schema) this.#problem(`${quote(name)} has no schema`)

    const options = handler?.options ?? {}
    const where = `${handler?.method ?? 'no method'} (${quote(name)})`
    const effect = (options['effect'] ?? 'idempotent') as Effect
    if (!EFFECTS.includes(effect))
      this.#problem(`${where}: effect is ${quote(effect)}, not one of ${EFFECTS.join(', ')}`)
    const common = {
      name,
      member,
      description: options['description'] as string | undefined,
      schema: schema as Schema,
      retry: this.#try({ maxAttempts: 1, initialIntervalMs: 0, coefficient: 1, maxIntervalMs: 0 }, () =>
        readRetry((options['retry'] ?? {}) as RetryOptions, where),
      ),
      timeoutMs: this.#try(0, () => toMs((options['timeout'] ?? '5m') as Duration, `${where}: timeout`)),
      effect,
    }
    if (isFinal) {
      if (options['to'] !== undefined) this.#problem(`${where} is final, so it has no "to"`)
      if (handler?.kind === 'wait') this.#problem(`${where} is final, so it cannot wait`)
      return Object.freeze({ kind: 'final', ...common, method: handler?.method })
    }
    const method = handler?.method ?? ''
    const caught = this.#edge(options['catch'], `${where}: catch`) as CatchEdge | undefined
    if (handler?.kind !== 'wait') {
      const to = this.#targets(options['to'], `${where}: to`)
      if (handler && to.length === 0) this.#problem(`${where} needs "to": the states it may move to`)
      return Object.freeze({ kind: 'step', ...common, method, to, catch: caught })
    }
    const on = new Map<string, readonly string[]>()
    for (const [signal, targets] of Object.entries((options['on'] ?? {}) as object)) {
      if (!this.#declared.signals.has(signal))
        this.#problem(
          `${where} waits for ${quote(signal)}, which is not among the signals ${quote([...this.#declared.signals.keys()])}`,
        )
      on.set(signal, this.#targets(targets, `${where}: on.${signal}`))
    }
    const expires = options['expires'] as { after: Duration } | undefined
    if (on.size === 0 && !expires)
      this.#problem(`${where} waits for neither a signal nor "expires", so it would wait for ever`)
    const edge = this.#edge(expires, `${where}: expires`)
    return Object.freeze({
      kind: 'wait',
      ...common,
      method,
      on,
      catch: caught,
      expires:
        expires && edge
          ? ({
              ...edge,
              afterMs: this.#try(0, () => toMs(expires.after, `${where}: expires.after`)),
            } as ExpiryEdge)
          : undefined,
    })
  }

  #edge(option: unknown, where: string): { to: string; with: unknown } | undefined {
    if (option === undefined) return undefined
    const { to, with: data } = option as { to?: unknown; with?: unknown }
    const [target] = this.#targets(to, `${where}.to`)
    if (target === undefined) this.#problem(`${where} needs "to"`)
    if (typeof data !== 'function' && (typeof data !== 'object' || data === null))
      this.#problem(`${where}.with is ${quote(data)}, not an object or a function that makes one`)
    return { to: target ?? '', with: data }
  }

  #targets(option: unknown, where: string): readonly string[] {
    const members = option === undefined ? [] : Array.isArray(option) ? (option as unknown[]) : [option]
    const names = members.map(
      (m) =>
        this.#declared.names.get(m as Key) ??
        this.#problem(`${where} names ${quote(m)}, which is not a state`),
    )
    return [...new Set(names)]
  }

  #try<T>(otherwise: T, read: () => T): T {
    try {
      return read()
    } catch (error) {
      this.#problem(
        error instanceof StepwrightError ? error.message.replace(/ \[[\w-]+\]$/, '') : String(error),
      )
      return otherwise
    }
  }

  #problem(text: string): string {
    this.#problems.push(text)
    return ''
  }
}

function schemaMarks(declared: Declared, problems: string[]): readonly Mark[] {
  const { schemas, signals, vars, session } = declared
  const all: readonly (readonly [string, Schema])[] = [
    ...schemas,
    ...[...signals].map(([name, schema]) => [`signal ${name}`, schema] as const),
    ['vars', vars],
    ...(session ? [['session', session] as const] : []),
  ]
  const marks: Mark[] = []
  for (const [where, schema] of all) {
    if (typeof (schema as Schema | undefined)?.['~standard']?.validate !== 'function') {
      problems.push(`${where}: its schema is ${quote(schema)}, not a Zod or other Standard Schema`)
      continue
    }
    const found = walkSchema(schema)
    marks.push(...found.marks.map((mark) => ({ where, ...mark })))
    problems.push(...found.problems.map((problem) => `${where}: ${problem}`))
  }
  return marks
}
