import { z } from 'zod'
import type { Input, Joined, ShapeOf, Signal } from '../../../src/definition/shape.ts'
import { states } from '../../../src/definition/states.ts'
import { FatalError, RetryableError } from '../../../src/model/failure.ts'

/** How the run is to go. */
const plan = z.object({
  retries: z.number().default(0),
  bad: z.boolean().default(false),
  items: z.number().default(2),
  badItems: z.number().default(0),
  rounds: z.number().default(0),
})
const T = states(
  { Book: 'book', Each: 'each', Both: 'both', Ask: 'ask', Lost: 'lost', Done: 'done' },
  { book: plan, each: plan, both: plan, ask: plan, lost: plan, done: plan },
  {
    initial: 'book',
    final: ['lost', 'done'],
    signals: { yes: z.object({}), again: z.object({}) },
    items: { each: z.number() },
    branches: { both: { left: z.number(), right: z.number() } },
  },
)
type D = ShapeOf<typeof T>
type In<S extends D['state']> = Input<D, S>

let tries = 0

/** A workflow that fails and loops as it is told: an undoable step, a map, branches and a wait. */
@T.workflow({ name: 'journey' })
export class Journey {
  @T.step('book', {
    to: 'each',
    retry: { maxAttempts: 3, initialInterval: '20s', jitter: 'none' },
    catch: { error: FatalError, to: 'lost', with: (_, input) => input },
  })
  book(input: In<'book'>) {
    if (input.bad) throw new FatalError('bad')
    if (tries++ < input.retries) throw new RetryableError('later')
    tries = 0
    return T.go('each', input)
  }
  @T.compensate('book') unbook() {}

  @T.map('each', {
    over: ({ items }) => Array.from({ length: items }, (_, i) => i),
    onError: { threshold: 1 },
    to: 'both',
    reduce: (_, input) => T.go('both', input),
  })
  each(item: number, { badItems }: In<'each'>) {
    if (item < badItems) throw new FatalError('no such item')
    return item
  }

  @T.branch('both', 'left') left(_: In<'both'>) {
    return 1
  }
  @T.branch('both', 'right') right(_: In<'both'>) {
    return 2
  }
  @T.parallel('both', { to: 'ask' }) both(_: Joined<D, 'both'>, input: In<'both'>) {
    return T.go('ask', input)
  }

  @T.wait('ask', {
    on: { yes: 'done', again: 'ask' },
    expires: { after: '2h', to: 'lost', with: (input) => input },
  })
  ask(e: Signal<D, 'yes' | 'again'>, input: In<'ask'>) {
    return e.type === 'yes' ? T.go('done', input) : T.go('ask', { ...input, rounds: input.rounds + 1 })
  }
}
