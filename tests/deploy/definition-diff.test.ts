import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { diffDefinitions, diffLines, isSame } from 'stepwright/deploy'
import type { WorkflowJson } from '../../src/inspect/chart-json.ts'
import { chart, charts, withState } from './charts.ts'

const text = { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] }
const both = {
  type: 'object',
  properties: { ...text.properties, by: { type: 'string' } },
  required: ['text', 'by'],
}

const OLD = chart(
  [
    { name: 'draft', exits: [{ by: 'step', to: 'review' }], policies: { method: 'draft', maxAttempts: 3 } },
    {
      name: 'review',
      kind: 'wait',
      exits: [
        { by: 'signal', signal: 'approve', to: 'done' },
        { by: 'expires', to: 'draft', afterMs: 172_800_000 },
        { by: 'catch', to: 'draft', errors: ['TypeError'] },
      ],
      policies: { method: 'review', expiresAfterMs: 172_800_000 },
    },
    { name: 'done', kind: 'final' },
  ],
  {
    signals: ['approve'],
    transactions: { booking: ['draft', 'review'] },
    schemas: { 'state draft': text, 'state review': text, 'signal approve': both, vars: text, session: text },
  },
)
const edit = (change: Partial<WorkflowJson>): WorkflowJson => ({ ...OLD, ...change })
const schemas = (change: object): WorkflowJson => edit({ schemas: { ...OLD.schemas, ...change } })

describe('every kind of change is said', () => {
  const review = (exit: object): WorkflowJson =>
    withState(OLD, 'review', (state) => ({
      ...state,
      exits: state.exits.map((each) =>
        each.by === (exit as typeof each).by ? ({ ...each, ...exit } as typeof each) : each,
      ),
    }))
  test.each<readonly [name: string, after: WorkflowJson, lines: readonly string[]]>([
    [
      'a state added',
      edit({ states: [...OLD.states, { name: 'late', kind: 'final', exits: [], policies: {} }] }),
      ['  + state late'],
    ],
    [
      'a state removed',
      edit({ states: OLD.states.filter(({ name }) => name !== 'review') }),
      [
        '  - state review',
        '  - review -> done: approve',
        '  - review -> draft: after 48h',
        '  - review -> draft: catch TypeError',
        '  ! review: runs that stand in it would be parked as needs-migration',
      ],
    ],
    [
      'a kind changed',
      withState(OLD, 'draft', (state) => ({ ...state, kind: 'map' })),
      ['  ~ state draft', '      ~ kind: step -> map'],
    ],
    [
      'a policy changed, one added, one removed',
      withState(OLD, 'draft', (state) => ({ ...state, policies: { maxAttempts: 5, timeoutMs: 60_000 } })),
      ['  ~ state draft', '      - method: draft', '      ~ maxAttempts: 3 -> 5', '      + timeoutMs: 1m'],
    ],
    [
      'a target changed',
      withState(OLD, 'draft', (state) => ({ ...state, exits: [{ by: 'step', to: 'done' }] })),
      ['  + draft -> done', '  - draft -> review'],
    ],
    [
      'a time changed',
      review({ by: 'expires', afterMs: 86_400_000 }),
      ['  ~ review -> draft: after 48h -> after 24h'],
    ],
    [
      'errors changed',
      review({ by: 'catch', errors: ['TypeError', 'RangeError'] }),
      ['  ~ review -> draft: catch TypeError -> catch TypeError or RangeError'],
    ],
    [
      'data narrowed',
      schemas({ 'state review': both }),
      [
        '  ~ state review',
        '      ~ data',
        '          + by: string',
        '  ! review: its data may not fit: by is required now',
      ],
    ],
    [
      'data widened',
      schemas({ 'state review': { ...both, required: ['text'] } }),
      ['  ~ state review', '      ~ data', '          + by: string?'],
    ],
    ['a signal added', edit({ signals: ['approve', 'revise'] }), ['  + signal revise']],
    [
      'a signal removed',
      edit({ signals: [] }),
      [
        '  - signal approve',
        '  ! review: the signal "approve" is gone: what runs that wait in it are sent as before is refused',
      ],
    ],
    [
      'a payload changed',
      schemas({ 'signal approve': text }),
      [
        '  ~ signal approve',
        '      - by: string',
        '  ! signal approve: what is sent as before may be refused: by is not there any more',
      ],
    ],
    [
      'vars changed',
      schemas({ vars: both }),
      ['  ~ vars', '      + by: string', '  ! vars may not fit: by is required now'],
    ],
    ['the session changed', schemas({ session: both }), ['  ~ session', '      + by: string']],
    [
      'a transaction changed',
      edit({ transactions: { booking: ['draft'] } }),
      ["  ~ transaction booking: [ 'draft', 'review' ] -> [ 'draft' ]"],
    ],
    ['the beginning changed', edit({ initial: 'review' }), ['  ~ initial: draft -> review']],
    ['a deadline added', edit({ deadlineMs: 3_600_000 }), ['  + deadlineMs: 1h']],
  ])('%s', (_name, after, lines) => {
    const [heading, ...rest] = diffLines(diffDefinitions(OLD, after)).map((line) => line.text)
    expect(heading).toBe('note version 1')
    expect(rest).toEqual(lines)
  })

  test('a workflow that is new, and one that is gone', () => {
    expect(diffLines(diffDefinitions(undefined, OLD))[0]?.text).toBe('note version 1 (new)')
    const gone = diffDefinitions(OLD, undefined)
    expect(diffLines(gone)[0]?.text).toBe('note version 1 (removed)')
    expect(gone.risks).toEqual([{ what: 'workflow-removed', why: 'nothing drives its runs any more' }])
    expect(gone.states.map(({ change }) => change)).toEqual(['removed', 'removed', 'removed'])
  })

  test('a state by another name is guessed, whatever else has changed', () => {
    const named = JSON.parse(JSON.stringify(OLD).replaceAll('"review"', '"check"')) as WorkflowJson
    const renamed = { ...named, schemas: { ...OLD.schemas, 'state check': text } }
    expect(diffDefinitions(OLD, renamed).renames).toEqual([{ from: 'review', to: 'check', likeness: 0.8 }])
    expect(diffDefinitions(OLD, chart([{ name: 'other', kind: 'timer' }])).renames).toEqual([])
  })
})

