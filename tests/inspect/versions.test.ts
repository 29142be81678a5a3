import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { states, type Input, type ShapeOf } from '../../src/index.ts'
import { closeAll, inspected } from './inspected.ts'

afterEach(closeAll)

enum State {
  Ask = 'ask',
  Done = 'done',
}

/** A workflow whose one field is marked in some of its versions. */
function asking(version: number, isMarked: boolean) {
  const word = isMarked ? z.string().meta({ secret: true }) : z.string()
  const Asking = states(
    State,
    { [State.Ask]: z.object({ word }), [State.Done]: z.object({ word }) },
    { initial: State.Ask, final: State.Done, signals: { go: z.object({}) } },
  )
  @Asking.workflow({ name: 'asking', version })
  class AskingWorkflow {
    @Asking.wait(State.Ask, { on: { go: State.Done } })
    ask(_: unknown, { word }: Input<ShapeOf<typeof Asking>, State.Ask>) {
      return Asking.go(State.Done, { word })
    }
  }
  return AskingWorkflow
}

test('runs of a version that is not loaded are masked by what that version has published', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'stepwright-inspect-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const store = `sqlite:${join(folder, 'runs.db')}` as const
  const Marked = asking(1, true)
  const before = await inspected({ workflows: [Marked], store, inspect: false })
  await before.engine.start(Marked, { word: 'hush' }, { id: 'waiting' })
  const run = await before.engine.start(Marked, { word: 'hush' }, { id: 'ended' })
  await run.signal('go', {})
  await run.result()
  await before.engine.close()
  const { engine, connect } = await inspected({ workflows: [asking(2, false)], store, worker: false })
  const all = await connect()
  await all.until((m) => m.sessionId === 'waiting')
  const recorded = await connect('run=ended')
  await recorded.until((m) => m.type === 'service.stop')
  const texts = [...all.texts, ...recorded.texts].join('\n')
  expect(texts).toContain('***')
  expect(texts).not.toContain('hush')
  expect((await engine.list()).map(({ version }) => version)).toEqual([1, 1])
})
