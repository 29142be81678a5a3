import { expect, it } from 'vitest'
import { drill, drillText, type DrillReport } from 'stepwright/testing'
import { PackingWorkflow, type Floor } from './fixtures/packing.ts'

/** A drill in whose lives the branches come to their ends together, or where `apart` says so one after the other. */
function drillPacking(apart: (life: number) => boolean): Promise<DrillReport> {
  let lives = 0
  const resources = (lines: string[]): { readonly floor: Floor } => {
    const late = apart(++lives)
    const fetch = async (thing: string): Promise<string> => {
      for (let i = 0; late && thing === 'label' && i < 8; i++) await new Promise(setImmediate)
      return thing
    }
    return { floor: { lines, fetch } }
  }
  return drill(PackingWorkflow, { input: { order: 'A-1' }, world: (): string[] => [], resources })
}

it('branches that are saved apart make another number of writes than branches that are saved together', async () => {
  const together = await drillPacking(() => false)
  const apart = await drillPacking(() => true)
  expect(apart.writes).toBe(together.writes + 1)
})

it.each([
  ['together', () => false],
  ['apart', () => true],
  ['together without a crash, then apart', (life: number) => life > 2],
  ['apart without a crash, then together', (life: number) => life <= 2],
  ['now so, now so', (life: number) => life % 2 === 0],
  ['two by two', (life: number) => life % 4 < 2],
  ['by threes', (life: number) => life % 3 === 0],
  ['apart but for the crash at the last write', (life: number) => life > 2 && life < 27],
])('what the last handler does twice is found however the branches are saved: %s', async (_, apart) => {
  const report = await drillPacking(apart)
  expect(report.passed, drillText(report)).toBe(false)
  const { handlers } = report
  expect(Object.fromEntries(handlers.map(({ handler, verdict }) => [handler, verdict]))).toEqual({
    'pack/goods': 'safe',
    'pack/label': 'safe',
    pack: 'safe',
    send: 'not-idempotent',
  })
})

it('says by name which handlers were at work in no crash', async () => {
  const none = await drill(PackingWorkflow, {
    input: { order: 'A-1' },
    resources: () => ({ floor: { lines: [], fetch: async (thing) => thing } }),
    limit: 1,
  })
  expect(drillText(none)).toContain(
    'at work in no crash, so nothing is known of: pack/goods, pack/label, pack, send',
  )
})

it('up to eight crashes are tried side by side where each has a world of its own', async () => {
  const mostAtOnce = async (options: { readonly parallel?: number }): Promise<number> => {
    const atWork = new Set<object>()
    let most = 0
    const resources = (world: string[]): { readonly floor: Floor } => {
      const fetch = async (thing: string): Promise<string> => {
        most = Math.max(most, atWork.add(world).size)
        for (let i = 0; i < 5; i++) await new Promise(setImmediate)
        atWork.delete(world)
        return thing
      }
      return { floor: { lines: [], fetch } }
    }
    const world = (): string[] => []
    const report = await drill(PackingWorkflow, { input: { order: 'A-1' }, world, resources, ...options })
    expect(report.trials.slice(0, 4)).toMatchObject([{ write: 1 }, { write: 1 }, { write: 2 }, { write: 2 }])
    return most
  }
  expect(await mostAtOnce({ parallel: 1 })).toBe(1)
  const most = await mostAtOnce({})
  expect(most).toBeGreaterThan(1)
  expect(most).toBeLessThanOrEqual(8)
})
