import { z } from 'zod'
import { describe, expect, it } from 'vitest'
import { states, type Context, type Input, type ShapeOf } from 'stepwright'
import { createTestEngine } from 'stepwright/testing'

enum State {
  A = 'a',
  B = 'b',
}
const schemas = { [State.A]: z.object({}), [State.B]: z.object({ config: z.string() }) }
const ends = { initial: State.A, final: State.B } as const
const Plain = states(State, schemas, ends)
const Limited = states(State, schemas, { ...ends, config: z.object({ limit: z.number() }) })
const Named = states(State, schemas, { ...ends, config: z.object({ name: z.string(), limit: z.number() }) })

@Plain.workflow({ name: 'plain' })
class PlainWorkflow {
  @Plain.step(State.A, { to: State.B }) a(
    _: Input<ShapeOf<typeof Plain>, State.A>,
    c: Context<ShapeOf<typeof Plain>>,
  ) {
    return Plain.go(State.B, { config: JSON.stringify(c.config) })
  }
}
@Limited.workflow({ name: 'limited' })
class LimitedWorkflow {
  @Limited.step(State.A, { to: State.B })
  a(_: Input<ShapeOf<typeof Limited>, State.A>, c: Context<ShapeOf<typeof Limited>>) {
    return Limited.go(State.B, { config: JSON.stringify(c.config) })
  }
}
@Named.workflow({ name: 'named' })
class NamedWorkflow {
  @Named.step(State.A, { to: State.B }) a(
    _: Input<ShapeOf<typeof Named>, State.A>,
    c: Context<ShapeOf<typeof Named>>,
  ) {
    return Named.go(State.B, { config: JSON.stringify(c.config) })
  }
}

describe('config of several workflows', () => {
  it('is shared: each sees the keys that it declares, and nothing else', async () => {
    const config = { limit: 3, name: 'x' }
    const test = createTestEngine({ workflows: [PlainWorkflow, LimitedWorkflow, NamedWorkflow], config })
    const seen = []
    for (const workflow of [PlainWorkflow, LimitedWorkflow, NamedWorkflow])
      seen.push((await (await test.engine.start(workflow as typeof PlainWorkflow, {})).result()).data.config)
    expect(seen).toEqual(['{}', '{"limit":3}', '{"name":"x","limit":3}'])
    await test.close()
  })

  it('is refused where a key is declared by none, or does not fit one', async () => {
    const extra = createTestEngine({
      workflows: [PlainWorkflow, LimitedWorkflow],
      config: { limit: 3, other: 1 } as { limit: number },
    })
    await expect(extra.engine.open()).rejects.toThrow('config does not fit any workflow: other')
    const plain = createTestEngine({ workflows: [PlainWorkflow], config: { limit: 3 } as never })
    await expect(plain.engine.open()).rejects.toThrow('config does not fit any workflow: limit')
    const wrong = createTestEngine({
      workflows: [PlainWorkflow, LimitedWorkflow],
      config: { limit: 'x' } as never,
    })
    await expect(wrong.engine.open()).rejects.toThrow('config does not fit limited: limit')
  })
})
