import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import { toMs, type Duration } from '../model/duration.ts'
import type { Allowed } from '../model/rule.ts'
import type { Schema } from '../model/schema.ts'
import type { Declared } from './declared.ts'
import type { CatchEdge, Reminder, StateDefinition, Transaction, Work } from './definition.ts'
import { readChild, readMap, readParallel, type Common } from './fork-reader.ts'
import type { Handler } from './handlers.ts'
import type { OptionReader } from './option-reader.ts'
import type { Effect, WorkflowOptions } from './policy.ts'
import type { Key } from './shape.ts'

const EFFECTS: readonly unknown[] = ['none', 'idempotent', 'undoable', 'irreversible'] satisfies Effect[]
const HANDLE: readonly string[] = ['step', 'wait', 'timer', 'map', 'children', 'parallel', 'child']

/** Reads the states one by one. */
export class StateReader {
  readonly #declared: Declared
  readonly #handlers: readonly Handler[]
  readonly #option: OptionReader
  readonly #caught: readonly CatchEdge[]
  readonly transactions: ReadonlyMap<string, Transaction>
  readonly #rescues = new Map<string, readonly CatchEdge[]>()

  constructor(
    declared: Declared,
    handlers: readonly Handler[],
    option: OptionReader,
    { catch: caught }: WorkflowOptions,
  ) {
    this.#declared = declared
    this.#handlers = handlers
    this.#option = option
    this.#caught = option.catches(caught, 'workflow', 'workflow: catch')
    this.transactions = new Map(
      Object.entries(declared.transactions).map(([name, { states, catch: rescue }]) => {
        const where = `transaction ${quote(name)}`
        if (rescue === undefined)
          option.problem(`${where} needs "catch": where the run goes once it is undone`)
        this.#rescues.set(name, option.catches(rescue, 'transaction', `${where}: catch`, name))
        return [name, { name, states: option.targets(states, `${where}: states`) }]
      }),
    )
  }

  /** Reads one state; what is wrong is noted as wrong there. */
  read(name: string, member: Key): StateDefinition {
    this.#option.state = name
    try {
      return this.#read(name, member)
    } finally {
      this.#option.state = undefined
    }
  }

  #read(name: string, member: Key): StateDefinition {
    const own = this.#handlers.filter((h) => h.state === member && h.kind !== 'query')
    const handling = own.filter((h) => HANDLE.includes(h.kind))
    const [handler] = handling
    const isFinal = this.#declared.final.includes(member)
    const problem = (text: string): void => void this.#option.problem(text)
    if (handling.length > 1)
      problem(`${quote(name)} has ${handling.length} handlers: ${handling.map((h) => h.method).join(', ')}`)
    if (!handler && !isFinal) problem(`${quote(name)} has no handler`)
    const schema = this.#declared.schemas.get(name)
    if (!schema) problem(`${quote(name)} has no schema`)

