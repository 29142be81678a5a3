import { z } from 'zod'
import { StepwrightError } from '../../src/errors/stepwright-error.ts'
import type { Input, ShapeOf } from '../../src/definition/shape.ts'
import { states } from '../../src/definition/states.ts'

/** A decorated method: its name, its decorator, and what that is called with. */
export type Method = readonly [name: string, decorator: string, ...args: readonly unknown[]]

/** What the class is decorated with besides. */
export interface OnClass {
  readonly workflow?: object
  readonly migrate?: readonly object[]
}

/** What is wrong with a class, without the compiler's opinion: it would refuse most of it. */
export function problemsOf(
  declaration: object,
  methods: readonly Method[],
  onClass: OnClass = {},
): readonly string[] {
  const decorators = declaration as Readonly<
    Record<string, (...args: readonly unknown[]) => (...args: unknown[]) => void>
  >
  const metadata = Object.create(null) as DecoratorMetadata
  class Wrong {}
  for (const [name, decorator, ...args] of methods)
    decorators[decorator]?.(...args)(() => undefined, {
      kind: 'method',
      name,
      metadata,
      static: false,
      private: false,
    })
  for (const options of onClass.migrate ?? []) decorators['migrate']?.(options)(Wrong, { metadata })
  try {
    decorators['workflow']?.(onClass.workflow)(Wrong, { metadata })
  } catch (error) {
    if (error instanceof StepwrightError && error.code === 'invalid-definition')
      return (error.details as { problems: readonly string[] }).problems
    throw error
  }
  return []
}

const any = z.object({})
const Sub = states({ A: 'a', B: 'b' }, { a: any, b: any }, { initial: 'a', final: 'b' })
@Sub.workflow()
export class SubWorkflow {
  @Sub.step('a', { to: 'b' }) a(_: Input<ShapeOf<typeof Sub>, 'a'>) {
    return Sub.go('b', {})
  }
}

/** The states of {@link SOUND}. */
export const S = {
  Score: 'score',
  Check: 'check',
  Ask: 'ask',
  AskAll: 'askAll',
  Sleep: 'sleep',
  Review: 'review',
  Send: 'send',
  Done: 'done',
  Gone: 'gone',
} as const
/** Schemas and options that nothing is wrong with. */
export const SCHEMAS = {
  score: any,
  check: any,
  ask: any,
  askAll: any,
  sleep: any,
  review: any,
  send: any,
  done: any,
  gone: any,
}
export const OPTIONS = {
  initial: S.Score,
  final: [S.Done, S.Gone],
  signals: { approve: any, stop: any },
  replies: { stop: any },
  queries: { progress: any },
  items: { score: z.number() },
  branches: { check: { facts: z.boolean(), tone: z.string() } },
} as const

/** Methods that nothing is wrong with, one for each kind of state. */
export const SOUND: readonly Method[] = [
  ['score', 'map', S.Score, { over: () => [], reduce: () => undefined, to: S.Check }],
  ['facts', 'branch', S.Check, 'facts'],
  ['tone', 'branch', S.Check, 'tone'],
  ['check', 'parallel', S.Check, { to: S.Ask }],
  ['asked', 'child', S.Ask, { workflow: SubWorkflow, input: () => ({}), to: S.AskAll }],
  [
    'askedAll',
    'children',
    S.AskAll,
    { workflow: SubWorkflow, over: () => [], input: () => ({}), to: S.Sleep },
  ],
  ['awake', 'timer', S.Sleep, { for: '3d', to: S.Review }],
  ['review', 'wait', S.Review, { on: { approve: S.Send, stop: S.Gone } }],
  ['send', 'step', S.Send, { to: S.Done }],
  ['progress', 'query', 'progress'],
]

/** What is wrong when options of sound methods are changed, and others are added. */
export function wrongWith(
  changes: Readonly<Record<string, object | null>>,
  added: readonly Method[] = [],
  onClass: OnClass & { readonly options?: object; readonly schemas?: object } = {},
): readonly string[] {
  const methods = SOUND.flatMap(([name, decorator, state, options, ...more]): Method[] => {
    const change = changes[name]
    if (change === null) return []
    return [
      [
        name,
        decorator,
        state,
        ...(typeof options === 'object'
          ? [{ ...options, ...change }]
          : options === undefined
            ? []
            : [options, change]),
        ...more,
      ],
    ]
  })
  const { options, schemas, ...rest } = onClass
  const declaration = states(S, { ...SCHEMAS, ...schemas }, { ...OPTIONS, ...options })
  return problemsOf(declaration, [...methods, ...added], rest)
}
