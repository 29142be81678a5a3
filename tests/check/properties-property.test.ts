import fc from 'fast-check'
import { expect, test } from 'vitest'
import { after, atMost, eventually, never, type Claim } from '../../src/check/index.ts'
import { Chart } from '../../src/check/chart.ts'
import { counterexample, type Loops } from '../../src/check/properties/counterexample.ts'
import { monitorOf, type NamedClaim } from '../../src/check/properties/monitor.ts'
import { brokenOf, Properties } from '../../src/check/properties/properties.ts'
import { isWalk, standingsOf } from '../../src/check/standings.ts'
import type { Definition } from '../../src/definition/definition.ts'
import { exitsOf } from '../../src/definition/exit.ts'
import { brokenChart } from './broken-charts.ts'
import { heaviestWalk, positionsOf, type Position } from './counted-walks.ts'

/** What a property says of the states a run visits, in their order; `over`: nothing comes after them. */
function isBroken(claim: NamedClaim, visited: readonly string[], over: boolean): boolean {
  const is = (list: readonly string[]) => (name: string) => list.includes(name)
  const isState = is(claim.states)
  const isMark = is('mark' in claim ? (claim.mark as readonly string[]) : [])
  const marks = visited.flatMap((name, i) => (isMark(name) ? [i] : []))
  switch (claim.kind) {
    case 'never':
      return visited.some(isState)
    case 'never-before':
      return visited.slice(0, marks[0]).some(isState)
    case 'never-after':
      return marks.some((i) => visited.slice(i + 1).some(isState))
    case 'after-next':
      return marks.some((i) => i + 1 < visited.length && !isState(visited[i + 1] ?? ''))
    case 'at-most':
      return visited.filter(isState).length > claim.times
    case 'eventually':
      return over && !visited.some(isState)
    case 'after-eventually':
      return over && marks.some((i) => !visited.slice(i + 1).some(isState))
  }
}

/** Walks of up to so many visits, from the initial state; no more than 2,000. */
function walksOf(positions: readonly Position[], longest: number): readonly (readonly number[])[] {
  const walks: (readonly number[])[] = [[0]]
  for (const walk of walks)
    for (const to of walk.length < longest ? (positions[walk.at(-1) ?? 0]?.next ?? []) : [])
      if (walks.length < 2_000) walks.push([...walk, to])
  return walks
}

/** All that can be come to from some positions, those included, by positions that `may` be entered. */
function closure(
  positions: readonly Position[],
  from: readonly number[],
  may: (at: number) => boolean = () => true,
): readonly number[] {
  const seen = new Set(from.filter(may))
  for (const at of seen) for (const to of positions[at]?.next ?? []) if (may(to)) seen.add(to)
  return [...seen]
}

/** Whether some run breaks a claim, looked for as the claim is written. */
function canBreak(claim: NamedClaim, positions: readonly Position[], loops: Loops): boolean {
  const has = (list: readonly string[]) => (at: number) => list.includes(positions[at]?.state ?? '')
  const isState = has(claim.states)
  const isMark = has('mark' in claim ? (claim.mark as readonly string[]) : [])
  const next = (at: number): readonly number[] => positions[at]?.next ?? []
  const reached = closure(positions, [0])
  /** Whether a run that has gone on to one of these may never come to one of the states. */
  const inVain = (from: readonly number[]): boolean => {
    const without = closure(positions, from, (at) => !isState(at))
    if (without.some((at) => !closure(positions, [at]).some(isState))) return true
    if (loops === 'end') return false
    let going = new Set(without) // those from which one can go on for so many steps
    for (let step = 0; step <= positions.length; step++)
      going = new Set([...going].filter((at) => next(at).some((to) => going.has(to))))
    return going.size > 0
  }
  switch (claim.kind) {
    case 'never':
      return reached.some(isState)
    case 'never-before':
      return closure(positions, [0], (at) => !isMark(at)).some(isState)
    case 'never-after':
      return reached.some((at) => isMark(at) && closure(positions, next(at)).some(isState))
    case 'after-next':
      return reached.some((at) => isMark(at) && next(at).some((to) => !isState(to)))
    case 'at-most':
      return heaviestWalk(positions, (name) => (claim.states.includes(name) ? 1 : 0)) > claim.times
    case 'eventually':
      return inVain([0])
    case 'after-eventually':
      return reached.some((at) => isMark(at) && (next(at).length === 0 || inVain(next(at))))
  }
}

