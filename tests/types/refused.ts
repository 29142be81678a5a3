// Every line with a comment `//!` must be refused by the compiler, with that text in the message.
// The test compiles this file and compares; see refused.test.ts.
import { z } from 'zod'
import { createEngine, resources, states, type Context, type Input, type ShapeOf, type Signal } from '../../src/index.ts'

enum State { Draft = 'draft', Check = 'check', Review = 'review', Published = 'published', Rejected = 'rejected' }
const Article = states(State, {
  [State.Draft]: z.object({ topic: z.string(), notes: z.string().default('') }),
  [State.Check]: z.object({ text: z.string() }),
  [State.Review]: z.object({ text: z.string() }),
  [State.Published]: z.object({ text: z.string() }),
  [State.Rejected]: z.object({ reason: z.string() }),
}, {
  initial: State.Draft,
  final: [State.Published, State.Rejected],
  signals: { approve: z.object({ by: z.string() }), revise: z.object({ notes: z.string() }) },
  vars: z.object({ rounds: z.number().default(0), tags: z.array(z.string()).default([]) }),
  session: z.object({ style: z.string().default('plain') }),
  resources: resources<{ llm: { text(prompt: string): Promise<string> } }>(),
})
const { workflow, step, wait, go } = Article
type D = ShapeOf<typeof Article>
type In<S extends State> = Input<D, S>
type Ctx = Context<D>
type On<N extends keyof D['signals']> = Signal<D, N>

@workflow({ name: 'article' })
class ArticleWorkflow {
  @step(State.Draft, { to: [State.Check, State.Rejected], retry: { maxAttempts: 4 }, timeout: '60s', catch: { to: State.Rejected, with: (f) => ({ reason: f.message }) } })
  async draft({ topic, notes }: In<State.Draft>, { llm, session, vars }: Ctx) {
    if (!topic) return go(State.Rejected, { reason: 'no topic' })
    const text = await llm.text(`${topic} ${session.style} ${notes}`)
    return go(State.Check, { text }, { rounds: vars.rounds + 1 })
  }
  @step(State.Check, { to: State.Review }) check({ text }: In<State.Check>) { return go(State.Review, { text }) }
  @wait(State.Review, { on: { approve: State.Published, revise: [State.Draft, State.Rejected] }, expires: { after: '48h', to: State.Rejected, with: { reason: 'nobody looked' } } })
  review(e: On<'approve' | 'revise'>, { text }: In<State.Review>) {
    return e.type === 'approve' ? go(State.Published, { text }) : go(State.Draft, { topic: text, notes: e.notes })
  }
  @step(State.Published) published({ text }: In<State.Published>) { console.log(text) }
}

