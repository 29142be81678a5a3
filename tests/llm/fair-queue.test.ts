import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FairQueue, type Queued } from '../../src/llm/limits/fair-queue.ts'

interface Item extends Queued {
  readonly number: number
  gone: boolean
}
let count = 0
const item = (flow: string, cost = 1, lane = 'all'): Item => {
  return { flow, lane, cost, gone: false, number: (count += 1) }
}
function serve(queue: FairQueue<Item>, mayGo: (one: Item) => boolean = () => true): Item | undefined {
  const next = queue.next(mayGo)
  if (next) queue.take(next)
  return next
}

describe('a fair queue', () => {
  it('never lets two flows that both wait be further apart than the dearest of their items', async () => {
    const push = fc.record({
      flow: fc.constantFrom('a', 'b', 'c', 'd'),
      cost: fc.integer({ min: 1, max: 5 }),
    })
    const weights: Record<string, number> = { a: 1, b: 1, c: 2, d: 0.5 }
    const dearest = 5 / 0.5
    fc.assert(
      fc.property(fc.array(fc.oneof(push, fc.constant('serve' as const)), { maxLength: 200 }), (acts) => {
        const queue = new FairQueue<Item>((flow) => weights[flow] ?? 1)
        const waiting = new Map<string, number>()
        /** What each of a pair has had since both wait. */
        const had = new Map<string, { a: number; b: number }>()
        for (const act of [...acts, ...Array<'serve'>(200).fill('serve')]) {
          if (act !== 'serve') {
            queue.push(item(act.flow, act.cost))
            waiting.set(act.flow, (waiting.get(act.flow) ?? 0) + 1)
            continue
          }
          const served = serve(queue)
          expect(served === undefined).toBe([...waiting.values()].every((n) => n === 0))
          if (!served) continue
          for (const a of Object.keys(weights))
            for (const b of Object.keys(weights)) {
              const both = (waiting.get(a) ?? 0) > 0 && (waiting.get(b) ?? 0) > 0
              const pair = (both && had.get(a + b)) || { a: 0, b: 0 }
              if (served.flow === a) pair.a += served.cost / (weights[a] ?? 1)
              if (served.flow === b) pair.b += served.cost / (weights[b] ?? 1)
              had.set(a + b, both ? pair : { a: 0, b: 0 })
              if (both) expect(Math.abs(pair.a - pair.b)).toBeLessThanOrEqual(2 * dearest)
            }
          waiting.set(served.flow, (waiting.get(served.flow) ?? 0) - 1)
        }
      }),
    )
  })

  it('keeps the order within a lane, passes over those that are gone, and lets lanes go on by themselves', () => {
    const queue = new FairQueue<Item>()
    const items = [item('a', 1, 'x'), item('a', 1, 'x'), item('a', 1, 'y'), item('a', 1, 'x')]
    for (const one of items) queue.push(one)
    if (items[1]) items[1].gone = true
    expect(serve(queue, ({ lane }) => lane === 'y')).toBe(items[2])
    expect(serve(queue, ({ lane }) => lane === 'y')).toBeUndefined()
    expect(serve(queue)).toBe(items[0])
    expect(serve(queue)).toBe(items[3])
    expect([serve(queue), queue.flows]).toEqual([undefined, 0])
  })

  it('gives one that comes again and again no more than its turn', () => {
    const queue = new FairQueue<Item>()
    for (const flow of ['b', 'c', 'd']) for (let i = 0; i < 50; i++) queue.push(item(flow))
    const served: Record<string, number> = {}
    queue.push(item('a'))
    for (let i = 0; i < 80; i++) {
      const { flow = '' } = serve(queue) ?? {}
      served[flow] = (served[flow] ?? 0) + 1
      if (flow === 'a') queue.push(item('a'))
    }
    for (const flow of 'abcd') expect(served[flow], flow).toBe(20)
  })

  it('holds forty thousand flows of one item without going over all of them again and again', () => {
    const queue = new FairQueue<Item>()
    for (let i = 0; i < 40_000; i++) queue.push(item(`run ${i}`))
    const began = performance.now()
    let served = 0
    while (serve(queue)) served += 1
    expect(served).toBe(40_000)
    expect(performance.now() - began).toBeLessThan(10_000) // over all of them each time would take minutes
  })
})
