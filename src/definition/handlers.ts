import { StepwrightError } from '../errors/stepwright-error.ts'

// Standard decorators hand over metadata only where this symbol exists, and no engine has it yet.
;(Symbol as { metadata?: symbol }).metadata ??= Symbol.for('Symbol.metadata')

/** The decorators of methods. The first seven handle a state; the others belong to one, or to none. */
export const HANDLER_KINDS = [
  'step',
  'wait',
  'timer',
  'map',
  'children',
  'parallel',
  'child',
  'branch',
  'reminder',
  'compensate',
  'query',
] as const

/** One of {@link HANDLER_KINDS}. */
export type HandlerKind = (typeof HANDLER_KINDS)[number]

/** One decorated method. */
export interface Handler {
  readonly kind: HandlerKind
  /** The state as the decorator was given it; for a query its name. */
  readonly state: unknown
  readonly method: string
  readonly options: Readonly<Record<string, unknown>>
  /** The declaration whose decorator it was: a class cannot mix two. */
  readonly of: object
}

const HANDLERS = Symbol('stepwright.handlers')

/** Notes a decorated method in the class's metadata: inherited ones first, a redefined one in the place of the old. */
export function noteHandler(context: ClassMethodDecoratorContext, handler: Omit<Handler, 'method'>): void {
  const { kind, name, metadata } = context as Partial<ClassMethodDecoratorContext>
  if (kind !== 'method' || metadata === undefined) {
    throw new StepwrightError('invalid-definition', {
      what: `@${handler.kind} on ${String(name)} was not called as a standard decorator of a method`,
      remedy: 'Compile with TypeScript 5.2 or newer, target es2023 or lower, without experimentalDecorators',
    })
  }
  if (context.private || context.static || typeof name === 'symbol') {
    throw new StepwrightError('invalid-definition', {
      what: `@${handler.kind} is on ${String(name)}, which is ${context.static ? 'static' : 'private or a symbol'}`,
      remedy: 'Put it on a public method with a name',
    })
  }
  const method = String(name)
  const holder = metadata as { [HANDLERS]?: readonly Handler[] }
  const others = (holder[HANDLERS] ?? []).filter(
    (h) => h.method !== method || h.state !== handler.state || h.kind !== handler.kind,
  )
  // an own property: the parent's list must not change
  Object.defineProperty(metadata, HANDLERS, {
    value: [...others, { ...handler, method }],
    configurable: true,
  })
}

const MIGRATIONS = Symbol('stepwright.migrations')

/** Notes how runs of an older version are mapped. */
export function noteMigration({ metadata }: ClassDecoratorContext, options: object): void {
  const noted = migrationsOf(metadata)
  Object.defineProperty(metadata, MIGRATIONS, { value: [...noted, options], configurable: true })
}

/** The migrations noted on a class. */
export function migrationsOf(metadata: DecoratorMetadata | undefined): readonly object[] {
  const own = metadata && Object.hasOwn(metadata, MIGRATIONS)
  return (own && (metadata as { [MIGRATIONS]?: readonly object[] })[MIGRATIONS]) || []
}

/** The decorated methods of a class, inherited ones included. */
export function handlersOf(metadata: DecoratorMetadata | undefined): readonly Handler[] {
  return (metadata as { [HANDLERS]?: readonly Handler[] } | undefined)?.[HANDLERS] ?? []
}
