import { describe, expect, it } from 'vitest'
import { BUGS, type Bug } from './bugs.ts'
import { simulate } from './world.ts'

const SEEDS = 500
/** A planted bug is caught within so many seeds. */
const WITHIN = 500

describe('simulated worlds: three processes, a virtual clock, a store that fails, people who interfere', () => {
  it(`I1 I2 I4 I5 I6 I9 I10 hold after every write, over ${SEEDS} seeds`, { timeout: 240_000 }, async () => {
    const found: string[] = []
    let crashes = 0
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { violation, crashes: more } = await simulate(seed)
      crashes += more
      if (violation) found.push(`seed ${seed}: ${violation.message}`)
    }
    expect(found).toEqual([])
    expect(crashes).toBeGreaterThan(SEEDS) // or nothing was tried
  })

  it('the same seed is the same world', async () => {
    expect(await simulate(7)).toEqual(await simulate(7))
  })

  it.each(Object.keys(BUGS) as Bug[])('finds a planted bug: %s', async (bug) => {
    for (let seed = 1; seed <= WITHIN; seed++) if ((await simulate(seed, bug)).violation) return
    expect.fail(`not found within ${WITHIN} seeds`)
  })
})
