import { expect, test } from 'vitest'
import { z } from 'zod'
import { readDefinition, states, type ShapeOf, type Input, type Joined, type Signal } from 'stepwright'
import { diffDefinitions, diffLines } from 'stepwright/deploy'
import { toJson } from 'stepwright/inspect'

const text = z.object({ text: z.string() })
const items = z.object({ items: z.array(z.number()) })

/** What can be set otherwise, each where a state of its kind has it. */
interface Policies {
  readonly step?: object
  readonly map?: object
  readonly wait?: object
  readonly reminder?: object
  readonly branch?: object
  readonly undo?: object
}

function chartOf({ step, map, wait, reminder, branch, undo }: Policies) {
  const T = states(
    { Fetch: 'fetch', Each: 'each', Look: 'look', Ask: 'ask', Done: 'done' },
    { fetch: text, each: items, look: text, ask: text, done: text },
    {
      initial: 'fetch',
      final: 'done',
      signals: { approve: z.object({}) },
      items: { each: z.number() },
      branches: { look: { facts: z.string() } },
    },
  )
  type D = ShapeOf<typeof T>
  @T.workflow({ name: 'policies' })
  class Workflow {
    @T.step('fetch', { to: 'each', effect: 'none', ...step }) fetch(_: Input<D, 'fetch'>) {
      return T.go('each', { items: [1] })
    }
    @T.compensate('fetch', { ...undo }) unfetch() {}
    @T.map('each', {
      over: ({ items }) => items,
      to: 'look',
      reduce: () => T.go('look', { text: '' }),
      ...map,
    })
    one(item: number, _: Input<D, 'each'>) {
      return item
    }
    @T.branch('look', 'facts', { ...branch }) facts(_: Input<D, 'look'>) {
      return ''
    }
    @T.parallel('look', { to: 'ask' }) looked(_: Joined<D, 'look'>) {
      return T.go('ask', { text: '' })
    }
    @T.wait('ask', {
      on: { approve: 'done' },
      expires: { after: '2d', to: 'done', with: { text: 'late' } },
      ...wait,
    })
    ask(_: Signal<D, 'approve'>, { text }: Input<D, 'ask'>) {
      return T.go('done', { text })
    }
    @T.reminder('ask', { after: '1h', every: '1d', times: 2, ...reminder }) remind(_: Input<D, 'ask'>) {}
  }
  return toJson(readDefinition(Workflow))
}

test.each<readonly [name: string, policies: Policies, lines: readonly string[]]>([
  ['how often it reminds', { reminder: { times: 5 } }, ['~ reminders[0].times: 2 -> 5']],
  ['when it reminds', { reminder: { every: '3d' } }, ['~ reminders[0].everyMs: 24h -> 3d']],
  [
    'how it is tried',
    { step: { retry: { initialInterval: '5s', jitter: 'none' } } },
    ['~ retry.initialIntervalMs: 1s -> 5s', '~ retry.jitter: full -> none'],
  ],
  [
    'errors that are tried otherwise',
    { step: { retry: { on: [{ error: TypeError, maxAttempts: 1 }] } } },
    [
      "+ retry.on: [ { coefficient: 2, errors: [ 'TypeError' ], initialIntervalMs: 1s, jitter: 'full', maxAttempts: 1, maxIntervalMs: 1m } ]",
    ],
  ],
  ['a heartbeat', { step: { heartbeat: '10s' } }, ['+ heartbeatMs: 10s']],
  [
    'items that may fail',
    { map: { onError: { threshold: 2 } } },
    ['~ collects: false -> true', '~ tolerates: 0 -> 2'],
  ],
  ['the most items', { map: { most: 10 } }, ['~ most: 100000 -> 10']],
  ['how an item is tried', { map: { timeout: '1m' } }, ['~ timeoutMs: 5m -> 1m']],
  [
    'how a branch is tried',
    { branch: { retry: { coefficient: 3 } } },
    ['~ branches.facts.retry.coefficient: 2 -> 3'],
  ],
  ['how it is undone', { undo: { retry: { maxAttempts: 9 } } }, ['~ undoing.maxAttempts: 3 -> 9']],
  [
    'what is handed on',
    { wait: { expires: { after: '2d', to: 'done', with: { text: 'too late' } } } },
    ['~ with.expires.text: late -> too late'],
  ],
  [
    'a function for what is handed on',
    { wait: { expires: { after: '2d', to: 'done', with: () => ({ text: '' }) } } },
    ["~ with.expires: { text: 'late' } -> by a function"],
  ],
])('seen: %s', (_name, policies, lines) => {
  const before = JSON.parse(JSON.stringify(chartOf({}))) as ReturnType<typeof chartOf>
  expect(diffDefinitions(before, chartOf({})).states).toEqual([])
  const said = diffLines(diffDefinitions(before, chartOf(policies))).map((line) => line.text.trim())
  expect(said.slice(2)).toEqual(lines)
})
