import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  check,
  readSource,
  RULES,
  refusalOf,
  type CheckOptions,
  type Refusal,
  type RuleCode,
  type Source,
} from '../../src/check/index.ts'
import type { AnyClass } from '../../src/definition/shape.ts'
import { exitsOf } from '../../src/definition/exit.ts'
import { readDefinition } from '../../src/index.ts'

interface Fixture {
  readonly mistake: () => AnyClass
  readonly mend: () => AnyClass
  /** What is asked of the class, where the rule is about that. */
  readonly asked?: (workflow: AnyClass) => CheckOptions
}

const CODES = Object.keys(RULES) as RuleCode[]
/** Rules that need types; the others look at charts whose handlers are the shortest that there can be. */
const TYPED: readonly RuleCode[] = ['unused-target', 'undeclared-target', 'unfit-data', 'pii-in-prompt']
const fileOf = (code: string): string => join(import.meta.dirname, 'fixtures', `${code}.ts`)

/** What is found in a class, with what is asked of it. */
function found({ asked }: Fixture, subject: AnyClass | Refusal, options: CheckOptions = {}) {
  return check(subject, { ...(typeof subject === 'function' ? asked?.(subject) : {}), ...options })
}

/** The class, or what it was refused for when it was made. */
function made(make: () => AnyClass): AnyClass | Refusal {
  try {
    return make()
  } catch (error) {
    const refusal = refusalOf(error)
    if (!refusal) throw error
    return refusal
  }
}

const typedSource = readSource(TYPED.map(fileOf), { types: true })
const sourceOf = async (code: RuleCode): Promise<Source> => {
  if (!TYPED.includes(code)) return readSource([fileOf(code)])
  const { workflows } = await typedSource
  return { workflows: workflows.filter(({ place }) => place.file === fileOf(code)) }
}

describe.each(CODES)('%s', (code) => {
  const file = fileOf(code)
  const load = (): Promise<Fixture> => import(file) as Promise<Fixture>

  test('is found where it is, and nothing else is', async () => {
    const fixture = await load()
    const findings = found(fixture, made(fixture.mistake), { source: await sourceOf(code) })
    const line = readFileSync(file, 'utf8')
      .split('\n')
      .findIndex((text) => text.includes(`//! ${code}`)) // the comment stands behind the line that is meant
    expect(findings).toMatchObject([
      {
        rule: code,
        severity: RULES[code].severity,
        workflow: 'mistake',
        place: { file, line },
        why: expect.stringMatching(/\.$/) as string,
        remedy: expect.stringMatching(/[^.]$/) as string,
      },
    ])
  })

  test('is silent once it is mended', async () => {
    const fixture = await load()
    expect(found(fixture, fixture.mend(), { source: await sourceOf(code) })).toEqual([])
  })

  test('shows a path that the chart has', async () => {
    const fixture = await load()
    const subject = made(fixture.mistake)
    const { initial, states } = 'definition' in subject ? subject.definition : readDefinition(subject)
    for (const { path } of found(fixture, subject)) {
      if (path.length === 0) continue
      expect(path[0]).toBe(initial)
      for (const [i, to] of path.slice(1).entries()) {
        const from = states.get(path[i] ?? '')
        expect(from && exitsOf(from).map((exit) => exit.to)).toContain(to)
      }
    }
  })
})

test.each([
  ['unreachable', '"lost" cannot be reached from "begin"', []],
  ['dead-end', 'Nothing leads out of "stand"', ['begin', 'stand']],
  ['no-end', '"left" and "right" only lead to one another', ['begin', 'left']],
  ['visits-circle', 'maxVisits leads round in a circle: "begin" and "again"', ['begin']],
  [
    'endless-loop',
    'Only a catch edge leads out of the loop of "begin" and "turn"',
    ['begin', 'turn', 'begin'],
  ],
  [
    'unbounded-loop',
    'No maxVisits bounds the loop "begin" -> "refine" -> "begin"',
    ['begin', 'refine', 'begin'],
  ],
  ['unheard-signal', 'No state awaits the signal "aprove"', []],
  ['similar-names', 'The states "review" and "reveiw" differ by a letter', []],
  ['impossible-join', '"begin" joins when 3 branches have succeeded, and has 2', ['begin']],
  [
    'dead-catch',
    '"begin" catches TypeError to "end" after an edge to "failed" that catches Error',
    ['begin'],
  ],
  [
    'early-irreversible',
    '"begin" cannot be undone, and "tell" after it may fail',
    ['approve', 'begin', 'tell'],
  ],
  [
    'broken-property',
    '"paid only after approval": never(paid).before(approved) does not hold',
    ['begin', 'paid'],
  ],
  [
    'over-limit',
    'A run may come to 7 visits, and the limit is 6 visits',
    ['begin', 'refine', 'begin', 'refine', 'begin', 'refine', 'begin', 'end'],
  ],
  ['retried-effect', '"begin" (begin) cannot be undone and is tried up to 3 times', ['begin']],
] as const)('%s says what is wrong', async (code, message, path) => {
  const fixture = (await import(fileOf(code))) as Fixture
  expect(found(fixture, made(fixture.mistake))).toMatchObject([{ message, path }])
})
