import type { Definition, StateDefinition } from '../../../src/definition/definition.ts'
import { anything } from '../../compile/random-workflows.ts'
import { Sub } from '../../compile/sub-workflow.ts'

const WORDS = ['fetch', 'parse', 'check', 'enrich', 'score', 'review', 'notify', 'book', 'settle', 'archive']

/** A workflow of that many states, of the shape that large ones have: stages one after another, each with a loop, a wait, and failures that lead to one end. */
export function largeWorkflow(size: number): Definition {
  const names = Array.from({ length: size - 2 }, (_, i) => `${WORDS[i % 10]} ${Math.floor(i / 10) + 1}`)
  const states = names.map((name, i) => stateAt(name, i, names))
  const ends = ['done', 'given up'].map((name): StateDefinition => ({
    kind: 'final',
    ...handled(name),
    method: undefined,
  }))
  return {
    name: `large-${size}`,
    version: 1,
    description: `A workflow of ${size} states`,
    workflowClass: class {},
    initial: names[0] ?? 'done',
    states: new Map([...states, ...ends].map((state) => [state.name, state])),
    signals: new Map([
      ['approve', anything],
      ['reject', anything],
    ]),
    replies: new Map(),
    queries: new Map(),
    transactions: new Map(),
    deadlineMs: undefined,
    migrations: new Map(),
    vars: anything,
    session: undefined,
    config: anything,
    marks: [],
  }
}

function handled(name: string) {
  const retry = {
    maxAttempts: 3,
    initialIntervalMs: 1,
    coefficient: 1,
    maxIntervalMs: 1,
    jitter: 'full',
    rules: [],
  } as const
  const tried = { retry, timeoutMs: 3e5, heartbeatMs: undefined }
  return {
    name,
    member: name,
    description: undefined,
    schema: anything,
    ...tried,
    effect: 'idempotent' as const,
  }
}

function stateAt(name: string, i: number, names: readonly string[]): StateDefinition {
  const next = names[i + 1] ?? 'done'
  const back = names[i - 2] ?? next
  const giveUp = { to: 'given up', errors: [], with: {}, transaction: undefined, of: 'state' } as const
  const common = {
    ...handled(name),
    method: `m${i}`,
    description: i % 7 === 0 ? `Does what stage ${Math.floor(i / 10) + 1} needs to ${name}` : undefined,
    catches: i % 5 === 1 ? [giveUp] : [],
    maxVisits: undefined,
    undo: i % 10 === 7 ? { ...handled(name), method: 'cancel' } : undefined,
    transaction: undefined,
  }
  switch (i % 10) {
    case 5: {
      const on = new Map([
        ['approve', { to: [next], count: 1, roles: [] }],
        ['reject', { to: [back], count: 1, roles: [] }],
      ])
      return {
        kind: 'wait',
        ...common,
        on,
        expires: { afterMs: 1728e5, to: 'given up', with: {} },
        reminders: [],
      }
    }
    case 6:
      return { kind: 'timer', ...common, to: [next], forMs: 36e5, dueAt: (_, entered) => entered }
    case 8:
      return {
        kind: 'child',
        ...common,
        to: [next],
        on: new Map(),
        expires: undefined,
        child: { workflow: Sub, input: () => ({}) },
        childId: undefined,
        detached: false,
      }
    default:
      return {
        kind: 'step',
        ...common,
        to: i % 10 === 4 ? [next, back, names[i + 3] ?? 'done'] : [next],
        cache: undefined,
      }
  }
}
