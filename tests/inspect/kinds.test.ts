import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createMachine } from 'xstate'
import { compile } from '../../src/compile/machine.ts'
import { readDefinition } from '../../src/definition/read-definition.ts'
import { toJson, toXStateConfig } from '../../src/inspect/chart-json.ts'
import type { InspectedRun } from '../../src/inspect/bridge/inspector-parts.ts'
import { toMermaid } from '../../src/inspect/mermaid.ts'
import { serviceMachine, type ServiceNode } from '../../src/inspect/bridge/service-machine.ts'
import { services } from '../../src/inspect/bridge/service-messages.ts'
import type { Happening } from '../../src/model/history.ts'
import { randomWorkflow } from '../compile/random-workflows.ts'
import { Everything } from './everything.ts'

const definition = readDefinition(Everything)

test('every construct in a Mermaid diagram', () => {
  expect(toMermaid(definition)).toBe(`stateDiagram-v2
  state "to check" as s2 {
    state "facts" as s2b1
    --
    state "the tone" as s2b2
  }
  state race {
    state "a" as s3b1
    --
    state "b" as s3b2
    --
    state "c" as s3b3
  }
  state "any state" as s0
  [*] --> score
  score --> s2
  s2 --> race
  s2 --> s2
  race --> ask
  ask --> askAll
  ask --> gone: stop
  ask --> gone: after 48h
  ask --> gone: catch E_CARD or ChildError, undoing money
  askAll --> tell
  askAll --> gone: catch E_CARD or ChildError, undoing money
  tell --> sleep
  sleep --> until: after 3d
  until --> review: when it is time
  until --> gone: when it is time
  review --> done: approve x2 by editor or chief
  review --> score: approve x2 by editor or chief
  review --> gone: stop
  review --> gone: after 3 visits
  review --> gone: catch FatalError
  review --> done: catch E_A or RangeError
  review --> gone: catch
  s0 --> gone: catch TypeError
  s0 --> gone: catch SyntaxError
  done --> [*]
  gone --> [*]
  note right of score
    for each, 4 at once
    each is undone by unscore
  end note
  note right of s2
    Facts and tone
    facts#58; Looks them up
    facts is undone by unfacts
  end note
  note right of race : until 2 of 3 succeed
  note right of ask
    runs second opinion
    undone by unask
    in transaction money
  end note
  note right of askAll
    for each a run of second opinion, 8 at once
    in transaction money
  end note
  note right of tell : starts second opinion
  note right of review
    remind after 90m, then every 3d, 3 times
    warn after 7d
  end note
`)
})

test('every construct as plain data', () => {
  const json = toJson(definition)
  expect(JSON.parse(JSON.stringify(json))).toEqual(json)
  expect(json).toMatchObject({
    queries: ['progress'],
    replies: ['stop'],
    transactions: { money: ['ask', 'askAll'] },
    deadlineMs: 30 * 864e5,
    migratesFrom: [1],
  })
  const states = new Map(json.states.map((state) => [state.name, state]))
  expect([...states.values()].map(({ name, kind, policies }) => [name, kind, own(policies)])).toMatchObject([
    ['score', 'map', { undo: 'unscore', concurrency: 4, collects: false }],
    [
      'to check',
      'parallel',
      {
        join: 'all',
        branches: {
          facts: { method: 'facts', maxAttempts: 3, timeoutMs: 300_000 },
          'the tone': { method: 'tone', maxAttempts: 3, timeoutMs: 300_000 },
        },
      },
    ],
    ['race', 'parallel', expect.objectContaining({ join: 2 })],
    [
      'ask',
      'child',
      {
        child: 'second opinion',
        detached: false,
        expiresAfterMs: 2 * 864e5,
        transaction: 'money',
        undo: 'unask',
      },
    ],
    ['askAll', 'map', { child: 'second opinion', collects: false, concurrency: 8, transaction: 'money' }],
    ['tell', 'child', { child: 'second opinion', detached: true }],
    ['sleep', 'timer', { forMs: 3 * 864e5 }],
    ['until', 'timer', {}],
    [
      'review',
      'wait',
      {
        maxVisits: 3,
        approvals: { approve: { count: 2, roles: ['editor', 'chief'] } },
        reminders: [
          { method: 'remind', afterMs: 90 * 6e4, everyMs: 3 * 864e5 },
          { method: 'warn', afterMs: 7 * 864e5 },
        ],
      },
    ],
    ['done', 'final', {}],
    ['gone', 'final', {}],
  ])
  expect(states.get('ask')?.exits.slice(-2)).toEqual([
    { by: 'catch', to: 'gone', errors: ['TypeError'], of: 'workflow' },
    { by: 'catch', to: 'gone', errors: ['SyntaxError'], of: 'workflow' },
  ])
})

