import assert from 'node:assert/strict'
import { Ground } from './ground.ts'
import { trial } from './trial.ts'

/** In MB. What is no longer needed counts as soon as it is over this, and what is needed ends the process. */
const HEAP = 256
const MOST = 512

/** R20 */
export const flood = trial<{ readonly starts: number; readonly limit: number }>({
  id: 'R20',
  title:
    'starts as fast as possible: bounded memory, refusals that say when to come again, all that was accepted completes',
  sizes: { ci: { starts: 3_000, limit: 500 }, full: { starts: 50_000, limit: 1_000 } },
  async run({ starts, limit }) {
    await using ground = await Ground.open()
    const order = { store: ground.store('sqlite'), starts, limit }
    const flooding = ground.start('flood', order, [`--max-old-space-size=${HEAP}`])
    const { completed, due, refusals, accepted, took, memory } = (await flooding.says('flooded')) as Flooded
    assert.equal(completed, starts, `${starts} were accepted, ${completed} completed`)
    assert.equal(due, 0)
    assert(memory < MOST, `the process took ${memory} MB`)
    assert(refusals > 0, 'nothing was refused: the trial is blunt')
    return {
      starts,
      refusals,
      'memory MB': memory,
      'starts per second': Math.round((starts / accepted) * 1_000),
      'done per second': Math.round((starts / took) * 1_000),
    }
  },
})

interface Flooded {
  readonly completed: number
  readonly due: number
  readonly refusals: number
  /** Milliseconds until all were accepted, and until all were done. */
  readonly accepted: number
  readonly took: number
  readonly memory: number
}
