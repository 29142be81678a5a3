import { z } from 'zod'
import { states, type Context, type Input, type ShapeOf, type Signal } from 'stepwright'

/** A run that leaves something in every collection: large data, long history, memos, items, tokens, answers, undo, a session. */
export enum State {
  Load = 'load',
  Items = 'items',
  Ask = 'ask',
  Done = 'done',
  Broken = 'broken',
}

const Archive = states(
  State,
  {
    [State.Load]: z.object({ rounds: z.number(), texts: z.array(z.string()).default([]) }),
    [State.Items]: z.object({ rounds: z.number(), texts: z.array(z.string()) }),
    [State.Ask]: z.object({ rounds: z.number(), texts: z.array(z.string()) }),
    [State.Done]: z.object({ texts: z.array(z.string()) }),
    [State.Broken]: z.object({}),
  },
  {
    initial: State.Load,
    final: [State.Done, State.Broken],
    items: { [State.Items]: z.number() },
    signals: { again: z.object({ note: z.string() }), stop: z.object({}), fail: z.object({}) },
    replies: { again: z.object({ rounds: z.number() }) },
    vars: z.object({ notes: z.array(z.string()).default([]) }),
    session: z.object({ log: z.string().default('') }),
  },
)
type D = ShapeOf<typeof Archive>
type In<S extends State> = Input<D, S>
const { workflow, step, map, wait, compensate, go } = Archive

@workflow({ name: 'archive' })
export class ArchiveWorkflow {
  @step(State.Load, { to: State.Items })
  async load({ rounds, texts }: In<State.Load>, { memo, log, run, session }: Context<D>) {
    const text = await memo('text', () => `${run.id} ${run.visit} `.repeat(300))
    log.info('loaded', { text })
    session.update((state) => ({ log: `${state.log}${text}` }))
    const many = Array.from({ length: 70 }, (_, i) => `${run.id} ${run.visit} ${i}`)
    return go(State.Items, { rounds, texts: [...texts, ...many] })
  }
  @compensate(State.Load)
  unload() {}

  @map(State.Items, {
    over: () => [1, 2, 3],
    to: State.Ask,
    reduce: (_sizes, { rounds, texts }) => go(State.Ask, { rounds, texts }),
  })
  async items(item: number, _: In<State.Items>, { memo }: Context<D>) {
    return (await memo('size', () => item)) as number
  }

  @compensate(State.Items)
  unitem() {}

  @wait(State.Ask, { on: { again: State.Load, stop: State.Done, fail: State.Broken } })
  async ask(
    e: Signal<D, 'again' | 'stop' | 'fail'>,
    { rounds, texts }: In<State.Ask>,
    { reply, vars, callbackToken }: Context<D>,
  ) {
    await callbackToken('stop')
    if (e.type === 'fail') return go(State.Broken, {})
    if (e.type === 'stop') return go(State.Done, { texts })
    reply({ rounds: rounds + 1 })
    return go(State.Load, { rounds: rounds + 1, texts }, { notes: [...vars.notes, e.note.repeat(1_200)] })
  }
}