describe('what can hurt a live run besides its data', () => {
  const branch = (method: string, undo?: string): object => ({
    ...{ method, maxAttempts: 3, timeoutMs: 300_000 },
    ...(undo === undefined ? {} : { undo }),
  })
  const forked = (branches: object, more: object = {}): WorkflowJson =>
    chart([
      { name: 'assess', kind: 'parallel', policies: { branches, ...more } },
      { name: 'end', kind: 'final' },
    ])
  const was = forked({ facts: branch('facts'), tone: branch('tone', 'untone') }, { undo: 'unassess' })
  const lines = (before: WorkflowJson, after: WorkflowJson): readonly string[] =>
    diffLines(diffDefinitions(before, after)).map(({ text }) => text.trim())

  test('a branch by another name', () => {
    const is = forked({ fact: branch('facts'), tone: branch('tone', 'untone') }, { undo: 'unassess' })
    expect(lines(was, is)).toEqual([
      'note version 1',
      '~ state assess',
      '- branches.facts: facts',
      '+ branches.fact: facts',
      '! assess: the branch "facts" is gone: what it has come to in runs that stand there is lost',
    ])
  })

  test('a compensation that is gone: of a state, of a branch', () => {
    const is = forked({ facts: branch('facts'), tone: branch('tone') })
    expect(diffDefinitions(was, is).risks).toEqual([
      {
        ...{ what: 'compensation-removed', state: 'assess' },
        why: 'runs that have passed it could not undo that any more',
      },
      {
        ...{ what: 'compensation-removed', state: 'assess' },
        why: 'runs that have passed its branch "tone" could not undo that any more',
      },
    ])
    expect(diffDefinitions(is, was).risks).toEqual([])
  })

  test('a field of a signal that is required now', () => {
    const before = schemas({ 'signal approve': text })
    expect(diffDefinitions(before, OLD).risks).toEqual([
      {
        what: 'signal-narrowed',
        why: 'signal approve: what is sent as before may be refused: by is required now',
      },
    ])
  })
})

test('a signal that runs wait for and that is gone', () => {
  const gone = edit({ signals: OLD.signals.filter((name) => name !== 'approve') })
  expect(diffDefinitions(OLD, gone).risks).toEqual([
    {
      ...{ what: 'signal-removed', state: 'review' },
      why: 'the signal "approve" is gone: what runs that wait in it are sent as before is refused',
    },
  ])
  expect(diffDefinitions(gone, OLD).risks).toEqual([])
  const unused = edit({ signals: [...OLD.signals, 'never'] })
  expect(diffDefinitions(unused, OLD).risks).toEqual([])
})

