import { z } from 'zod'
import {
  resources,
  states,
  FatalError,
  type Context,
  type Input,
  type ShapeOf,
  type Signal,
} from 'stepwright'
import type { Llm } from 'stepwright/llm'
import { readPage } from './page.ts'
import { adviceOn, BRIEFS, judgePrompt, mailPrompts, prompts, ROLE } from './prompts.ts'

/** The path of one storefront page, from the file to the mail. */
export enum State {
  Read = 'read',
  Summarize = 'summarize',
  Brainstorm = 'brainstorm',
  Judge = 'judge',
  Choose = 'choose',
  Report = 'report',
  Write = 'write',
  Check = 'check',
  Approve = 'approve',
  Send = 'send',
  Sent = 'sent',
  Skipped = 'skipped',
  Rejected = 'rejected',
}

const summary = z.record(z.string(), z.string())
const idea = z.object({ name: z.string(), concept: z.string() })
const report = z.object({
  name: z.string(),
  concept: z.string(),
  rationale: z.string(),
  store_id: z.string(),
})
const mail = z.object({ subject_line: z.string(), body: z.string() })
const page = z.object({
  storeId: z.string(),
  name: z.string(),
  lang: z.string(),
  contact: z.string(),
  products: z.array(z.string()),
  text: z.string(),
})

/** What the promoter needs from its application. */
export interface PromoterResources {
  readonly llm: Llm
  /** The HTML of a page. */
  readonly fetchPage: (file: string) => Promise<string>
  /** Delivers a mail once per key, however often it is called with that key; gives where it went. */
  readonly deliver: (key: string, to: string, mail: { subject_line: string; body: string }) => Promise<string>
}

const Promoter = states(
  State,
  {
    [State.Read]: z.object({ file: z.string() }),
    [State.Summarize]: z.object({ advice: z.string() }),
    [State.Brainstorm]: z.object({ summary }),
    [State.Judge]: z.object({ summary, ideas: z.array(idea).min(1) }),
    [State.Choose]: z.object({ summary, ideas: z.array(idea.extend({ feasible: z.boolean() })).min(1) }),
    [State.Report]: z.object({ summary, idea }),
    [State.Write]: z.object({ report }),
    [State.Check]: z.object({ report, mail }),
    [State.Approve]: z.object({ report, mail }),
    [State.Send]: z.object({ report, mail }),
    [State.Sent]: z.object({ plugin: z.string(), subject: z.string(), to: z.string(), file: z.string() }),
    [State.Skipped]: z.object({ reason: z.string() }),
    [State.Rejected]: z.object({ reason: z.string() }),
  },
  {
    initial: State.Read,
    final: [State.Sent, State.Skipped, State.Rejected],
    signals: {
      approve: z.object({ by: z.string() }),
      reject: z.object({ by: z.string(), reason: z.string() }),
    },
    vars: z.object({
      page: page.default({ storeId: '', name: '', lang: 'und', contact: '', products: [], text: '' }),
      rounds: z.number().default(0),
    }),
    config: z.object({ approve: z.boolean().default(false) }),
    resources: resources<PromoterResources>(),
  },
)
const { workflow, step, wait, go } = Promoter
type D = ShapeOf<typeof Promoter>
type In<S extends State> = Input<D, S>
type Ctx = Context<D>

/** Below this many words there is nothing to say about a shop. */
const FEWEST_WORDS = 30
/** How often a mail may be sent back. */
const MOST_ROUNDS = 2

const WRITER = { role: ROLE }

/** Reads a shop's page, invents a plug-in for it, and writes to the shop about it. */
@workflow({ name: 'promoter', description: 'From a storefront page to a mail that offers a plug-in' })
export class PromoterWorkflow {
  @step(State.Read, { to: [State.Summarize, State.Skipped], effect: 'none', description: 'Parse the page' })
  async read({ file }: In<State.Read>, { fetchPage, log }: Ctx) {
    const { storeId, name, lang, contact, products, text, words } = readPage(await fetchPage(file), file)
    if (words < FEWEST_WORDS) return go(State.Skipped, { reason: `the page has only ${words} words` })
    log.info('page read', { words, products: products.length, lang })
    const details = {
      storeId,
      name,
      lang,
      contact: contact ?? `owner@${storeId}.example`,
      products: products.slice(0, 12).map((p) => p.name),
      text,
    }
    return go(State.Summarize, { advice: '' }, { page: details })
  }