// targets and payloads
export class A01 { @step(State.Draft, { to: State.Review }) m({ topic }: In<State.Draft>) { return go(State.Published, { text: topic }) } } //! "draft\" goes to \"published\", but declares only \"review\"
export class A02 { @step(State.Draft, { to: State.Review }) m({ topic }: In<State.Draft>) { return go(State.Review, { txet: topic }) } } //! 'txet' does not exist in type
export class A03 { @step(State.Draft, { to: State.Review }) m(_: In<State.Draft>) { return go(State.Review, { text: 1 }) } } //! Type 'number' is not assignable to type 'string'
export class A04 { @step(State.Draft, { to: State.Review }) m({ topic }: In<State.Draft>) { return go(State.Review, { text: topic, extra: 1 }) } } //! 'extra' does not exist in type
export class A05 { @step(State.Draft, { to: State.Review }) m({ text }: In<State.Review>) { return go(State.Review, { text }) } } //! handler of \"draft\" must take (In<\"draft\">, context)
export class A06 { @step(State.Draft, { to: State.Review }) m({ topic }: In<State.Draft>) { if (topic) return go(State.Review, { text: topic }) } } //! handler of \"draft\" can end without go(...): a missing return
export class A07 { @step(State.Draft, { to: State.Review }) async m({ topic }: In<State.Draft>) { console.log(topic) } } //! handler of \"draft\" can end without go(...)
export class A08 { @step(State.Draft, { to: State.Review }) m({ topic }: In<State.Draft>) { return { state: State.Review, data: { text: topic } } } } //! a hand-made object?
export class A09 { @step(State.Draft) m({ topic }: In<State.Draft>) { return go(State.Review, { text: topic }) } } //! \"draft\" needs \"to\"
// resources and context
export class B01 { @step(State.Draft, { to: State.Review }) m({ topic }: In<State.Draft>, { lllm }: Ctx) { return go(State.Review, { text: topic + lllm }) } } //! Property 'lllm' does not exist
export class B02 { @step(State.Draft, { to: State.Review }) m({ topic }: In<State.Draft>, { db }: { db: { query(): string } }) { return go(State.Review, { text: topic + db.query() }) } } //! its last parameter is not this workflow's context
export class B03 { @step(State.Draft, { to: State.Review }) m(_: In<State.Draft>, { vars }: Ctx) { vars.rounds += 1; return go(State.Review, { text: '' }) } } //! Cannot assign to 'rounds' because it is a read-only property
export class B04 { @step(State.Draft, { to: State.Review }) m(_: In<State.Draft>) { return go(State.Review, { text: '' }, { round: 1 }) } } //! 'round' does not exist in type
export class B05 { @step(State.Draft, { to: State.Review }) m(_: In<State.Draft>, { session }: Ctx) { session.style = 'x'; return go(State.Review, { text: '' }) } } //! Cannot assign to 'style' because it is a read-only property
// signals
export class C01 { @wait(State.Review, { on: { aprove: State.Published } }) m(e: On<'approve'>, { text }: In<State.Review>) { return go(State.Published, { text: text + e.by }) } } //! 'aprove' does not exist in type
export class C02 { @wait(State.Review, { on: { approve: State.Published } }) m(e: On<'revise'>, { text }: In<State.Review>) { return go(State.Published, { text: text + e.notes }) } } //! handler of \"review\" must take (On<approve>, In<\"review\">, context)
export class C03 { @wait(State.Review, { on: { approve: State.Published } }) m(e: On<'approve'>, { text }: In<State.Review>) { return e.by ? go(State.Published, { text }) : go(State.Draft, { topic: '' }) } } //! \"review\" goes to \"draft\", but declares only \"published\"
export class C04 { @wait(State.Review, { on: { approve: State.Published }, expires: { after: '1h', to: State.Rejected, with: { why: 'x' } } }) m(e: On<'approve'>, { text }: In<State.Review>) { return go(State.Published, { text: text + e.by }) } } //! 'why' does not exist in type
export class C05 { @wait(State.Review, { on: { approve: State.Published }, expires: { after: '1 hour', to: State.Rejected, with: { reason: 'x' } } }) m(e: On<'approve'>, { text }: In<State.Review>) { return go(State.Published, { text: text + e.by }) } } //! "1 hour"
// classes and final states
@workflow() class D01 { @step(State.Draft, { to: State.Review }) m({ topic }: In<State.Draft>) { return go(State.Review, { text: topic }) } } //! no public handler for state
export class D02 { @step(State.Published, { to: State.Review }) m(_: In<State.Published>) { return go(State.Review, { text: '' }) } } //! \"published\" is final: it has no \"to\"
export class D03 { @step(State.Published) m({ text }: In<State.Published>) { return go(State.Review, { text }) } } //! \"published\" is final: it goes nowhere
export class D04 { @step(State.Published) m({ text }: In<State.Published>) { return text.length } } //! \"published\" is final: its handler returns nothing, or what fits its schema
export class D05 { @step(State.Draft, { to: State.Review, effect: 'undoabel' }) m({ topic }: In<State.Draft>) { return go(State.Review, { text: topic }) } } //! "undoabel"
export class D06 { @step(State.Draft, { to: State.Review, catch: { to: State.Rejected, with: { why: 'x' } } }) m({ topic }: In<State.Draft>) { return go(State.Review, { text: topic }) } } //! 'why' does not exist in type
// declarations
enum Two { A = 'a', B = 'b' }
const two = { [Two.A]: z.object({}), [Two.B]: z.object({ n: z.number() }) }
export const E01 = states(Two, { [Two.A]: z.object({}) }, { initial: Two.A, final: Two.B }) //! Property '[Two.B]' is missing
export const E02 = states(Two, { ...two, tow: z.object({}) }, { initial: Two.A, final: Two.B }) //! the enum has no state tow
export const E03 = states(Two, two, { initial: Two.A, final: Two.B, session: z.object({ style: z.string() }) }) //! the schema of session must accept {}: give each field a default
export const E04 = states(Two, two, { initial: Two.A, final: Two.B, vars: z.object({ n: z.number() }) }) //! the schema of vars must accept {}: give each field a default
// numeric enums and const objects
enum N { START, MID, END }
const Num = states(N, { [N.START]: z.object({}), [N.MID]: z.object({ n: z.number() }), [N.END]: z.object({ n: z.number() }) }, { initial: N.START, final: N.END })
type ND = ShapeOf<typeof Num>
export class F01 { @Num.step(N.START, { to: N.MID }) m(_: Input<ND, N.START>) { return Num.go(N.END, { n: 1 }) } } //! \"START\" goes to \"END\", but declares only \"MID\"
@Num.workflow() class F02 { @Num.step(N.START, { to: N.MID }) m(_: Input<ND, N.START>) { return Num.go(N.MID, { n: 1 }) } } //! no public handler for state \"MID\"
const Obj = { Ask: 'ask', Done: 'done' } as const
const Ob = states(Obj, { [Obj.Ask]: z.object({}), [Obj.Done]: z.object({ n: z.number() }) }, { initial: Obj.Ask, final: Obj.Done })
export class F03 { @Ob.step(Obj.Ask, { to: 'dnoe' }) m(_: Input<ShapeOf<typeof Ob>, 'ask'>) { return Ob.go('done', { n: 1 }) } } //! "dnoe"
// the engine
@Ob.workflow() class Quiz { @Ob.step(Obj.Ask, { to: Obj.Done }) m(_: Input<ShapeOf<typeof Ob>, 'ask'>) { return Ob.go('done', { n: 1 }) } }
const llm = { text: async (prompt: string) => prompt }
const engine = createEngine({ workflows: [ArticleWorkflow], resources: { llm } })
export const G01 = createEngine({ workflows: [ArticleWorkflow] }) //! Property 'resources' is missing
export const G02 = createEngine({ workflows: [ArticleWorkflow], resources: { llm: { text: (p: string) => p } } }) //! Type 'string' is not assignable to type 'Promise<string>'
export const G03 = engine.start(Quiz, {}) //! is not assignable to parameter of type 'typeof ArticleWorkflow'
export const G04 = engine.start(ArticleWorkflow, { topc: 'x' }) //! 'topc' does not exist in type
export async function G05() { const run = await engine.start(ArticleWorkflow, { topic: 'x' }); await run.signal('aprove', { by: 'ada' }) } //! '"aprove"' is not assignable to parameter of type '"approve" | "revise"'
export async function G06() { const run = await engine.start(ArticleWorkflow, { topic: 'x' }); await run.signal('approve', { by: 1 }) } //! Type 'number' is not assignable to type 'string'
export async function G07() { const run = await engine.start(ArticleWorkflow, { topic: 'x' }); const out = await run.result(); console.log(out.data.text) } //! Property 'text' does not exist on type
export async function fine() {
  const run = await engine.start(ArticleWorkflow, { topic: 'x' }, { id: 'a', session: 'ada' })
  const out = await run.result()
  return out.state === State.Published ? out.data.text : out.data.reason
}
