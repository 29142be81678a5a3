import { z } from 'zod'
import { describe, expect, it } from 'vitest'
import { readDefinition, states, type Go, type Input, type ShapeOf } from 'stepwright'
import { createTestEngine } from 'stepwright/testing'

enum S { A = 'a', B = 'b', C = 'c', End = 'end' }
const schemas = { [S.A]: z.object({}), [S.B]: z.object({}), [S.C]: z.object({}), [S.End]: z.object({}) }
const make = () => states(S, schemas, { initial: S.A, final: S.End, signals: { ok: z.object({}) } })
type D = ShapeOf<ReturnType<typeof make>>
/** What the compiler would refuse is handed over as never, since the same must be refused at load. */
const off = <T>(value: T): never => value as never

const problemsOf = (declare: () => unknown): readonly string[] => {
  try {
    declare()
  } catch (error) {
    expect(error).toMatchObject({ code: 'invalid-definition' })
    return (error as { details: { problems: readonly string[] } }).details.problems
  }
  throw new Error('nothing was refused')
}

describe('what is refused at load, all at once', () => {
  it('two handlers, a state without one, a final state with "to", unknown targets', () => {
    const { step, workflow } = make()
    const problems = problemsOf(() => {
      class Wrong {
        // @ts-expect-error the compiler refuses it too
        @step(S.A, { to: off('nowhere') }) one(_: Input<D, S.A>): Go<never> { return off(1) }
        @step(S.A, { to: S.End }) two(_: Input<D, S.A>): Go<S.End> { return off(1) }
        @step(S.B, { to: S.End, timeout: off('soon'), retry: { maxAttempts: 0 }, effect: off('magic') }) b(_: Input<D, S.B>): Go<S.End> { return off(1) }
        end(): void {}
      }
      workflow({ name: '', version: 0.5 })(off(Wrong), off({ metadata: (Wrong as { [Symbol.metadata]?: object })[Symbol.metadata] }))
    })
    expect(problems).toEqual([
      expect.stringContaining('the name ""'),
      expect.stringContaining('the version 0.5'),
      '"a" has 2 handlers: one, two',
      'one ("a"): to names "nowhere", which is not a state',
      expect.stringContaining('b ("b"): effect is "magic"'),
      expect.stringContaining('b ("b"): retry.maxAttempts is 0'),
      expect.stringContaining('b ("b"): timeout is "soon"'),
      '"c" has no handler',
    ])
  })

  it('states no path reaches, and states with no way to the end', () => {
    const { step, workflow, go } = make()
    expect(
      problemsOf(() => {
        @workflow()
        class Lost {
          @step(S.A, { to: [S.B, S.End] }) a(_: Input<D, S.A>) { return go(S.B, {}) }
          @step(S.B, { to: S.B }) b(_: Input<D, S.B>) { return go(S.B, {}) }
          @step(S.C, { to: S.End }) c(_: Input<D, S.C>) { return go(S.End, {}) }
        }
        return Lost
      }),
    ).toEqual(['"b" (b) has no way to a final state', '"c" (c) cannot be reached from "a"'])
  })

  it('a wait for nothing, a signal that is not declared', () => {
    const { step, wait, workflow, go } = make()
    expect(
      problemsOf(() => {
        // @ts-expect-error the compiler refuses it too
        @workflow()
        class Waits {
          @step(S.A, { to: [S.B, S.C] }) a(_: Input<D, S.A>) { return go(S.B, {}) }
          // @ts-expect-error the compiler refuses it too
          @wait(S.B, { on: {} }) b(_: never, _data: Input<D, S.B>): Go<never> { return off(1) }
          // @ts-expect-error the compiler refuses it too
          @wait(S.C, off({ on: { okay: S.End } })) c(_: never, _data: Input<D, S.C>): Go<never> { return off(1) }
        }
        return Waits
      }),
    ).toEqual([expect.stringContaining('b ("b") waits for neither a signal nor "expires"'), expect.stringContaining('c ("c") waits for "okay", which is not among the signals ["ok"]')])
  })

  it.each([
    ['a transform', z.object({ n: z.string().transform(Number) }), /n is transformed/],
    ['a function', z.object({ deep: z.array(z.object({ f: z.function() as unknown as z.ZodType })) }), /deep\.\*\.f is a function/],
    ['a promise', z.object({ p: z.promise(z.string()) }), /p is a promise/],
    ['a codec', z.object({ d: z.codec(z.string(), z.date(), { decode: (s) => new Date(s), encode: (d) => d.toISOString() }) }), /d is transformed/],
    ['no schema', 7, /not a Zod or other Standard Schema/],
  ])('I8 a schema that cannot be stored or read back: %s', (_name, schema, why) => {
    const { step, workflow } = states(S, { ...schemas, [S.A]: off(schema) }, { initial: S.A, final: [S.B, S.C, S.End] })
    const problems = problemsOf(() => {
      // @ts-expect-error the compiler refuses it too
      class Odd { @step(S.A, { to: off([S.B, S.C, S.End]) }) a(_: never): Go<never> { return off(1) } }
      workflow()(off(Odd), off({ metadata: (Odd as { [Symbol.metadata]?: object })[Symbol.metadata] }))
    })
    expect(problems.join('\n')).toMatch(why)
  })

  it('a constructor with arguments, handlers of two declarations, a class without @workflow', () => {
    const { step, workflow } = make()
    const other = make()
    const problems = problemsOf(() => {
      class Mixed {
        constructor(_needs: string) {}
        @step(S.A, { to: [S.B, S.C, S.End] }) a(_: Input<D, S.A>): Go<S.End> { return off(1) }
        @other.step(S.B, { to: S.End }) b(_: Input<D, S.B>): Go<S.End> { return off(1) }
        @step(S.C, { to: S.End }) c(_: Input<D, S.C>): Go<S.End> { return off(1) }
      }
      workflow()(off(Mixed), off({ metadata: (Mixed as { [Symbol.metadata]?: object })[Symbol.metadata] }))
    })
    expect(problems).toEqual([expect.stringContaining('constructor takes arguments'), expect.stringContaining('b: its @step belongs to another')])
    expect(() => readDefinition(class Plain {})).toThrow(expect.objectContaining({ code: 'unknown-workflow' }))
  })
})