describe('risks heed migrations', () => {
  const next = (change: Partial<WorkflowJson>): WorkflowJson =>
    edit({ version: 2, states: OLD.states.filter(({ name }) => name !== 'review'), ...change })
  const risks = (after: WorkflowJson): readonly (string | undefined)[] =>
    diffDefinitions(OLD, after).risks.map(({ what, state }) =>
      state === undefined ? what : `${what} ${state}`,
    )
  test.each<readonly [string, WorkflowJson, readonly string[]]>([
    ['none is declared', next({}), ['state-removed review']],
    ['it names all states', next({ migrations: { 1: { draft: 'draft', review: 'draft' } } }), []],
    ['it is a function', next({ migrations: { 1: { draft: 'draft', review: null } } }), []],
    ['it leaves one out', next({ migrations: { 1: { draft: 'draft' } } }), ['state-removed review']],
    [
      'it goes where the data does not fit',
      next({
        migrations: { 1: { draft: 'draft', review: 'draft' } },
        schemas: { ...OLD.schemas, 'state draft': both },
      }),
      ['data-narrowed draft', 'data-narrowed review'],
    ],
    ['it is of an older version', edit({ version: 0 }), ['older-version']],
  ])('%s', (_name, after, expected) => expect(risks(after)).toEqual(expected))
})

describe('random charts', () => {
  test('a chart and itself do not differ', () => {
    fc.assert(
      fc.property(charts, (one) => {
        const diff = diffDefinitions(one, structuredClone(one))
        expect(isSame(diff)).toBe(true)
        expect({ ...diff.risks, ...diff.renames }).toEqual({})
      }),
    )
  })

  test('random edits are reported exactly, and back again the other way round', () => {
    fc.assert(
      fc.property(charts, fc.infiniteStream(fc.nat()), (one, dice) => {
        const { after, said } = randomEdits(one, () => dice.next().value as number)
        const diff = diffDefinitions(one, after)
        const found = [
          ...diff.states.map(({ state, change }) => `${change} ${state}`),
          ...diff.transitions.map(({ from, to, by, signal = '', change }) =>
            [change, from, by, signal, to].join(' '),
          ),
        ]
        expect(found.sort()).toEqual([...said].sort())
        const back = diffDefinitions(after, one)
        const turned = { added: 'removed', removed: 'added', changed: 'changed' } as const
        expect(new Set(back.states.map(({ state, change }) => `${turned[change]} ${state}`))).toEqual(
          new Set(diff.states.map(({ state, change }) => `${change} ${state}`)),
        )
        expect(back.transitions.length).toBe(diff.transitions.length)
      }),
      { numRuns: 500 },
    )
  })
})

/** Edits each state in one way, or leaves it, and says what was done. */
function randomEdits(
  one: WorkflowJson,
  die: () => number,
): { after: WorkflowJson; said: ReadonlySet<string> } {
  const said = new Set<string>()
  const way = (from: string, exit: (typeof one.states)[number]['exits'][number]): string =>
    [from, exit.by, 'signal' in exit ? exit.signal : '', exit.to].join(' ')
  const states = one.states.flatMap((state) => {
    const { name, exits, policies } = state
    const [first] = exits
    switch (die() % 6) {
      case 0:
        said.add(`removed ${name}`)
        for (const exit of exits) said.add(`removed ${way(name, exit)}`)
        return []
      case 1:
        said.add(`changed ${name}`)
        return [{ ...state, policies: { ...policies, maxAttempts: 9 } }]
      case 2:
        if (!first) return [state]
        said.add(`removed ${way(name, first)}`)
        return [{ ...state, exits: exits.slice(1) }]
      case 3: {
        const exit = { by: 'signal', signal: 'brand new', to: name } as const
        said.add(`added ${way(name, exit)}`)
        return [{ ...state, exits: [exit, ...exits] }]
      }
      case 4: {
        const timed = exits.find((exit) => exit.by === 'expires')
        if (!timed) return [state]
        said.add(`changed ${way(name, timed)}`)
        return [{ ...state, exits: exits.map((exit) => (exit === timed ? { ...timed, afterMs: 99 } : exit)) }]
      }
      default:
        return [{ ...state, exits: exits.toReversed() }] // order alone is no change
    }
  })
  if (die() % 2 === 0) {
    said.add('added z')
    states.push({ name: 'z', kind: 'final', exits: [], policies: {} })
  }
  return { after: { ...one, states }, said }
}
