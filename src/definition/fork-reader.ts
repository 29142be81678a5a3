import { quote } from '../errors/stepwright-error.ts'
import type { Schema } from '../model/schema.ts'
import type { Declared } from './declared.ts'
import type {
  Branch,
  ChildSpec,
  ChildState,
  JoinRule,
  MapState,
  ParallelState,
  StateDefinition,
} from './definition.ts'
import type { Handler } from './handlers.ts'
import type { OptionReader } from './option-reader.ts'
import type { AnyClass } from './shape.ts'

/** What every state that a run can leave has in common. */
export type Common = Omit<Extract<StateDefinition, { kind: 'step' }>, 'kind' | 'to' | 'cache'>

/** What a state with parts is read from. */
export interface ForkParts {
  readonly common: Common
  readonly to: readonly string[]
  readonly options: Handler['options']
  readonly where: string
  readonly option: OptionReader
  /** Decorated methods of the state besides its handler. */
  readonly others: readonly Handler[]
  readonly declared: Declared
}

export function readMap({ common, to, options, where, option, declared }: ForkParts): MapState {
  const { over, reduce, onError = 'fail' } = options
  if (typeof over !== 'function') option.problem(`${where}: over is ${quote(over)}, not a function`)
  const schema = declared.items.get(common.name)
  const child = options['workflow'] !== undefined || options['input'] !== undefined
  if (!child && !schema)
    option.problem(`${where}: the schema of one result is missing; declare items: { [${common.name}]: ... }`)
  if (!child && typeof reduce !== 'function')
    option.problem(`${where}: reduce is ${quote(reduce)}, not a function`)
  const { method, retry, timeoutMs, heartbeatMs } = common
  return {
    kind: 'map',
    ...common,
    to,
    over: over as MapState['over'],
    item: child
      ? readSpec(options, where, option)
      : { method, retry, timeoutMs, heartbeatMs, schema: schema as Schema },
    reduce: reduce as MapState['reduce'],
    concurrency: option.count(options['concurrency'], 8, 1, `${where}: concurrency`),
    tolerance: readTolerance(onError, where, option),
    collects: onError !== 'fail',
    most: option.count(options['most'], 100_000, 1, `${where}: most`),
  }
}

function readTolerance(onError: unknown, where: string, option: OptionReader): MapState['tolerance'] {
  if (onError === 'fail') return { count: 0 }
  if (onError === 'collect') return { count: Infinity }
  const threshold = (onError as { threshold?: unknown } | undefined)?.threshold
  if (Number.isSafeInteger(threshold) && (threshold as number) >= 0) return { count: threshold as number }
  const percent = typeof threshold === 'string' ? Number(/^(\d+(?:\.\d+)?)%$/.exec(threshold)?.[1]) : NaN
  if (percent >= 0 && percent <= 100) return { share: percent / 100 }
  option.problem(
    `${where}: onError is ${quote(onError)}, not 'fail', 'collect' or { threshold } with a whole number or a percentage`,
  )
  return { count: 0 }
}

export function readParallel({
  common,
  to,
  options,
  where,
  option,
  others,
  declared,
}: ForkParts): ParallelState {
  const schemas = declared.branches.get(common.name) ?? new Map<string, Schema>()
  const decorated = others.filter((h) => h.kind === 'branch')
  const branches = new Map<string, Branch>()
  for (const [name, schema] of schemas) {
    const own = decorated.filter((h) => h.options['branch'] === name)
    if (own.length !== 1)
      option.problem(
        `${where}: the branch ${quote(name)} has ${own.length === 0 ? 'no' : own.length} @branch method${own.length > 1 ? 's' : ''}`,
      )
    const [handler] = own
    const undos = others.filter((h) => h.kind === 'compensate' && h.options['branch'] === name)
    if (undos.length > 1)
      option.problem(`${where}: the branch ${quote(name)} has ${undos.length} @compensate methods`)
    const [undo] = undos
    const options = handler?.options ?? {}
    branches.set(name, {
      ...option.work(
        handler?.method ?? '',
        options,
        `${handler?.method ?? 'no method'} (${quote(`${common.name}/${name}`)})`,
      ),
      schema,
      description: options['description'] as string | undefined,
      undo:
        undo &&
        option.work(undo.method, undo.options, `${undo.method} (undo of ${where}, branch ${quote(name)})`),
    })
  }
  for (const h of others) {
    const name = h.options['branch']
    if (name !== undefined && !schemas.has(name as string))
      option.problem(`${h.method}: @${h.kind} names the branch ${quote(name)}, which ${where} does not have`)
  }
  if (branches.size === 0)
    option.problem(`${where} has no branches; declare branches: { [${common.name}]: ... }`)
  const join = (options['join'] ?? 'all') as JoinRule
  if (typeof join === 'number') {
    if (!Number.isSafeInteger(join) || join < 1 || join > branches.size)
      option.problem(
        `${where}: join is ${quote(join)}, and it has ${branches.size} branches, so it can never be satisfied`,
        'impossible-join',
      )
  } else if (typeof join !== 'function' && !['all', 'any', 'settled'].includes(join))
    option.problem(`${where}: join is ${quote(join)}, not 'all', 'any', 'settled', a number or a function`)
  return { kind: 'parallel', ...common, to, branches, join }
}

export function readChild({ common, to, options, where, option }: ForkParts): ChildState {
  const on = option.awaited(options['on'], where)
  const expires = option.expiry(options['expires'], `${where}: expires`)
  const detached = options['detached'] === true
  if (detached && (on.size > 0 || expires))
    option.problem(`${where} is detached, so it does not wait for anything`)
  const id = options['id']
  if (id !== undefined && typeof id !== 'function')
    option.problem(`${where}: id is ${quote(id)}, not a function`)
  return {
    kind: 'child',
    ...common,
    to,
    on,
    expires,
    child: readSpec(options, where, option),
    childId: id as ChildState['childId'],
    detached,
  }
}

function readSpec({ workflow, input }: Handler['options'], where: string, option: OptionReader): ChildSpec {
  if (typeof workflow !== 'function')
    option.problem(`${where}: workflow is ${quote(workflow)}, not a workflow class`)
  if (typeof input !== 'function') option.problem(`${where}: input is ${quote(input)}, not a function`)
  return { workflow: workflow as AnyClass, input: input as ChildSpec['input'] }
}