    const options = handler?.options ?? {}
    const where = `${handler?.method ?? 'no method'} (${quote(name)})`
    const effect = (options['effect'] ?? 'idempotent') as Effect
    if (!EFFECTS.includes(effect))
      problem(`${where}: effect is ${quote(effect)}, not one of ${EFFECTS.join(', ')}`)
    const { method, ...tried } = this.#option.work(handler?.method ?? '', options, where)
    const handled = {
      name,
      member,
      description: options['description'] as string | undefined,
      schema: schema as Schema,
      ...tried,
      effect,
      ...(options['effect'] === undefined ? { effectAssumed: true as const } : {}),
      ...(options['redacts'] === undefined ? {} : { redacts: this.#redacts(options['redacts'], where) }),
      ...(options['allow'] === undefined ? {} : { allow: options['allow'] as Allowed }),
    }
    const others = own.filter((h) => !HANDLE.includes(h.kind))
    if (isFinal) {
      if (options['to'] !== undefined) problem(`${where} is final, so it has no "to"`)
      if (handler && handler.kind !== 'step') problem(`${where} is final, so it cannot be a @${handler.kind}`)
      for (const h of others) problem(`${h.method}: @${h.kind} is on ${quote(name)}, which is final`)
      return Object.freeze({ kind: 'final', ...handled, method: handler?.method })
    }
    const kind = handler?.kind ?? 'step'
    const undo = this.#undo(others, kind, where)
    if (effect === 'undoable' && !undo && !others.some((h) => h.kind === 'compensate'))
      problem(`${where} is undoable, but has no @compensate`)
    const transactions = [...this.transactions.values()].filter((t) => t.states.includes(name))
    if (transactions.length > 1)
      problem(
        `${quote(name)} is in ${transactions.length} transactions, ${transactions.map((t) => t.name).join(', ')}`,
      )
    const [transaction] = transactions
    const common: Common = {
      ...handled,
      method,
      catches: [
        ...this.#option.catches(options['catch'], 'state', `${where}: catch`),
        ...(transaction ? (this.#rescues.get(transaction.name) ?? []) : []),
        ...this.#caught.filter((edge) => edge.to !== name),
      ],
      maxVisits: this.#option.maxVisits(options['maxVisits'], `${where}: maxVisits`),
      undo,
      transaction: transaction?.name,
    }
    if (kind !== 'wait')
      for (const h of others.filter((h) => h.kind === 'reminder'))
        problem(`${h.method}: @reminder is on ${quote(name)}, which is not a @wait`)
    if (kind !== 'parallel')
      for (const h of others.filter((h) => h.kind === 'branch'))
        problem(`${h.method}: @branch is on ${quote(name)}, which is not @parallel`)
    return Object.freeze(this.#leaving(kind, common, options, others, where))
  }

  #redacts(option: unknown, where: string): readonly string[] {
    if (Array.isArray(option) && option.every((name) => typeof name === 'string')) return option
    this.#option.problem(`${where}: redacts is ${quote(option)}, not a list of names of fields`)
    return []
  }

  #leaving(
    kind: Handler['kind'],
    common: Common,
    options: Handler['options'],
    others: readonly Handler[],
    where: string,
  ): StateDefinition {
    const option = this.#option
    const to = kind === 'wait' ? [] : option.targets(options['to'], `${where}: to`)
    if (kind !== 'wait' && common.method !== '' && to.length === 0)
      option.problem(`${where} needs "to": the states it may move to`, 'dead-end')
    const parts = { common, to, options, where, option, others, declared: this.#declared }
    switch (kind) {
      case 'wait': {
        const on = option.awaited(options['on'], where)
        const expires = option.expiry(options['expires'], `${where}: expires`)
        if (on.size === 0 && !expires)
          option.problem(
            `${where} waits for neither a signal nor "expires", so it would wait for ever`,
            'dead-end',
          )
        return { kind, ...common, on, expires, reminders: this.#reminders(others, where) }
      }
      case 'timer':
        return { kind, ...common, to, ...this.#due(options, where) }
      case 'map':
      case 'children':
        return readMap(parts)
      case 'parallel':
        return readParallel(parts)
      case 'child':
        return readChild(parts)
      default: {
        const cache = options['cache'] as { key?: unknown; ttl?: unknown } | undefined
        if (cache && typeof cache.key !== 'function')
          option.problem(`${where}: cache.key is ${quote(cache.key)}, not a function`)
        const ttlMs = cache && option.duration(cache.ttl ?? NaN, `${where}: cache.ttl`)
        return {
          kind: 'step',
          ...common,
          to,
          cache: cache && { key: cache.key as (input: unknown) => unknown, ttlMs: ttlMs ?? 0 },
        }
      }
    }
  }

  #undo(others: readonly Handler[], kind: string, where: string): Work | undefined {
    const own = others.filter((h) => h.kind === 'compensate')
    for (const h of own) {
      const { branch } = h.options
      if (branch === undefined ? kind === 'parallel' : kind !== 'parallel')
        this.#option.problem(
          `${h.method}: @compensate of ${where} ${kind === 'parallel' ? 'needs { branch }: a parallel state is undone branch by branch' : 'names a branch, and the state has none'}`,
        )
    }
    const plain = own.filter((h) => h.options['branch'] === undefined)
    if (kind === 'children' && plain[0])
      this.#option.problem(
        `${plain[0].method}: @compensate of ${where}: child runs undo what they did themselves, when they are cancelled or fail`,
      )
    if (plain.length > 1) this.#option.problem(`${where} has ${plain.length} @compensate methods`)
    const [found] = plain
    return found && this.#option.work(found.method, found.options, `${found.method} (undo of ${where})`)
  }

  #reminders(others: readonly Handler[], of: string): readonly Reminder[] {
    return others
      .filter((h) => h.kind === 'reminder')
      .map(({ method, options }) => {
        const where = `${method} (reminder of ${of})`
        const everyMs = this.#option.duration(options['every'], `${where}: every`)
        if (everyMs !== undefined && everyMs < 1_000)
          this.#option.problem(
            `${where}: every is ${quote(options['every'])}, which is shorter than a second`,
          )
        return {
          ...this.#option.work(method, options, where),
          afterMs: this.#option.duration(options['after'] ?? NaN, `${where}: after`) ?? 0,
          everyMs,
          times: this.#option.count(
            options['times'],
            everyMs === undefined ? 1 : Infinity,
            1,
            `${where}: times`,
          ),
        }
      })
  }

  #due(options: Handler['options'], where: string) {
    const { for: length, until } = options
    if ((length === undefined) === (until === undefined))
      this.#option.problem(`${where} needs exactly one of "for" and "until"`)
    if (length !== undefined && typeof length !== 'function') {
      const forMs = this.#option.duration(length, `${where}: for`) ?? 0
      return { forMs, dueAt: (_: unknown, entered: number) => entered + forMs }
    }
    if (typeof length === 'function')
      return {
        forMs: undefined,
        dueAt: (input: unknown, entered: number) =>
          entered + toMs((length as (input: unknown) => Duration)(input), `${where}: for`),
      }
    const read = (value: unknown): number => readDate(value, `${where}: until`)
    if (until !== undefined && typeof until !== 'function') {
      const at = this.#option.attempt(0, () => read(until))
      return {
        forMs: undefined,
        dueAt: (_: unknown, entered: number) => notTooFar(at, entered, `${where}: until`),
      }
    }
    return {
      forMs: undefined,
      dueAt: (input: unknown, entered: number) =>
        notTooFar(read((until as (input: unknown) => unknown)(input)), entered, `${where}: until`),
    }
  }
}

/** A date that is further away than a duration may be long is taken for a mistake. */
function notTooFar(at: number, entered: number, where: string): number {
  toMs(Math.max(0, at - entered), `${where}, from the moment the state is entered,`)
  return at
}

function readDate(value: unknown, where: string): number {
  const at = value instanceof Date ? value.getTime() : NaN
  if (Number.isFinite(at)) return at
  throw new StepwrightError('invalid-options', {
    what: `${where} is ${quote(value)}, which is not a valid Date`,
    remedy: 'Give a Date, or a function that makes one',
  })
}
