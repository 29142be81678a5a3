// Every line with a comment `//!` must be refused by the compiler, with that text in the message.
// The test compiles this file and compares; see refused.test.ts.
import { z } from 'zod'
import { createEngine, resources, states, type Context, type Input, type ItemContext, type Joined, type OutcomeOf, type ShapeOf, type Signal, type Standing } from '../../src/index.ts'
import { prompt } from '../../src/llm/index.ts'

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
// maps, branches, child runs, timers, compensations, queries, migrations, edges
enum R { Score = 'score', Check = 'check', Ask = 'ask', AskAll = 'askAll', Sleep = 'sleep', Review = 'review', Done = 'done', Gone = 'gone' }
const rich = { [R.Score]: z.object({ parts: z.array(z.string()) }), [R.Check]: z.object({ text: z.string() }), [R.Ask]: z.object({ text: z.string() }), [R.AskAll]: z.object({ texts: z.array(z.string()) }), [R.Sleep]: z.object({ until: z.date() }), [R.Review]: z.object({ text: z.string() }), [R.Done]: z.object({ text: z.string() }), [R.Gone]: z.object({ why: z.string() }) }
const richOptions = { initial: R.Score, final: [R.Done, R.Gone], signals: { approve: z.object({ by: z.string() }), stop: z.object({}) }, replies: { stop: z.object({ votes: z.number() }) }, queries: { progress: z.object({ done: z.number() }) }, items: { [R.Score]: z.number() }, branches: { [R.Check]: { facts: z.boolean(), tone: z.string() } } } as const
const Rich = states(R, rich, richOptions)
type RD = ShapeOf<typeof Rich>
type RIn<S extends R> = Input<RD, S>
type RCtx = Context<RD>
const gone = { to: R.Gone, with: { why: '' } } as const
const parts = ({ parts }: { parts: string[] }) => parts
// items
export class H01 { @Rich.map(R.Score, { over: parts, to: R.Check, reduce: () => Rich.go(R.Gone, { why: '' }) }) m(part: string, _: RIn<R.Score>) { return part.length } } //! Type 'R.Gone' is not assignable to type 'R.Check'
export class H02 { @Rich.map(R.Score, { over: parts, to: R.Check, reduce: () => Rich.go(R.Check, { txet: '' }) }) m(part: string, _: RIn<R.Score>) { return part.length } } //! 'txet' does not exist in type
export class H03 { @Rich.map(R.Score, { over: parts, to: R.Check, reduce: (results) => Rich.go(R.Check, { text: String(results.length) }) }) m(part: string, _: RIn<R.Score>) { return part } } //! handler of \"score\" returns a value that does not fit the result schema of \"score\"
export class H04 { @Rich.map(R.Score, { over: parts, to: R.Check, reduce: (results) => Rich.go(R.Check, { text: String(results.length) }) }) m(part: number, _: RIn<R.Score>) { return part } } //! handler of \"score\" must take (item, In<\"score\">, context)
export class H05 { @Rich.map(R.Check, { over: () => ['a'], to: R.Done, reduce: () => Rich.go(R.Done, { text: '' }) }) m(part: string, _: RIn<R.Check>) { return part.length } } //! Argument of type 'R.Check' is not assignable to parameter of type 'R.Score'
export class H06 { @Rich.map(R.Score, { over: parts, to: R.Check, onError: 'collect', reduce: (results) => Rich.go(R.Check, { text: results[0]?.toFixed() ?? '' }) }) m(part: string, _: RIn<R.Score>) { return part.length } } //! Property 'toFixed' does not exist on type 'Settled<number>'
export class H07 { @Rich.map(R.Score, { over: parts, to: R.Check, reduce: (results) => Rich.go(R.Check, { text: String(results.length) }) }) m(part: string, _: RIn<R.Score>, { work }: ItemContext<RD, number>) { work.add([1]); return part.length } } //! its last parameter is not this workflow's context
export class H08 { @Rich.map(R.Score, { over: parts, to: R.Check, reduce: (results) => { if (results.length > 0) return Rich.go(R.Check, { text: '' }) } }) m(part: string, _: RIn<R.Score>) { return part.length } } //! Type 'undefined' is not assignable to type 'Go<R.Check> | Promise<Go<R.Check>>'
export class H09 { @Rich.map(R.Score, { over: parts, to: R.Check, onError: { threshold: 'five' }, reduce: () => Rich.go(R.Check, { text: '' }) }) m(part: string, _: RIn<R.Score>) { return part.length } } //! Type '"five"' is not assignable to type
export class H10 { @Rich.map(R.Score, { over: ({ text }) => [text], to: R.Check, reduce: () => Rich.go(R.Check, { text: '' }) }) m(part: string, _: RIn<R.Score>) { return part.length } } //! Property 'text' does not exist on type '{ parts: string[]; }'
// branches
export class I01 { @Rich.branch(R.Check, 'fatcs') m({ text }: RIn<R.Check>) { return text === '' } } //! Argument of type '"fatcs"' is not assignable to parameter of type '"facts" | "tone"'
export class I02 { @Rich.branch(R.Check, 'facts') m({ text }: RIn<R.Check>) { return text } } //! handler of \"check/facts\" returns a value that does not fit the result schema of \"check/facts\"
export class I03 { @Rich.branch(R.Review, 'facts') m({ text }: RIn<R.Review>) { return text } } //! Argument of type 'R.Review' is not assignable to parameter of type 'R.Check'
export class I04 { @Rich.branch(R.Check, 'facts') m({ texts }: RIn<R.AskAll>) { return texts.length > 0 } } //! handler of \"check/facts\" must take (In<\"check\">, context)
export class I05 { @Rich.parallel(R.Check, { to: R.Ask }) m({ facts }: Joined<RD, R.Check>) { if (facts) return Rich.go(R.Ask, { text: '' }) } } //! handler of \"check\" can end without go(...)
export class I06 { @Rich.parallel(R.Check, { to: R.Ask }) m({ facts }: Joined<RD, R.Check>) { return facts ? Rich.go(R.Ask, { text: '' }) : Rich.go(R.Gone, { why: '' }) } } //! \"check\" goes to \"gone\", but declares only \"ask\"
export class I07 { @Rich.parallel(R.Check, { to: R.Ask, join: 'any' }) m({ tone }: Joined<RD, R.Check>) { return Rich.go(R.Ask, { text: tone }) } } //! handler of \"check\" must take (Joined<\"check\", 'any'>, In<\"check\">, context)
export class I08 { @Rich.parallel(R.Check, { to: R.Ask, join: 'settled' }) m({ tone }: Joined<RD, R.Check>) { return Rich.go(R.Ask, { text: tone }) } } //! handler of \"check\" must take (Joined<\"check\", 'settled'>, In<\"check\">, context)
export class I09 { @Rich.parallel(R.Check, { to: R.Ask, join: 'settled' }) m({ tone }: Joined<RD, R.Check, 'settled'>) { return Rich.go(R.Ask, { text: tone.value }) } } //! Property 'value' does not exist on type 'Settled<string>'
export class I10 { @Rich.parallel(R.Check, { to: R.Ask, join: 1 }) m({ tone }: Joined<RD, R.Check, 1>) { return Rich.go(R.Ask, { text: tone.ok ? '' : '' }) } } //! 'tone' is possibly 'undefined'
export class I11 { @Rich.parallel(R.Check, { to: R.Ask, join: 'most' }) m({ tone }: Joined<RD, R.Check>) { return Rich.go(R.Ask, { text: tone }) } } //! Type '"most"' is not assignable to type 'Join'
export class I12 { @Rich.parallel(R.Review, { to: R.Ask }) m({ text }: RIn<R.Review>) { return Rich.go(R.Ask, { text }) } } //! Argument of type 'R.Review' is not assignable to parameter of type 'R.Check'
// child runs
export class J02 { @Rich.child(R.Ask, { workflow: ArticleWorkflow, input: ({ text }) => ({ topic: text.length }), to: R.Done }) m(e: OutcomeOf<D>, _: RIn<R.Ask>) { return Rich.go(R.Done, { text: e.state }) } } //! Type 'number' is not assignable to type 'string'
export class J03 { @Rich.child(R.Ask, { workflow: ArticleWorkflow, input: ({ text }) => ({ topic: text }), to: R.Done }) m(e: { data: { receipt: string } }, _: RIn<R.Ask>) { return Rich.go(R.Done, { text: e.data.receipt }) } } //! handler of \"ask\" must take (outcome of the child, In<\"ask\">, context)
export class J04 { @Rich.child(R.Ask, { workflow: ArticleWorkflow, input: ({ text }) => ({ topic: text }), to: R.Done, on: { stopp: R.Gone } }) m(e: OutcomeOf<D>, _: RIn<R.Ask>) { return Rich.go(R.Done, { text: e.state }) } } //! 'stopp' does not exist in type 'AwaitedSignals<
export class J05 { @Rich.child(R.Ask, { workflow: ArticleWorkflow, input: ({ text }) => ({ topic: text }), to: R.Done, on: { stop: R.Gone } }) m(e: OutcomeOf<D>, _: RIn<R.Ask>) { return Rich.go(R.Done, { text: e.state }) } } //! handler of \"ask\" must take (outcome of the child | On<stop>, In<\"ask\">, context)
export class J06 { @Rich.child(R.Ask, { workflow: ArticleWorkflow, input: ({ text }) => ({ topic: text }), to: R.Done, detached: true }) m(e: OutcomeOf<D>, _: RIn<R.Ask>) { return Rich.go(R.Done, { text: e.state }) } } //! handler of \"ask\" must take ({ id }, In<\"ask\">, context)
export class J08 { @Rich.child(R.Ask, { workflow: A01, input: () => ({}), to: R.Done }) m(e: { data: object }, _: RIn<R.Ask>) { return Rich.go(R.Done, { text: String(e) }) } } //! Property 'topic' is missing in type '{}'
export class J09 { @Rich.children(R.AskAll, { workflow: ArticleWorkflow, over: ({ texts }) => texts, input: (topic: number) => ({ topic: String(topic) }), to: R.Done }) m(all: readonly OutcomeOf<D>[], _: RIn<R.AskAll>) { return Rich.go(R.Done, { text: String(all.length) }) } } //! Types of parameters 'topic' and 'item' are incompatible
export class J10 { @Rich.children(R.AskAll, { workflow: ArticleWorkflow, over: ({ texts }) => texts, input: (topic) => ({ topic }), to: R.Done, onError: 'collect' }) m(all: readonly OutcomeOf<D>[], _: RIn<R.AskAll>) { return Rich.go(R.Done, { text: String(all.length) }) } } //! handler of \"askAll\" must take (settled outcomes of the children, In<\"askAll\">, context)
export class J11 { @Rich.children(R.AskAll, { workflow: ArticleWorkflow, over: ({ texts }) => texts, input: (topic) => ({ topic }), to: R.Done }) m(all: readonly OutcomeOf<D>[], _: RIn<R.AskAll>) { return Rich.go(R.Gone, { why: String(all.length) }) } } //! \"askAll\" goes to \"gone\", but declares only \"done\"
// timers, reminders
export class K01 { @Rich.timer(R.Sleep, { for: '3d', to: 'revue' }) m(_: RIn<R.Sleep>) { return Rich.go(R.Review, { text: '' }) } } //! Type '"revue"' is not assignable to type
export class K02 { @Rich.timer(R.Sleep, { for: '3d', to: R.Done }) m(_: RIn<R.Sleep>) { return Rich.go(R.Review, { text: '' }) } } //! \"sleep\" goes to \"review\", but declares only \"done\"
export class K03 { @Rich.timer(R.Sleep, { until: ({ untill }) => untill, to: R.Review }) m(_: RIn<R.Sleep>) { return Rich.go(R.Review, { text: '' }) } } //! Property 'untill' does not exist on type '{ until: Date; }'
export class K04 { @Rich.timer(R.Sleep, { until: '3d', to: R.Review }) m(_: RIn<R.Sleep>) { return Rich.go(R.Review, { text: '' }) } } //! Type 'string' is not assignable to type 'Date |
export class K05 { @Rich.timer(R.Done, { for: '3d', to: R.Review }) m(_: RIn<R.Done>) { return Rich.go(R.Review, { text: '' }) } } //! Argument of type 'R.Done' is not assignable to parameter of type
export class K06 { @Rich.reminder(R.Review, { every: '1d' }) m(_: RIn<R.Review>) {} } //! Property 'after' is missing in type '{ every: "1d"; }'
export class K07 { @Rich.reminder(R.Review, { after: '1d' }) m(_: RIn<R.Ask>, more: string) { console.log(more) } } //! handler of \"review\" must take (In<\"review\">, context)
export class K08 { @Rich.timer(R.Sleep, { for: '3d', to: R.Review }) m(_: RIn<R.Sleep>, e: { by: string }) { return Rich.go(R.Review, { text: e.by }) } } //! its last parameter is not this workflow's context
// signals of waits
export class L02 { @Rich.wait(R.Review, { on: { approve: { to: R.Done, count: 2, roles: 'editor' } } }) m(e: Signal<RD, 'approve'>, _: RIn<R.Review>) { return Rich.go(R.Gone, { why: e.by }) } } //! \"review\" goes to \"gone\", but declares only \"done\"
export class L03 { @Rich.wait(R.Review, { on: { stop: R.Gone } }) m(_e: Signal<RD, 'stop'>, _: RIn<R.Review>, { reply }: RCtx) { reply({ votes: 'two' }); return Rich.go(R.Gone, { why: '' }) } } //! Type 'string' is not assignable to type 'number'
export class L04 { @Rich.wait(R.Review, { on: { stop: R.Gone } }) m(_e: Signal<RD, 'stop'>, _: RIn<R.Review>, { callbackToken }: RCtx) { void callbackToken('stopp'); return Rich.go(R.Gone, { why: '' }) } } //! Argument of type '"stopp"' is not assignable to parameter of type
export const L05 = states(R, rich, { ...richOptions, replies: { stopp: z.object({}) } }) //! 'stopp' does not exist in type
export const L06 = states(R, rich, { ...richOptions, items: { scoer: z.number() } }) //! 'scoer' does not exist in type
export const L07 = states(R, rich, { ...richOptions, branches: { [R.Check]: { facts: true } } }) //! Type 'boolean' is not assignable to type 'Schema<
// compensations
export class M01 { @Rich.compensate(R.Ask) m({ text }: RIn<R.Ask>, result: { receipt: string }) { console.log(text, result.receipt) } } //! handler of \"ask\" must take (In<\"ask\">, result, context)
export class M02 { @Rich.compensate(R.Score) m(result: string, part: string) { console.log(result.length, part) } } //! handler of \"score\" must take (result, item, context)
export class M03 { @Rich.compensate(R.Check, { branch: 'facts' }) m(_: RIn<R.Check>, facts: string) { console.log(facts.length) } } //! handler of \"check/facts\" must take (In<\"check\">, result, context)
export class M04 { @Rich.compensate(R.Check, { branch: 'fatcs' }) m(_: RIn<R.Check>, facts: boolean) { console.log(facts) } } //! No overload matches this call
export class M05 { @Rich.compensate(R.Done) m({ text }: RIn<R.Done>) { console.log(text) } } //! Argument of type 'R.Done' is not assignable to parameter of type
// queries
export class N01 { @Rich.query('progress') m() { return { done: 'all' } } } //! handler of query \"progress\" returns a value that does not fit the result schema of query \"progress\"
export class N02 { @Rich.query('progres') m() { return { done: 1 } } } //! Argument of type '"progres"' is not assignable to parameter of type '"progress"'
export class N03 { @Rich.query('progress') m(run: Standing<RD>) { run.vars = {}; return { done: 1 } } } //! Cannot assign to 'vars' because it is a read-only property
export class N04 { @Rich.query('progress') m(id: string) { return { done: id.length } } } //! handler of query \"progress\" must take (Standing, context)
// edges
export class O01 { @Rich.step(R.Ask, { to: R.Done, catch: [{ error: TypeError, to: R.Gone, with: { why: '' } }, { to: R.Gone, with: { wy: '' } }] }) m({ text }: RIn<R.Ask>) { return Rich.go(R.Done, { text }) } } //! 'wy' does not exist in type
export class O02 { @Rich.step(R.Ask, { to: R.Done, catch: { error: 7, to: R.Gone, with: { why: '' } } }) m({ text }: RIn<R.Ask>) { return Rich.go(R.Done, { text }) } } //! Type 'number' is not assignable to type 'OneOrMany<ErrorMatch> | undefined'
export class O03 { @Rich.step(R.Ask, { to: R.Done, catch: { to: R.Gone, with: (failure) => ({ why: failure.status }) } }) m({ text }: RIn<R.Ask>) { return Rich.go(R.Done, { text }) } } //! Type '(failure: Failure) => { why: number | undefined; }' is not assignable to type
export class O04 { @Rich.step(R.Ask, { to: R.Done, maxVisits: { times: 3, to: R.Gone, with: { text: '' } } }) m({ text }: RIn<R.Ask>) { return Rich.go(R.Done, { text }) } } //! 'text' does not exist in type '{ why: string; }
export class O05 { @Rich.step(R.Ask, { to: R.Done, maxVisits: { to: R.Gone, with: { why: '' } } }) m({ text }: RIn<R.Ask>) { return Rich.go(R.Done, { text }) } } //! Property 'times' is missing
export const O06 = states(R, rich, { ...richOptions, transactions: { money: { states: [R.Ask], catch: { to: R.Gone, with: { wy: '' } } } } }) //! 'wy' does not exist in type
export const O07 = states(R, rich, { ...richOptions, transactions: { money: { states: ['aks'], catch: { to: R.Gone, with: { why: '' } } } } }) //! Type '"aks"' is not assignable to type 'R'
export const O08 = Rich.workflow({ catch: { to: R.Gone, with: ({ message }, from) => ({ why: message + from.data.text }) } }) //! Property 'text' does not exist on type '{ parts: string[]; }'
export const O09 = Rich.workflow({ catch: { to: R.Gone, with: { wy: '' } } }) //! 'wy' does not exist in type '{ why: string; }
export class O10 { @Rich.step(R.Ask, { to: R.Done, cache: { key: ({ txet }) => txet, ttl: '1d' } }) m({ text }: RIn<R.Ask>) { return Rich.go(R.Done, { text }) } } //! Property 'txet' does not exist on type '{ text: string; }'
export class O11 { @Rich.step(R.Ask, { to: R.Done, retry: { on: [{ error: 'E_X', maxAttempst: 2 }] } }) m({ text }: RIn<R.Ask>) { return Rich.go(R.Done, { text }) } } //! 'maxAttempst' does not exist in type
// migrations
export const P01 = Rich.migrate({ from: 1, of: ArticleWorkflow, states: { draft: R.Score, check: R.Check } }) //! Property '[State.Review]' is missing in type
export const P02 = Rich.migrate({ from: 1, of: ArticleWorkflow, states: { draft: R.Score, check: R.Check, review: 'revew' } }) //! Type '"revew"' is not assignable to type
export const P03 = Rich.migrate({ from: 1, of: ArticleWorkflow, states: { draft: R.Score, check: ({ txet }) => Rich.go(R.Check, { text: txet }), review: R.Review } }) //! Property 'txet' does not exist on type '{ text: string; }'
export const P04 = Rich.migrate({ from: 1, of: ArticleWorkflow, states: { draft: R.Score, check: R.Check, review: R.Review, gone: R.Gone } }) //! 'gone' does not exist in type
export const P05 = Rich.migrate({ from: 1, states: { draft: 'scoer' } }) //! Type '"scoer"' is not assignable to type
export const P06 = Rich.migrate({ from: 1, of: ArticleWorkflow, states: { draft: () => Rich.go(R.Check, { txet: '' }), check: R.Check, review: R.Review } }) //! 'txet' does not exist in type '{ text: string; }'
// prompts
const variables = z.object({ document: z.string(), words: z.number().default(100) })
export const Q01 = prompt('p', { variables, user: '{{words}} {{documnet}}' }) //! {{documnet}} is not among the variables
export const Q02 = prompt('p', { variables, user: '{{ document }}' }) //! the variable \"words\" is used nowhere
export const Q03 = prompt('p', { variables, user: '{{document}}', system: '{{words}} {{name}}' }) //! {{name}} is not among the variables
export const Q04 = prompt('p', { variables, messages: [{ role: 'user', text: '{{document}} {{wrods}}' }] }) //! {{wrods}} is not among the variables
export const Q05 = prompt('p', { variables, user: '{{words}}', images: ['photo'] }) //! Type '"photo"' is not assignable to type
export const Q06 = prompt('p', { variables, user: '{{words}} {{document}}', render: { words: (words) => words.length } }) //! Property 'length' does not exist on type 'number'
const asked = prompt('p', { variables, user: '{{words}} {{document}}' })
export const Q07 = asked({ words: 1 }) //! Property 'document' is missing in type
export const Q08 = asked({ document: '', word: 1 }) //! 'word' does not exist in type
export const Q09 = asked({ document: 1 }) //! Type 'number' is not assignable to type 'string | Fitted'
export const finePrompts = [prompt('p', { variables, images: ['document'], user: '{{words}}' }), prompt('p', { variables, user: String(asked.hash) }), asked({ document: '' })]