const KINDS = [
  'never',
  'never-before',
  'never-after',
  'after-next',
  'after-eventually',
  'eventually',
  'at-most',
]

/** A claim about states of a chart, made as users make it. */
function claimOf({ states }: Definition, kind: number, picks: readonly number[], times: number): NamedClaim {
  const names = [...states.keys()]
  const [a = '', b = '', c = ''] = picks.map((n) => names[n % names.length] ?? '')
  const made = [
    never(a),
    never(a).before(b, c),
    never(a).after(b),
    after(a).next(b, c),
    after(a).eventually(b, c),
    eventually(a, b),
    atMost(times, a, b),
  ][kind]
  return made?.claim as Claim & NamedClaim
}

test('a property is broken where some walk breaks it, by a walk that can be gone, and nowhere else', () => {
  const seen = new Map<string, { holds: number; broken: number; lasso: number }>()
  let decided = 0 // without counting visits
  fc.assert(
    fc.property(
      brokenChart,
      fc.array(fc.nat(20), { minLength: 3, maxLength: 3 }),
      fc.nat(4),
      fc.constantFrom<Loops>('end', 'may-run-forever'),
      (definition, picks, times, loops) => {
        const positions = positionsOf(definition, 300)
        fc.pre(positions !== undefined)
        const standings = standingsOf(new Chart(definition), 50_000) ?? []
        const walks = walksOf(positions, 7)
        for (const [kind, name] of KINDS.entries()) {
          const claim = claimOf(definition, kind, picks, times)
          const found = counterexample(standings, monitorOf(claim), loops)
          const count = seen.get(name) ?? { holds: 0, broken: 0, lasso: 0 }
          seen.set(name, count)

          expect(found !== undefined, name).toBe(canBreak(claim, positions, loops))
          const statesIn = (walk: readonly number[]) => walk.map((at) => positions[at]?.state ?? '')
          const isOver = (walk: readonly number[]) => positions[walk.at(-1) ?? 0]?.next.length === 0
          const asked = new Properties(definition, new Map([[name, { says: name, claim }]]), loops)
          const [loose] = brokenOf(asked, 0)
          if (!loose) expect(found, name).toBeUndefined()
          if (loose && !loose.undecided) {
            expect(found, name).toBeDefined()
            expect(isWalk(new Chart(definition), loose.legs)).toBe(true)
            decided++
          }
          if (found) expect(isWalk(new Chart(definition), found.legs)).toBe(true)
          const enumerated = walks.some((walk) => isBroken(claim, statesIn(walk), isOver(walk)))
          if (enumerated) expect(found, name).toBeDefined()
          if (!found) {
            count.holds++
            continue
          }
          if (found.loop) count.lasso++
          else count.broken++

          // it can be gone: each leg is an exit, and without the states that are passed over it is a walk
          for (const [i, { from, exit }] of found.legs.entries()) {
            expect(from).toBe(found.path[i])
            expect(exit.to).toBe(found.path[i + 1])
            const state = definition.states.get(from)
            expect(state && exitsOf(state).map(({ to }) => to)).toContain(exit.to)
          }
          const visited = [
            ...found.legs.flatMap(({ from, exit }) => (exit.by === 'visits' ? [] : [from])),
            found.path.at(-1) ?? '',
          ]
          let at: number | undefined = 0
          for (const name of visited.slice(1))
            at = positions[at ?? 0]?.next.find((to) => positions[to]?.state === name)
          expect(at).toBeDefined()
          // it breaks the property, and none that is shorter was found by trying
          expect(isBroken(claim, visited, true)).toBe(true)
          if (found.loop) {
            expect(found.loop[0]).toBe(found.loop.at(-1))
            expect(found.path.slice(-found.loop.length)).toEqual(found.loop)
          }
        }
      },
    ),
    { numRuns: 1_000 },
  )
  expect(decided).toBeGreaterThan(0)
  for (const [kind, { holds, broken, lasso }] of seen) {
    expect(holds, kind).toBeGreaterThan(0)
    expect(broken, kind).toBeGreaterThan(0)
    if (kind.endsWith('eventually')) expect(lasso, kind).toBeGreaterThan(0)
    else expect(lasso, kind).toBe(0)
  }
})
