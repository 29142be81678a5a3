import { describe, expect, it } from 'vitest'
import { createEngine, type StreamPiece } from 'stepwright'
import { createModelServer } from 'stepwright/testing'
import { Ground, KINDS } from '../reliability/ground.ts'
import { ArchiveWorkflow } from '../support/archive.ts'

const KILLS = 3
/** Another text each time it is asked for the same, as models do. */
const text = (what: string, n: number): string =>
  Array.from({ length: 40 }, (_, i) => `${what}${n}-${i}`).join(' ')

describe.each(KINDS)('what is streamed while its worker is killed %s', (kind) => {
  it(`${KILLS} times: a follower in another process, that comes back after each piece, has the stored texts`, async () => {
    await using ground = await Ground.open()
    let asked = 0
    await using server = await createModelServer({
      chunkMs: 15,
      script: ({ messages }) => text(messages[0]?.content === 'First.' ? 'a' : 'b', ++asked),
    })
    const store = ground.store(kind)
    const order = { store, url: server.url }
    const start = async () => {
      const process = ground.start('talk', order)
      await process.says('open')
      return process
    }
    let worker = await start()
    const engine = createEngine({ workflows: [ArchiveWorkflow], store, onWarning: () => undefined }) // it drives others
    const run = await engine.get('r')
    const said = new Map<string, string>()
    let [kills, sinceKill, restarts, after]: [number, number, number, string | undefined] = [
      0,
      0,
      0,
      undefined,
    ]
    for (;;) {
      const stream = run.stream(after === undefined ? {} : { after })
      const next = (await stream.next()) as IteratorResult<StreamPiece, void>
      await stream.return(undefined)
      if (next.done) break
      const { call, text: piece, restart, cursor } = next.value
      said.set(call, (restart ? '' : (said.get(call) ?? '')) + piece)
      if (restart) restarts += 1
      after = cursor
      sinceKill += 1
      if (kills === KILLS || sinceKill < 3) continue
      await worker.kill()
      worker = await start()
      kills += 1
      sinceKill = 0
    }
    const { texts } = (await worker.says('result')) as { readonly texts: readonly string[] }
    expect([...said.values()]).toEqual(texts)
    expect(kills).toBe(KILLS)
    expect(restarts).toBeGreaterThan(0)
    expect(server.calls.length).toBeLessThanOrEqual(2 + KILLS)
    await engine.close()
  })
})
