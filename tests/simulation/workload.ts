/** What simulated runs do: every kind of state, with handlers that fail by chance and note each call. */
import { z } from 'zod'
import {
  FatalError,
  resources,
  states,
  type Context,
  type Input,
  type Joined,
  type Moved,
  type ShapeOf,
  type Signal,
} from 'stepwright'

/** The world outside the runs. */
export interface Outside {
  /** Notes a call; throws, by chance, as the real one would. */
  call(what: string, key: string): void
}

const none = z.object({})
const Leaf = states(
  { Do: 'do', Done: 'done' },
  { do: z.object({ n: z.number() }), done: z.object({ n: z.number() }) },
  { initial: 'do', final: 'done', resources: resources<{ outside: Outside }>() },
)
@Leaf.workflow({ name: 'leaf' })
export class LeafWorkflow {
  @Leaf.step('do', { to: 'done', retry: { maxAttempts: 4 }, timeout: '52w' })
  do({ n }: Input<ShapeOf<typeof Leaf>, 'do'>, { outside, run }: Context<ShapeOf<typeof Leaf>>) {
    outside.call('leaf', run.idempotencyKey)
    return Leaf.go('done', { n })
  }
}

const S = {
  Book: 'book',
  Check: 'check',
  Each: 'each',
  Child: 'child',
  Ask: 'ask',
  Rest: 'rest',
  Pay: 'pay',
  Done: 'done',
  Refused: 'refused',
} as const
const Tree = states(
  S,
  {
    book: none,
    check: none,
    each: none,
    child: none,
    ask: none,
    rest: none,
    pay: none,
    done: none,
    refused: none,
  },
  {
    initial: 'book',
    final: ['done', 'refused'],
    signals: { yes: z.object({ n: z.number() }), no: none },
    vars: z.object({ answers: z.array(z.number()).default([]) }),
    session: z.object({ paid: z.number().default(0) }),
    items: { each: z.number() },
    branches: { check: { left: z.string(), right: z.string() } },
    resources: resources<{ outside: Outside }>(),
  },
)
type D = ShapeOf<typeof Tree>
type In<K extends D['state']> = Input<D, K>
type Ctx = Context<D>
const { step, parallel, branch, map, child, wait, timer, compensate, go } = Tree
/** No attempt is out of time: the clock jumps while calls of the store are held back, which no handler can help. */
const timeout = '52w'
const retry = { maxAttempts: 4, initialInterval: '2s' } as const

@Tree.workflow({ name: 'tree' })
export class TreeWorkflow {
  @step('book', { to: 'check', retry, timeout })
  async book(_: In<'book'>, { outside, run, memo }: Ctx) {
    await memo('reserve', () => outside.call('reserve', run.idempotencyKey))
    outside.call('book', run.idempotencyKey)
    return go('check', {})
  }
  @compensate('book', { retry: { maxAttempts: 50, initialInterval: '1s' }, timeout })
  unbook(_: In<'book'>, _to: Moved<D>, { outside, run }: Ctx) {
    outside.call('unbook', run.idempotencyKey)
  }

  @branch('check', 'left', { retry, timeout })
  left(_: In<'check'>, { outside, run }: Ctx) {
    outside.call('left', run.idempotencyKey)
    return 'left'
  }
  @branch('check', 'right', { retry, timeout })
  async right(_: In<'check'>, { outside, run, memo }: Ctx) {
    await memo('m', () => 1)
    outside.call('right', run.idempotencyKey)
    return 'right'
  }
  @parallel('check', { to: 'each' })
  check(_: Joined<D, 'check'>) {
    return go('each', {})
  }

  @map('each', {
    over: () => [0, 1, 2, 3],
    concurrency: 2,
    to: 'child',
    retry,
    timeout,
    onError: 'collect',
    reduce: () => go('child', {}),
  })
  each(n: number, _: In<'each'>, { outside, run }: Ctx) {
    outside.call('each', run.idempotencyKey)
    return n
  }

  @child('child', {
    workflow: LeafWorkflow,
    input: () => ({ n: 1 }),
    to: 'ask',
    catch: { to: 'refused', with: {} },
  })
  child(_: unknown, _in: In<'child'>) {
    return go('ask', {})
  }

  @wait('ask', {
    on: { yes: ['ask', 'rest'], no: 'refused' },
    expires: { after: '1h', to: 'refused', with: {} },
  })
  ask(e: Signal<D, 'yes' | 'no'>, _: In<'ask'>, { vars }: Ctx) {
    if (e.type === 'no') return go('refused', {})
    const answers = [...vars.answers, e.n]
    return go(answers.length < 2 ? 'ask' : 'rest', {}, { answers })
  }

  @timer('rest', { for: '20s', to: 'pay' })
  rest(_: In<'rest'>) {
    return go('pay', {})
  }

  @step('pay', { to: 'done', retry, timeout })
  pay(_: In<'pay'>, { outside, run, session }: Ctx) {
    outside.call('pay', run.idempotencyKey)
    if (run.id.endsWith('broke')) throw new FatalError('no money')
    session.update(({ paid }) => ({ paid: paid + 1 }))
    return go('done', {})
  }
}
