import { z } from 'zod'
import {
  resources,
  states,
  type Context,
  type Input,
  type Moved,
  type ShapeOf,
  type Signal,
} from 'stepwright'

/** One workflow in three versions: `ask` of the first is `check` of the second and `review` of the third. */
export enum S1 {
  Begin = 'begin',
  Ask = 'ask',
  Old = 'old',
  Done = 'done',
}
const text = z.object({ text: z.string() })
type Tell = (what: string) => unknown

const V1 = states(
  S1,
  { [S1.Begin]: text, [S1.Ask]: text, [S1.Old]: text, [S1.Done]: text },
  {
    initial: S1.Begin,
    final: S1.Done,
    signals: { yes: z.object({}), older: z.object({}) },
    vars: z.object({ seen: z.number().default(0) }),
    resources: resources<{ tell: Tell }>(),
  },
)
type D1 = ShapeOf<typeof V1>

@V1.workflow({ name: 'doc' })
export class One {
  @V1.step(S1.Begin, { to: S1.Ask })
  async begin({ text }: Input<D1, S1.Begin>, { tell, vars, run }: Context<D1>) {
    await tell(`begin ${run.idempotencyKey}`)
    return V1.go(S1.Ask, { text }, { seen: vars.seen + 1 })
  }
  @V1.compensate(S1.Begin)
  async unbegin({ text }: Input<D1, S1.Begin>, _: Moved<D1>, { tell }: Context<D1>) {
    await tell(`-begin ${text} by 1`)
  }
  @V1.wait(S1.Ask, {
    on: { yes: { to: S1.Done, count: 2 }, older: S1.Old },
    expires: { after: '3d', to: S1.Done, with: { text: 'late' } },
  })
  async ask(e: Signal<D1, 'yes' | 'older'>, { text }: Input<D1, S1.Ask>, { tell }: Context<D1>) {
    await tell(`ask by 1`)
    return e.type === 'yes' ? V1.go(S1.Done, { text }) : V1.go(S1.Old, { text })
  }
  @V1.wait(S1.Old, { on: { yes: S1.Done } })
  old(_: Signal<D1, 'yes'>, { text }: Input<D1, S1.Old>) {
    return V1.go(S1.Done, { text })
  }
}

export enum S2 {
  Begin = 'begin',
  Check = 'check',
  Done = 'done',
}
const checked = z.object({ text: z.string(), level: z.number() })
export const V2 = states(
  S2,
  { [S2.Begin]: text, [S2.Check]: checked, [S2.Done]: text },
  {
    initial: S2.Begin,
    final: S2.Done,
    signals: { yes: z.object({}) },
    vars: z.object({ seen: z.number().default(0), by: z.string().default('2') }),
    resources: resources<{ tell: Tell }>(),
  },
)
type D2 = ShapeOf<typeof V2>
type Options2 = Parameters<typeof V2.migrate<typeof One>>[0]
type Ways = Options2['states']

const ways: Ways = {
  begin: S2.Begin,
  ask: ({ text }, vars) => V2.go(S2.Check, { text, level: Number(vars['seen']) }, { by: 'migration' }),
  old: S2.Done,
}

/** The second version, with ways of the test's own. */
export function makeTwo(states: Partial<Ways> = {}, { undoes = true, of = true } = {}) {
  const options = { from: 1, ...(of ? { of: One } : {}), states: { ...ways, ...states } } as Options2
  for (const [name, way] of Object.entries(states))
    if (way === undefined) delete (options.states as never)[name]
  class Second {
    @V2.step(S2.Begin, { to: S2.Check })
    async begin({ text }: Input<D2, S2.Begin>, { tell, run }: Context<D2>) {
      await tell(`begin ${run.idempotencyKey} by 2`)
      return V2.go(S2.Check, { text, level: 2 })
    }
    @V2.wait(S2.Check, { on: { yes: S2.Done } })
    async check(_: Signal<D2, 'yes'>, { text, level }: Input<D2, S2.Check>, { tell, vars }: Context<D2>) {
      await tell(`check by 2`)
      return V2.go(S2.Done, { text: `${text} ${level} ${vars.by}` })
    }
  }
  if (!undoes) return decorated(Second)
  class Undoing extends Second {
    @V2.compensate(S2.Begin)
    async unbegin({ text }: Input<D2, S2.Begin>, _: Moved<D2>, { tell }: Context<D2>) {
      await tell(`-begin ${text} by 2`)
    }
  }
  return decorated(Undoing)

  function decorated<C extends typeof Second>(Plain: C): C {
    @V2.workflow({ name: 'doc', version: 2 })
    @V2.migrate(options as never)
    class Two extends (Plain as typeof Second) {}
    return Two as C
  }
}
export const Two = makeTwo()

export enum S3 {
  Begin = 'begin',
  Review = 'review',
  Done = 'done',
}
export const V3 = states(
  S3,
  { [S3.Begin]: text, [S3.Review]: checked.extend({ level: z.number().min(1) }), [S3.Done]: text },
  {
    initial: S3.Begin,
    final: S3.Done,
    signals: { yes: z.object({}) },
    vars: z.object({ seen: z.number().default(0), by: z.string().default('3') }),
    resources: resources<{ tell: Tell }>(),
  },
)
type D3 = ShapeOf<typeof V3>

@V3.workflow({ name: 'doc', version: 3 })
@V3.migrate({ from: 2, of: Two, states: { begin: S3.Begin, check: S3.Review } })
export class Three {
  @V3.step(S3.Begin, { to: S3.Review })
  begin({ text }: Input<D3, S3.Begin>) {
    return V3.go(S3.Review, { text, level: 3 })
  }
  @V3.compensate(S3.Begin)
  async unbegin({ text }: Input<D3, S3.Begin>, _: Moved<D3>, { tell }: Context<D3>) {
    await tell(`-begin ${text} by 3`)
  }
  @V3.wait(S3.Review, { on: { yes: S3.Done } })
  review(_: Signal<D3, 'yes'>, { text, level }: Input<D3, S3.Review>, { vars }: Context<D3>) {
    return V3.go(S3.Done, { text: `${text} ${level} ${vars.by} by 3` })
  }
}
