import { describe, expect, test } from 'vitest'
import { sayHappening } from '../../src/cli/happening-text.ts'
import type { Happening } from '../../src/model/history.ts'

type Type = Happening['type']
const failure = { name: 'FatalError', message: 'no\n ink' }
const ada = { id: 'ada', roles: ['editor', 'chief'] }
const at = (type: Type, rest: object): Happening => ({ type, ...rest }) as Happening

/** Every type, so that a new one does not compile before it has its line. */
const LINES: { readonly [T in Type]: readonly (readonly [rest: object, text: string | RegExp])[] } = {
  started: [
    [{ to: 'draft' }, 'started in draft'],
    [{ to: 'draft', by: ada }, 'started in draft by ada (editor, chief)'],
    [
      { to: 'draft', forkedFrom: { run: 'a', seq: 3 }, by: { id: 'bo' } },
      'started in draft, a fork of a from its entry 3 by bo',
    ],
  ],
  claimed: [[{ worker: 'w1' }, 'taken by worker w1']],
  woken: [[{ worker: 'w1' }, 'goes on: what it waited for has come']],
  waits: [
    [{}, 'its parts wait'],
    [{ until: 65_000 }, 'its parts wait, the next is due in 1m 4s'],
  ],
  reminding: [
    [{ method: 'nag', attempt: 1 }, 'reminder nag begins'],
    [{ method: 'nag', attempt: 2 }, 'reminder nag begins, attempt 2'],
  ],
  moved: [
    [{ from: 'a', to: 'b', by: 'step', visit: 1 }, 'a -> b by step'],
    [{ from: 'a', to: 'b', by: 'signal:approve', visit: 2 }, 'a -> b by signal:approve, visit 2'],
    [{ from: 'a', to: 'b', by: 'catch', visit: 1 }, 'a -> b by catch'], // as told by versions that did not keep it
    [{ from: 'a', to: 'b', by: 'catch', visit: 2, failure }, 'a -> b by catch, visit 2: FatalError: no ink'],
  ],
  signalled: [
    [{ name: 'approve' }, 'signal approve taken'],
    [{ name: 'approve', caller: { id: 'bo' } }, 'signal approve taken from bo'],
  ],
  voted: [
    [
      { name: 'approve', count: 1, of: 2, caller: ada },
      'signal approve counted, 1 of 2 from ada (editor, chief)',
    ],
  ],
  reminded: [
    [{ method: 'nag', count: 2 }, 'reminder nag given, number 2'],
    [{ method: 'nag', count: 1, failure }, 'reminder nag number 1 failed: FatalError: no ink'],
  ],
  'model-called': [
    [
      { verb: 'text', model: 'm', usage: { input: 120, output: 30 }, cost: 0.00212345, ms: 1_200 },
      'text by m: 120 + 30 tokens, cost 0.00212, 1.2s',
    ],
    [{ verb: 'object', model: 'm', ms: 0, cache: 'hit' }, 'object by m: from the cache'],
    [{ verb: 'text', model: 'm', ms: 20, failure }, /^text by m: 20ms: FatalError: no ink$/],
  ],
  'tool-called': [
    [{ tool: 'search', ms: 20 }, 'tool search called, 20ms'],
    [{ tool: 'search', ms: 20, failure }, 'tool search called, 20ms: FatalError: no ink'],
  ],
  joined: [
    [{ state: 'pack', done: 3, failed: 0 }, 'parts of pack joined: 3 done, 0 failed'],
    [
      { state: 'pack', done: 2, failed: 2, failures: { '0000041': failure, facts: failure } },
      'parts of pack joined: 2 done, 2 failed (item 42: FatalError: no ink; facts: FatalError: no ink)',
    ],
  ],
  'child-started': [[{ child: 'a/ask/1', workflow: 'quiz' }, 'child run a/ask/1 of quiz started']],
  paused: [
    [{}, 'paused'],
    [{ reason: 'lunch', by: { id: 'bo' } }, 'paused by bo: lunch'],
  ],
  unpaused: [[{ by: { id: 'bo' } }, 'goes on after a pause by bo']],
  cancelled: [[{ reason: 'too\u001b[31m late' }, 'cancelled: too\\u001b[31m late']],
  terminated: [[{ by: ada, reason: 'stuck' }, 'terminated by ada (editor, chief): stuck']],
  'retried-by-hand': [
    [{ state: 'draft' }, 'draft is tried again'],
    [{ state: 'draft', data: {}, by: { id: 'bo' } }, 'draft is tried again with other data by bo'],
  ],
  migrated: [[{ from: 1, to: 2, state: 'write' }, 'migrated from version 1 to 2, in write']],
  compensating: [
    [{ why: 'failed', failure }, 'undoing what was done: it failed, FatalError: no ink'],
    [{ why: 'cancelled' }, 'undoing what was done: it was cancelled'],
    [{ why: 'transaction' }, 'undoing what was done: a transaction failed'],
  ],
  undone: [
    [{ state: 'charge', visit: 1 }, 'charge undone'],
    [{ state: 'pack', visit: 2, part: '0000000' }, 'pack, item 1, visit 2 undone'],
    [{ state: 'charge', visit: 1, skipped: true }, 'charge is left as it is'],
  ],
  'undo-failed': [
    [
      { state: 'charge', visit: 1, attempt: 2, failure },
      'attempt 2 to undo charge failed: FatalError: no ink; no attempt is left',
    ],
    [
      { state: 'charge', visit: 1, attempt: 1, failure, retryAt: 65_000 },
      /^attempt 1 to undo charge failed: FatalError: no ink; next attempt after 1m 4s, at /,
    ],
  ],
  compensated: [[{}, 'all is undone']],
  'signal-refused': [[{ name: 'approve', reason: 'by: wrong' }, 'signal approve refused: by: wrong']],
  'attempt-failed': [
    [{ state: 'a', attempt: 3, failure }, 'attempt 3 of a failed: FatalError: no ink; no attempt is left'],
  ],
  retried: [[{ state: 'a', attempt: 2 }, 'attempt 2 of a begins']],
  released: [[{ worker: 'w1' }, 'let go by its worker, which was closed']],
  recovered: [
    [{ recoveries: 1 }, 'taken over from a worker that died'],
    [{ recoveries: 3 }, 'taken over from a worker that died, 3 times in a row'],
  ],
  log: [[{ level: 'warn', message: 'slow', fields: { ms: 7 } }, 'warn: slow {"ms":7}']],
  completed: [[{ state: 'end' }, 'completed in end']],
  failed: [[{ state: 'a', failure }, 'failed in a: FatalError: no ink']],
  parked: [
    [
      { status: 'quarantined', reason: 'It died', remedy: 'Mend it' },
      'set aside as quarantined: It died. Mend it',
    ],
  ],
  unparked: [
    [{ status: 'quarantined' }, 'given back to the workers; it was quarantined'],
    [{ status: 'quarantined', by: { id: 'bo' } }, 'given back to the workers by bo; it was quarantined'],
  ],
  repaired: [
    [
      { upTo: 4 },
      'its damaged document was made anew from the history up to entry 4; what came after it is lost',
    ],
    [
      { upTo: 4, lost: 2 },
      'its damaged document was made anew from the history up to entry 4; 2 after it are lost',
    ],
    [
      { upTo: 4, lost: 0 },
      'its damaged document was made anew from the history up to entry 4; nothing is lost',
    ],
  ],
}

describe('what happened, in a line', () => {
  const all = Object.entries(LINES).flatMap(([type, lines]) =>
    lines.map(([rest, text]) => [String(text), at(type as Type, rest), text] as const),
  )
  test.each(all)('%s', (_name, happening, text) => {
    expect(sayHappening(happening, 500).text).toEqual(
      typeof text === 'string' ? text : (expect.stringMatching(text) as unknown),
    )
  })

  test('an event of a newer version is named, and harms nothing', () => {
    expect(sayHappening({ type: 'teleported' } as never, 0)).toEqual({ tone: 'plain', text: 'teleported' })
  })
})
