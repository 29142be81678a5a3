import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createActor, toPromise } from 'xstate'
import type { Join } from 'stepwright'
import type { TestEngine } from 'stepwright/testing'
import { project } from '../../src/compile/projection.ts'
import { readDefinition } from '../../src/definition/read-definition.ts'
import { fan, type Ctx, type Hand, type Hands } from '../support/fan.ts'
import { crashAtEachWrite, type Scenario } from '../support/restarting.ts'
import type { StoreKind } from '../support/store-kind.ts'
import { storeKinds } from '../support/stores.ts'

const [memory] = storeKinds(['memory'])
const NAMES = ['a', 'b', 'source'] as const
type Name = (typeof NAMES)[number]

/** How each branch ends, and after which others: those of a lower rank. */
type Plan = Readonly<Record<Name, End>>
interface End {
  readonly ok: boolean
  readonly rank: number
}
/** Whether a branch has ended. */
type HasEnded = (name: Name) => Promise<boolean>

function handsFor(plan: Plan, hasEnded: HasEnded, ends: (name: Name) => void = () => undefined): Hands {
  const hand: Hand = async ({ run }: Ctx) => {
    const name = run.part as Name
    const { ok, rank } = plan[name]
    for (const before of NAMES.filter((other) => plan[other].rank < rank))
      while (!(await hasEnded(before))) {
        run.signal.throwIfAborted()
        await new Promise(setImmediate)
      }
    ends(name)
    if (!ok) throw Object.assign(new RangeError(`no ${name}`), { status: 400, stack: undefined }) // not tried again
    return name
  }
  return { a: hand, b: hand, source: hand }
}

/** The engine; each process knows by what is saved which branches have ended. */
function scenario(join: Join, plan: Plan): Scenario<unknown> {
  const Fan = fan(join)
  let test: TestEngine<typeof Fan>
  const hasEnded: HasEnded = async (name) => {
    const part = (await (await test.engine.get('r')).parts()).get(name)
    return part?.status === 'done' || part?.status === 'failed'
  }
  return {
    workflows: [Fan],
    resources: (_call, clock) => ({
      hands: handsFor(plan, hasEnded, (name) => plan[name].rank > 0 && clock.jump(clock.now() + 1)),
    }),
    live: async (process) => {
      test = process as unknown as typeof test
      const run = await test.engine.start(Fan, {}, { id: 'r', session: 's' })
      const { status, data } = await test.finish(run)
      return { status, data }
    },
  }
}

async function projected(join: Join, plan: Plan): Promise<unknown> {
  const ended = new Set<Name>()
  const hands = handsFor(
    plan,
    (name) => Promise.resolve(ended.has(name)),
    (name) => ended.add(name),
  )
  const actor = createActor(project(readDefinition(fan(join)), { resources: { hands } }), { input: {} })
  actor.start()
  return { status: 'completed', data: await toPromise(actor) }
}

const RULES: Readonly<Record<string, Join>> = {
  all: 'all',
  any: 'any',
  settled: 'settled',
  one: 1,
  two: 2,
  'that b has ended': (soFar) => soFar['b'] !== undefined,
  'two by a function': (soFar) => Object.values(soFar).filter((end) => end?.ok).length > 1,
  'one that throws': () => {
    throw new TypeError('oops')
  },
}
const plans: fc.Arbitrary<Plan> = fc
  .tuple(fc.shuffledSubarray([0, 1, 2], { minLength: 3 }), fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()))
  .map(([ranks, oks]) => {
    const [a, b, source] = oks.map((ok, i) => ({ ok, rank: ranks[i] as number })) as [End, End, End]
    return { a, b, source }
  })

test.each(Object.keys(RULES))(
  'I4 engine and projection join by the same rule, whenever processes die: %s',
  async (rule) => {
    const join = RULES[rule] as Join
    await fc.assert(
      fc.asyncProperty(plans, async (plan) => {
        const value = await projected(join, plan)
        await crashAtEachWrite(memory as StoreKind, scenario(join, plan), 0, (outcome) =>
          expect(outcome.value).toEqual(value),
        )
      }),
      { numRuns: 12 },
    )
  },
)

test.each<[string, Join, object]>([
  ['any', 'any', { a: 'a' }],
  ['a number', 2, { a: { ok: true, value: 'a' }, b: { ok: true, value: 'b' } }],
  [
    'a function, which is not asked before one has ended',
    (soFar) => Object.values(soFar).every((end) => end?.ok === true),
    { a: { ok: true, value: 'a' } },
  ],
])(
  'I4 of branches that end at the same time only those count that decide, also after a crash: %s',
  async (_, join, joined) => {
    const together = { ok: true, rank: 0 }
    const plan = { a: together, b: together, source: together }
    await crashAtEachWrite(memory as StoreKind, scenario(join, plan), 0, ({ value }) =>
      expect(value).toEqual({ status: 'completed', data: { joined } }),
    )
  },
)
