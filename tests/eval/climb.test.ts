import { describe, expect, it } from 'vitest'
import { climb, evaluation, exact, rewriting, type Item, type Propose } from 'stepwright/eval'
import { offline } from '../support/offline-llm.ts'

const items = Array.from({ length: 10 }, (_, i): Item<number, number> => ({ input: i, expected: i * 2 }))
/** What was run, by prompt. */
const seen = new Map<string, Set<number>>()

/** A prompt is the number of items, from the first on, that it gets right. */
const doubling = evaluation({
  name: 'doubling',
  data: items,
  resources: ({ prompt = '0' }) => ({ prompt }),
  run: (n: number, { prompt }) => {
    seen.set(prompt, (seen.get(prompt) ?? new Set()).add(n))
    return n < Number(prompt) ? n * 2 : -1
  },
  scorers: [exact()],
})

describe('a climb', () => {
  it('keeps what is better, and never shows what is held out before the end', async () => {
    seen.clear()
    const proposals = ['5', '3', '5', '8', '10']
    const shown = new Set<unknown>()
    const propose: Propose = (_best, failures) => {
      for (const { input } of failures) shown.add(input)
      return proposals.shift() ?? '0'
    }
    const told: boolean[] = []
    const found = await climb({
      evaluation: doubling,
      start: '2',
      propose,
      onRound: ({ kept }) => told.push(kept),
    })
    expect(found.items).toEqual({ training: 7, heldOut: 3 })
    expect(found.rounds.map(({ prompt, kept }) => [prompt, kept])).toEqual([
      ['5', true],
      ['3', false],
      ['5', false], // it was tried already
      ['8', true],
      ['10', true],
    ])
    expect(told).toEqual(found.rounds.map(({ kept }) => kept))
    expect(found.best).toEqual({ prompt: '10', mean: 1, heldOut: 1 })
    expect(found.start.prompt).toBe('2')
    expect(seen.get('5')?.size).toBe(7)
    const heldOut = items.map(({ input }) => input).filter((n) => !seen.get('5')?.has(n))
    expect(heldOut.filter((n) => shown.has(n))).toEqual([])
    expect(seen.get('10')?.size).toBe(10)
  })

  it('holds out the same items each time, and others by another seed', async () => {
    const trainedOn = async (seed: number) => {
      seen.clear()
      await climb({ evaluation: doubling, start: '5', propose: () => '1', rounds: 1, seed })
      return [...(seen.get('1') ?? [])].sort().join()
    }
    expect(await trainedOn(1)).toBe(await trainedOn(1))
    expect(await trainedOn(1)).not.toBe(await trainedOn(2))
  })

  it('ends where nothing is left to be better at', async () => {
    const propose = (): string => {
      throw new Error('no need')
    }
    const found = await climb({ evaluation: doubling, start: '10', propose })
    expect(found).toMatchObject({ rounds: [], best: { mean: 1, heldOut: 1 } })
  })

  it.each([
    [{ holdout: 0 }, '0 are to be held out'],
    [{ holdout: 1 }, '1 are to be held out'],
    [{ limit: 1 }, 'Of 1 items'],
    [{ propose: () => ' ' }, 'was proposed " "'],
  ])('refuses %j', async (over, says) => {
    await expect(climb({ evaluation: doubling, start: '2', propose: () => '3', ...over })).rejects.toThrow(
      says,
    )
  })

  it('has a model write the prompts, which is shown what failed', async () => {
    await using made = await offline({ script: () => ({ reason: 'Too few.', prompt: '10' }) })
    const found = await climb({
      evaluation: doubling,
      start: '2',
      propose: rewriting(made.llm, 'Double numbers.'),
    })
    expect(found.best).toMatchObject({ prompt: '10', heldOut: 1 })
    expect(made.server.calls).toHaveLength(1)
    const asked = made.server.calls[0]?.messages.at(-1)?.content ?? ''
    for (const part of ['Double numbers.', '"""\n2\n"""', 'came to -1 (it is -1)'])
      expect(asked).toContain(part)
  })
})