/** The policies that not every state has. */
function own({
  method: _,
  effect: __,
  maxAttempts: ___,
  timeoutMs: ____,
  ...rest
}: Readonly<Record<string, unknown>>) {
  return rest
}

test('the event machine as JSON: regions, and what an event does not say by its name', () => {
  const { states } = toXStateConfig(definition)
  expect(states['to check']).toMatchObject({
    type: 'parallel',
    description: 'Facts and tone',
    states: {
      facts: {
        initial: 'working',
        states: {
          working: { on: { 'branch.facts.done': 'done', 'branch.facts.failed': 'failed' } },
          done: {},
          failed: {},
        },
      },
      'the tone': { initial: 'working' },
    },
  })
  const descriptions = Object.fromEntries(
    Object.entries(states['review']?.on ?? {}).map(([type, { description }]) => [type, description]),
  )
  expect(descriptions).toEqual({
    'signal.approve.done': 'approve x2 by editor or chief',
    'signal.approve.score': 'approve x2 by editor or chief',
    'signal.stop.gone': undefined,
    'visits.gone': 'after 3 visits',
    'catch.gone': 'catch FatalError or catch TypeError or catch SyntaxError',
    'catch.done': 'catch E_A or RangeError',
  })
  expect(states['sleep']?.on?.['step.until']?.description).toBe('after 3d')
})

/** A node in short: its children, or where its events lead. */
function sketch({ states, transitions, initial }: ServiceNode): unknown {
  const leads = transitions.map(({ event, target: [to = '#'] = [], guard }) =>
    [event, '->', to.replace('#everything', ''), guard && JSON.stringify(guard.params)]
      .filter(Boolean)
      .join(' '),
  )
  const nodes = Object.entries(states).map(([key, node]) => [key === initial ? `>${key}` : key, sketch(node)])
  return nodes.length > 0 ? { ...Object.fromEntries(nodes), ...(leads.length > 0 ? { leads } : {}) } : leads
}

test('the projection as a machine of version 4', () => {
  const { states } = serviceMachine(definition)
  const node = (name: string): ServiceNode => states[name] as ServiceNode
  expect(sketch(node('score'))).toEqual([
    'done.invoke.score -> .to check {"to":"to check"}',
    'error.platform.score -> .gone {"errors":["TypeError"]}',
    'error.platform.score -> .gone {"errors":["SyntaxError"]}',
  ])
  expect(sketch(node('sleep'))).toMatchObject({
    '>sleeping': ['xstate.after(259200000)#everything.sleep.sleeping -> .sleep.handling'],
  })
  expect(sketch(node('until'))).toMatchObject({ '>sleeping': [] })
  expect(node('race').states['working']).toMatchObject({ type: 'parallel' })
  const branch = (name: string) => ({
    '>working': [
      `branch.${name}.done -> .race.working.${name}.done`,
      `branch.${name}.failed -> .race.working.${name}.failed`,
    ],
    done: [],
    failed: [],
  })
  expect(sketch(node('race'))).toMatchObject({
    '>working': {
      a: branch('a'),
      b: branch('b'),
      c: branch('c'),
      leads: ['stepwright.joined -> .race.joining'],
    },
  })
  expect(sketch(node('ask'))).toMatchObject({
    '>working': [
      'stop -> .ask.handling',
      'xstate.after(172800000)#everything.ask.working -> .gone',
      'done.invoke.ask/child -> .ask.handling',
    ],
  })
  expect(sketch(node('tell'))).toMatchObject(['done.invoke.tell -> .sleep {"to":"sleep"}', {}, {}])
  expect(sketch(node('review'))).toMatchObject({
    '>awaiting': ['approve -> .review.handling {"count":2}', 'approve -> #', 'stop -> .review.handling'],
    leads: ['stepwright.visits -> .gone'],
  })
  const orders: number[] = []
  const walk = (node: ServiceNode): void => {
    orders.push(node.order)
    Object.values(node.states).forEach(walk)
  }
  Object.values(states).forEach(walk)
  expect(orders).toEqual(orders.map((_, i) => i))
})

test('that machine is one, whatever the names are: the package of the protocol makes it on the other side', () => {
  type Node = { readonly id: string; readonly states: Readonly<Record<string, Node>> }
  const ids = ({ id, states }: Node): string[] => [id, ...Object.values(states).flatMap(ids)]
  fc.assert(
    fc.property(randomWorkflow, ({ definition: d }) => {
      const node = serviceMachine(d)
      const machine = createMachine(JSON.parse(JSON.stringify(node)) as never)
      expect(ids(machine.root)).toEqual(ids(node))
    }),
    { numRuns: 200 },
  )
})