  @step(State.Summarize, {
    to: State.Brainstorm,
    effect: 'none',
    description: 'Answer six questions about the shop',
    catch: {
      to: State.Skipped,
      with: (failure) => ({ reason: `it could not be summarized: ${failure.message}` }),
    },
  })
  async summarize({ advice }: In<State.Summarize>, { llm, vars }: Ctx) {
    const ask = async ([topic, question]: readonly [string, string]) =>
      [topic, await llm.text(prompts.summary(vars.page.text, question, advice), WRITER)] as const
    const answers = await Promise.all(Object.entries(BRIEFS).map(ask))
    if (answers.every(([, answer]) => answer.trim() === '')) throw new FatalError('all six answers are empty')
    return go(State.Brainstorm, { summary: Object.fromEntries(answers) })
  }

  @step(State.Brainstorm, { to: State.Judge, effect: 'none', description: 'Think of varied plug-ins' })
  async brainstorm({ summary }: In<State.Brainstorm>, { llm }: Ctx) {
    const list = z.object({ ideas: z.array(idea).min(3).max(5) })
    const { ideas } = await llm.object(list, prompts.ideas(summary), WRITER)
    return go(State.Judge, { summary, ideas })
  }

  @step(State.Judge, { to: State.Choose, effect: 'none', description: 'Which of them can be built?' })
  async judge({ summary, ideas }: In<State.Judge>, { llm }: Ctx) {
    const verdict = z.object({
      feasible: z.boolean().describe('can be built with the storefront and its catalogue'),
    })
    const judged = ideas.map(async (one) => {
      const { feasible } = await llm.object(verdict, judgePrompt(one, summary), WRITER)
      return { ...one, feasible }
    })
    return go(State.Choose, { summary, ideas: await Promise.all(judged) })
  }

  @step(State.Choose, { to: State.Report, effect: 'none', description: 'Keep one' })
  async choose({ summary, ideas }: In<State.Choose>, { llm }: Ctx) {
    const able = ideas.filter((one) => one.feasible)
    const open = able.length > 0 ? able : ideas
    const names = [...new Set(open.map((one) => one.name))] as [string, ...string[]]
    const { name } = await llm.object(
      z.object({ name: z.enum(names) }),
      prompts.choice(open, summary),
      WRITER,
    )
    const { feasible: _, ...chosen } = open.find((one) => one.name === name) as (typeof open)[number]
    return go(State.Report, { summary, idea: chosen })
  }

  @step(State.Report, { to: State.Write, effect: 'none', description: 'Write the report, keep nothing else' })
  async report({ summary, idea: chosen }: In<State.Report>, { llm, vars }: Ctx) {
    const parts = z.object({ name: z.string(), concept: z.string(), rationale: z.string() })
    const written = await llm.object(parts, prompts.report(chosen, summary), WRITER)
    return go(State.Write, { report: { ...written, store_id: vars.page.storeId } })
  }

  @step(State.Write, { to: State.Check, effect: 'none', description: 'Strategy, subject, body' })
  async write({ report: about }: In<State.Write>, { llm, vars }: Ctx) {
    const ask = mailPrompts(about, vars.page)
    const strategy = await llm.text(ask.strategy(), WRITER)
    const subject = await llm.text(ask.subject(strategy), WRITER)
    const body = await llm.text(ask.body(strategy, subject), WRITER)
    return go(State.Check, { report: about, mail: { subject_line: subject.split('\n')[0] ?? '', body } })
  }

  @step(State.Check, {
    to: [State.Summarize, State.Approve, State.Send],
    effect: 'none',
    description: 'Good enough to send?',
  })
  async check({ report: about, mail: draft }: In<State.Check>, { llm, vars, config, log }: Ctx) {
    const verdict = z.object({ good: z.boolean(), improve: z.string() })
    const { good, improve } = await llm.object(verdict, prompts.gate(draft, about), WRITER)
    if (!good && vars.rounds < MOST_ROUNDS)
      return go(State.Summarize, { advice: adviceOn(improve) }, { rounds: vars.rounds + 1 })
    if (!good) log.warn('sent although the check found it wanting', { improve })
    return go(config.approve ? State.Approve : State.Send, { report: about, mail: draft })
  }

  @wait(State.Approve, {
    on: { approve: State.Send, reject: State.Rejected },
    description: 'A person reads the mail',
    allow: { 'wait-without-expiry': 'a mail that nobody has read is not sent, however long that takes' },
  })
  approve(answer: Signal<D, 'approve' | 'reject'>, { report: about, mail: draft }: In<State.Approve>) {
    if (answer.type === 'approve') return go(State.Send, { report: about, mail: draft })
    return go(State.Rejected, { reason: `${answer.by}: ${answer.reason}` })
  }

  @step(State.Send, { to: State.Sent, effect: 'idempotent', description: 'One mail per idempotency key' })
  async send({ report: about, mail: draft }: In<State.Send>, { deliver, vars, run }: Ctx) {
    const { contact } = vars.page
    const file = await deliver(run.idempotencyKey, contact, draft)
    return go(State.Sent, { plugin: about.name, subject: draft.subject_line, to: contact, file })
  }
}
