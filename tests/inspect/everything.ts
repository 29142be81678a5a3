import { z } from 'zod'
import type {
  Context,
  Input,
  ItemContext,
  Joined,
  Moved,
  OutcomeOf,
  ShapeOf,
  Signal,
} from '../../src/definition/shape.ts'
import { resources, states } from '../../src/definition/states.ts'
import { ChildError, FatalError } from '../../src/model/failure.ts'

const text = z.object({ text: z.string() })

const Sub = states({ Ask: 'ask', Told: 'told' }, { ask: text, told: text }, { initial: 'ask', final: 'told' })
@Sub.workflow({ name: 'second opinion' })
class SubWorkflow {
  @Sub.step('ask', { to: 'told' }) ask({ text }: Input<ShapeOf<typeof Sub>, 'ask'>) {
    return Sub.go('told', { text })
  }
}

enum S {
  Score = 'score',
  Check = 'to check',
  Race = 'race',
  Ask = 'ask',
  AskAll = 'askAll',
  Tell = 'tell',
  Sleep = 'sleep',
  Until = 'until',
  Review = 'review',
  Done = 'done',
  Gone = 'gone',
}
const T = states(
  S,
  {
    [S.Score]: text,
    [S.Check]: text,
    [S.Race]: text,
    [S.Ask]: text,
    [S.AskAll]: text,
    [S.Tell]: text,
    [S.Sleep]: text,
    [S.Until]: z.object({ text: z.string(), at: z.date() }),
    [S.Review]: text,
    [S.Done]: text,
    [S.Gone]: text,
  },
  {
    initial: S.Score,
    final: [S.Done, S.Gone],
    signals: { approve: z.object({ by: z.string().meta({ pii: true }) }), stop: z.object({}) },
    queries: { progress: z.object({ visits: z.number() }) },
    replies: { stop: z.object({}) },
    items: { [S.Score]: z.number() },
    branches: {
      [S.Check]: { facts: z.boolean(), 'the tone': z.string() },
      [S.Race]: { a: z.string(), b: z.string(), c: z.string() },
    },
    transactions: {
      money: {
        states: [S.Ask, S.AskAll],
        catch: { error: ['E_CARD', ChildError], to: S.Gone, with: { text: '' } },
      },
    },
    resources: resources<{ llm: { text(prompt: string): Promise<string> } }>(),
  },
)
type D = ShapeOf<typeof T>
type In<X extends S> = Input<D, X>
type Ctx = Context<D>
const gone = { to: S.Gone, with: { text: '' } } as const

/** A workflow with every construct, for drawings. */
@T.workflow({
  name: 'everything',
  version: 2,
  deadline: '30d',
  catch: [
    { error: TypeError, ...gone },
    { error: SyntaxError, ...gone },
  ],
})
@T.migrate({ from: 1, states: { old: S.Score } })
export class Everything {
  @T.map(S.Score, {
    over: ({ text }) => text.split(' '),
    concurrency: 4,
    to: S.Check,
    reduce: (results) => T.go(S.Check, { text: String(results.length) }),
  })
  score(part: string, _: In<S.Score>, { work }: ItemContext<D, string>) {
    return part.length + work.open
  }
  @T.compensate(S.Score) unscore(result: number, part: string, { log }: Ctx) {
    log.info(`${part}: ${result}`)
  }

  @T.branch(S.Check, 'facts', { description: 'Looks them up' }) facts({ text }: In<S.Check>) {
    return text === 'yes'
  }
  @T.branch(S.Check, 'the tone') tone({ text }: In<S.Check>, { llm }: Ctx) {
    return llm.text(text)
  }
  @T.parallel(S.Check, { to: [S.Race, S.Check], description: 'Facts and tone' }) check({
    facts,
  }: Joined<D, S.Check>) {
    return facts ? T.go(S.Race, { text: '' }) : T.go(S.Check, { text: '' })
  }
  @T.compensate(S.Check, { branch: 'facts' }) unfacts(_: In<S.Check>, facts: boolean) {
    return facts
  }

  @T.branch(S.Race, 'a') a(_: In<S.Race>) {
    return 'a'
  }
  @T.branch(S.Race, 'b') b(_: In<S.Race>) {
    return 'b'
  }
  @T.branch(S.Race, 'c') c(_: In<S.Race>) {
    return 'c'
  }
  @T.parallel(S.Race, { to: S.Ask, join: 2 }) race(_: Joined<D, S.Race, 2>) {
    return T.go(S.Ask, { text: '' })
  }

  @T.child(S.Ask, {
    workflow: SubWorkflow,
    input: ({ text }) => ({ text }),
    to: S.AskAll,
    on: { stop: S.Gone },
    expires: { after: '2d', ...gone },
  })
  asked(e: OutcomeOf<ShapeOf<typeof SubWorkflow>> | Signal<D, 'stop'>, { text }: In<S.Ask>) {
    return 'type' in e ? T.go(S.Gone, { text }) : T.go(S.AskAll, { text })
  }
  @T.compensate(S.Ask) unask({ text }: In<S.Ask>, { state }: Moved<D>) {
    return text + state
  }
  @T.children(S.AskAll, {
    workflow: SubWorkflow,
    over: () => ['1', '2'],
    input: (text) => ({ text }),
    to: S.Tell,
  })
  askedAll(_: readonly OutcomeOf<ShapeOf<typeof SubWorkflow>>[], { text }: In<S.AskAll>) {
    return T.go(S.Tell, { text })
  }
  @T.child(S.Tell, { workflow: SubWorkflow, input: ({ text }) => ({ text }), to: S.Sleep, detached: true })
  told({ id }: { readonly id: string }, _: In<S.Tell>) {
    return T.go(S.Sleep, { text: id })
  }

  @T.timer(S.Sleep, { for: '3d', to: S.Until }) awake({ text }: In<S.Sleep>) {
    return T.go(S.Until, { text, at: new Date(0) })
  }
  @T.timer(S.Until, { until: ({ at }) => at, to: [S.Review, S.Gone] }) due({ text }: In<S.Until>) {
    return T.go(S.Review, { text })
  }

  @T.wait(S.Review, {
    on: { approve: { to: [S.Done, S.Score], count: 2, roles: ['editor', 'chief'] }, stop: S.Gone },
    catch: [
      { error: FatalError, ...gone },
      { error: FatalError, to: S.Gone, with: { text: 'twice' } },
      { error: ['E_A', RangeError], to: S.Done, with: { text: '' } },
      gone,
    ],
    maxVisits: { times: 3, ...gone },
  })
  review(e: Signal<D, 'approve' | 'stop'>, { text }: In<S.Review>, { reply }: Ctx) {
    if (e.type === 'approve') return T.go(S.Done, { text: e.by })
    reply({})
    return T.go(S.Gone, { text })
  }
  @T.reminder(S.Review, { after: '90m', every: '3d', times: 3 }) remind(_: In<S.Review>) {}
  @T.reminder(S.Review, { after: '7d' }) warn(_: In<S.Review>) {}

  @T.query('progress') progress() {
    return { visits: 1 }
  }
}