describe('what is allowed', () => {
  it('names that mean something to JavaScript are states like any other', async () => {
    enum Odd { P = '__proto__', C = 'constructor', D = 'a.b#c*', E = 'toString' }
    const odd = states(Odd, { [Odd.P]: z.object({}), [Odd.C]: z.object({}), [Odd.D]: z.object({}), [Odd.E]: z.object({ ok: z.boolean() }) }, { initial: Odd.P, final: Odd.E })
    type O = ShapeOf<typeof odd>
    @odd.workflow({ name: 'odd' })
    class OddWorkflow {
      @odd.step(Odd.P, { to: Odd.C }) p(_: Input<O, Odd.P>) { return odd.go(Odd.C, {}) }
      @odd.step(Odd.C, { to: Odd.D }) c(_: Input<O, Odd.C>) { return odd.go(Odd.D, {}) }
      @odd.step(Odd.D, { to: Odd.E }) d(_: Input<O, Odd.D>) { return odd.go(Odd.E, { ok: true }) }
    }
    const test = createTestEngine({ workflows: [OddWorkflow] })
    expect(await (await test.engine.start(OddWorkflow, {})).result()).toEqual({ state: Odd.E, data: { ok: true } })
    await test.close()
  })

  it('inheritance: handlers of a base class, one overridden, and a mixin', async () => {
    const { step, workflow, go } = make()
    const ran: string[] = []
    class Base {
      @step(S.A, { to: S.B }) a(_: Input<D, S.A>) { ran.push('base a'); return go(S.B, {}) }
      @step(S.B, { to: S.C }) b(_: Input<D, S.B>) { ran.push('base b'); return go(S.C, {}) }
    }
    const Closing = <B extends abstract new (...args: any[]) => object>(base: B) => { // eslint-disable-line @typescript-eslint/no-explicit-any
      abstract class Mixed extends base { @step(S.C, { to: S.End }) c(_: Input<D, S.C>) { ran.push('mixin c'); return go(S.End, {}) } }
      return Mixed
    }
    @workflow({ name: 'derived' })
    class Derived extends Closing(Base) { override b(_: Input<D, S.B>) { ran.push('own b'); return go(S.C, {}) } }
    const test = createTestEngine({ workflows: [Derived] })
    await (await test.engine.start(Derived, {})).result()
    expect(ran).toEqual(['base a', 'own b', 'mixin c'])
    expect(readDefinition(Derived)).toMatchObject({ name: 'derived', version: 1, initial: 'a' })
    expect(() => readDefinition(Base)).toThrow()
    await test.close()
  })

  it('marks of fields are a part of the definition, wherever they stand', () => {
    const email = z.string().meta({ pii: true })
    const marked = states(S, { ...schemas, [S.A]: z.object({ to: email, copies: z.array(email).optional(), key: z.object({ token: z.string() }).meta({ secret: true }).optional() }) }, { initial: S.A, final: [S.B, S.C, S.End] })
    @marked.workflow()
    class Marked { @marked.step(S.A, { to: [S.B, S.C, S.End] }) a(_: Input<ShapeOf<typeof marked>, S.A>) { return marked.go(S.End, {}) } }
    expect(readDefinition(Marked).marks).toEqual([
      { where: 'a', path: ['to'], kind: 'pii' },
      { where: 'a', path: ['copies', '*'], kind: 'pii' },
      { where: 'a', path: ['key'], kind: 'secret' },
    ])
  })

  it('another Standard Schema is validated at the edges, also where it is async', async () => {
    const positive = {
      '~standard': { version: 1 as const, vendor: 'own', validate: async (v: unknown) => ((v as { n?: number }).n ?? 0) > 0 ? { value: v as { n: number } } : { issues: [{ message: 'not positive', path: ['n'] }] }, types: undefined as { input: { n: number }; output: { n: number } } | undefined },
    }
    const own = states({ In: 'in', Out: 'out' }, { in: positive, out: positive }, { initial: 'in', final: 'out' })
    @own.workflow({ name: 'own' })
    class Own { @own.step('in', { to: 'out', retry: { maxAttempts: 1 } }) go({ n }: Input<ShapeOf<typeof own>, 'in'>) { return own.go('out', { n: n - 1 }) } }
    const test = createTestEngine({ workflows: [Own] })
    expect(await (await test.engine.start(Own, { n: 2 })).result()).toEqual({ state: 'out', data: { n: 1 } })
    await expect(test.engine.start(Own, { n: 0 })).rejects.toMatchObject({ code: 'invalid-input', message: expect.stringContaining('n: not positive') as string })
    await expect((await test.engine.start(Own, { n: 1 })).result()).rejects.toMatchObject({ code: 'run-failed' })
    await test.close()
  })
})
