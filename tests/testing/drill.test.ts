import { expect, it } from 'vitest'
import { drill, drillText, type DrillReport } from 'stepwright/testing'
import type * as Ledgers from './fixtures/ledger.ts'
import type { AnyClass } from '../../src/definition/shape.ts'
import {
  AbsentMindedWorkflow,
  BothWorkflow,
  ForgetfulWorkflow,
  GreedyWorkflow,
  SoundWorkflow,
  type Ledger,
} from './fixtures/ledger.ts'

const ledgerOn = (lines: string[]): { ledger: Ledger } => ({
  ledger: {
    add: (line) => void lines.push(line),
    addOnce: (key, line) => void (lines.some((each) => each.startsWith(key)) || lines.push(`${key} ${line}`)),
  },
})
const sale = { input: { sku: 'tea' }, world: (): string[] => [], resources: ledgerOn }
const verdicts = ({ handlers }: DrillReport) =>
  Object.fromEntries(handlers.map(({ handler, verdict }) => [handler, verdict]))

it('a sound workflow passes at every boundary, though its handlers are repeated', async () => {
  const report = await drill(SoundWorkflow, sale)
  expect(report, drillText(report)).toMatchObject({ passed: true, status: 'completed', varies: [] })
  expect(report.trials).toHaveLength(report.boundaries)
  expect(report.boundaries).toBe(report.writes * 2)
  expect(report.trials.filter(({ repeated }) => repeated.length > 0).length).toBeGreaterThan(2)
  expect(verdicts(report)).toEqual({ price: 'safe', charge: 'safe', ship: 'safe' })
  const charge = report.handlers.find(({ handler }) => handler === 'charge')
  expect(charge).toMatchObject({ begun: 2, calls: [{ resource: 'ledger.addOnce', times: 2, keyed: true }] })
})

it('a handler that is not idempotent is found, with what it did twice', async () => {
  const report = await drill(GreedyWorkflow, sale)
  expect(report.passed).toBe(false)
  expect(verdicts(report)).toEqual({ price: 'safe', charge: 'not-idempotent', ship: 'safe' })
  const trial = report.trials.find(({ same }) => !same)
  expect(trial?.differences).toEqual([{ path: 'effects[1]', was: 'nothing', is: "'tea 990'" }])
  expect(trial?.repeated).toMatchObject([{ handler: 'charge', key: 'drill/charge/1', begun: 2, usual: 1 }])
  expect(drillText(report)).toContain('charge: NOT IDEMPOTENT')
})

it('a dependence on a variable of the module is found where the class is loaded anew', async () => {
  let life = 0
  const load = async (): Promise<typeof ForgetfulWorkflow> => {
    const file = new URL(`./fixtures/ledger.ts?life=${life++}`, import.meta.url).href
    const module = (await import(/* @vite-ignore */ file)) as typeof Ledgers
    return module.ForgetfulWorkflow
  }
  const report = await drill(ForgetfulWorkflow, { ...sale, load })
  expect(verdicts(report)).toMatchObject({ ship: 'process-memory', price: 'safe', charge: 'safe' })
  expect(report.trials.find(({ same }) => !same)?.differences[0]).toEqual({
    path: 'output.note',
    was: "'sent for 990'",
    is: "'sent for 0'",
  })
  expect(drillText(report)).toContain('ship: DEPENDS ON PROCESS MEMORY')
})

it('what a handler does twice is found though another one hides it, and each difference is told once', async () => {
  let life = 0
  const load = async (): Promise<typeof BothWorkflow> => {
    const file = new URL(`./fixtures/ledger.ts?both=${life++}`, import.meta.url).href
    return ((await import(/* @vite-ignore */ file)) as typeof Ledgers).BothWorkflow
  }
  const report = await drill(BothWorkflow, { ...sale, load })
  expect(verdicts(report)).toEqual({ price: 'safe', charge: 'not-idempotent', ship: 'process-memory' })
  const lines = drillText(report).split('\n')
  const forgot = report.trials.filter(({ differences }) =>
    differences.some(({ path }) => path === 'output.note'),
  )
  expect(lines).toContain(`  in ${forgot.length} trials: output.note: 'sent for 990' -> 'sent for 0'`)
  expect(lines.filter((line) => line.includes('output.note'))).toHaveLength(1)
  expect(lines).toContainEqual(expect.stringMatching(/^ {2}in 1 trial: effects\[1\]: nothing -> 'tea 990'$/))
})

it('a dependence on a field of the class is found', async () => {
  const report = await drill(AbsentMindedWorkflow, sale)
  expect(verdicts(report)).toMatchObject({ ship: 'process-memory', price: 'safe' })
})

it('tries as many boundaries as it is told, over the whole run', async () => {
  const some = await drill(SoundWorkflow, { ...sale, limit: 4 })
  expect(some.trials).toHaveLength(4)
  expect(some.trials.at(-1)?.write).toBeGreaterThan(some.writes / 2)
  const third = await drill(SoundWorkflow, { ...sale, every: 3 })
  expect(third.trials).toHaveLength(Math.ceil(third.boundaries / 3))
})

it('what varies by itself is named, and not compared', async () => {
  let calls = 0
  const report = await drill(SoundWorkflow, { ...sale, effects: () => ({ calls: calls++, same: 1 }) })
  expect(report).toMatchObject({ passed: true, varies: ['effects.calls'] })
})

it('a run that cannot come to rest without a crash cannot be drilled', async () => {
  const broken = drill(SoundWorkflow as AnyClass, { input: {} as never })
  await expect(broken).rejects.toThrow('without a crash it does not come to rest')
})