function shown(run: Partial<InspectedRun>, happenings: readonly Happening[] = []) {
  const common = {
    id: 'r1',
    workflow: 'everything',
    version: 2,
    status: 'running',
    state: 'score',
    data: {},
    vars: {},
  } as const
  const messages = services({ run: { ...common, ...run }, revision: 1, happenings }, compile(definition))
  const { state } = JSON.parse(messages.state) as { state: string }
  const events = messages.events.map((text) => {
    const { event } = JSON.parse(text) as { event: string }
    return (JSON.parse(event) as { data: Readonly<Record<string, unknown>> }).data
  })
  return { value: (JSON.parse(state) as { value: unknown }).value, events }
}

test.each<[string, Partial<InspectedRun>, unknown]>([
  ['a map', { state: 'score' }, 'score'],
  [
    'branches at work',
    { state: 'race' },
    { race: { working: { a: 'working', b: 'working', c: 'working' } } },
  ],
  [
    'branches that have ended',
    { state: 'race', status: 'waiting', timer: { kind: 'parts' }, branches: { a: 'done', c: 'failed' } },
    { race: { working: { a: 'done', b: 'working', c: 'failed' } } },
  ],
  [
    'a join that is tried again',
    { state: 'race', status: 'waiting', timer: { kind: 'retry' } },
    { race: 'joining' },
  ],
  ['a timer', { state: 'sleep', status: 'waiting', timer: { kind: 'timer' } }, { sleep: 'sleeping' }],
  ['a timer that is over', { state: 'sleep' }, { sleep: 'handling' }],
  ['a child', { state: 'ask', status: 'waiting' }, { ask: 'working' }],
  [
    'a child whose handler is tried again',
    { state: 'ask', status: 'waiting', timer: { kind: 'retry' } },
    { ask: 'handling' },
  ],
  ['a detached child', { state: 'tell' }, 'tell'],
  ['a reminder', { state: 'review', reminding: 'remind' }, { review: 'awaiting' }],
  ['a paused wait', { state: 'review', status: 'paused', paused: 'waiting' }, { review: 'awaiting' }],
])('where %s stands', (_, run, value) => expect(shown(run).value).toEqual(value))

test('what happens is an event of the machine where it is one, and shows nothing that is marked', () => {
  const failure = { name: 'Error', message: 'ada@example.org' }
  const { value, events } = shown({ state: 'race' }, [
    { type: 'voted', name: 'approve', id: 's1', payload: { by: 'ada' }, count: 1, of: 2 },
    { type: 'reminded', method: 'remind', count: 2, failure },
    { type: 'child-started', child: 'r1/ask/1', workflow: 'second opinion' },
    { type: 'moved', from: 'review', to: 'gone', by: 'visits', visit: 1, data: { text: '' } },
    { type: 'moved', from: 'ask', to: 'gone', by: 'expires', visit: 1, data: { text: '' } },
    { type: 'moved', from: 'sleep', to: 'until', by: 'step', visit: 1, data: { text: '' } },
    { type: 'moved', from: 'race', to: 'ask', by: 'skip', visit: 1, data: { text: '' } },
    { type: 'paused', reason: 'lunch' },
    { type: 'unpaused' },
    { type: 'compensating', why: 'failed', undoable: 1, failure },
    { type: 'undo-failed', state: 'ask', visit: 1, attempt: 2, failure },
    { type: 'undone', state: 'ask', visit: 1 },
    { type: 'compensated' },
    { type: 'retried-by-hand', state: 'ask', data: { text: 'secret' } },
    { type: 'migrated', from: 1, to: 2, state: 'score', data: {}, vars: {} },
    { type: 'cancelled', reason: 'no' },
    { type: 'terminated' },
    { type: 'joined', state: 'race', done: 2, failed: 1, failures: { c: failure } },
  ])
  expect(value).toEqual({ race: 'joining' })
  const data = { text: '' }
  expect(events).toEqual([
    { type: 'approve', by: '***' },
    { type: 'stepwright.reminded', method: 'remind', count: 2, error: 'Error' },
    { type: 'stepwright.child-started', child: 'r1/ask/1', workflow: 'second opinion' },
    { type: 'stepwright.visits', data },
    { type: 'xstate.after(172800000)#everything.ask.working', data },
    { type: 'done.invoke.sleep', data },
    { type: 'stepwright.skipped', data },
    { type: 'stepwright.paused', reason: 'lunch' },
    { type: 'stepwright.unpaused' },
    { type: 'stepwright.compensating', why: 'failed', error: 'Error' },
    { type: 'stepwright.undo-failed', state: 'ask', visit: 1, attempt: 2, error: 'Error' },
    { type: 'stepwright.undone', state: 'ask', visit: 1 },
    { type: 'stepwright.compensated' },
    { type: 'stepwright.retried-by-hand', state: 'ask' },
    { type: 'stepwright.migrated', from: 1, to: 2, state: 'score' },
    { type: 'stepwright.cancelled', reason: 'no' },
    { type: 'stepwright.terminated' },
    { type: 'stepwright.joined', done: 2, failed: 1, branches: { a: 'done', b: 'done', c: 'failed' } },
  ])
})
