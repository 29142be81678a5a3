import type { HistoryEvent } from '../model/history.ts'
import { checkId } from '../model/identifier.ts'
import type { RunView } from '../runtime/run-view.ts'
import { readStored } from '../store/run-document.ts'
import { EXIT } from './exit-code.ts'
import { sayFailure, sayHappening } from './happening-text.ts'
import { sayDate, sayDistance } from './moment.ts'
import { storeWord, type StoreChoice } from './shell-line.ts'
import { signalLines } from './standing.ts'
import { readStore } from './store-reader.ts'
import { clean, type Terminal, type Tone } from './terminal.ts'

const TONES: { readonly [S in RunView['status']]?: Tone } = {
  completed: 'good',
  failed: 'bad',
  waiting: 'warn',
  quarantined: 'bad',
  'needs-migration': 'bad',
  corrupt: 'bad',
}

/** Shows one run: where it stands, what it holds and waits for, and the newest entries of its history. */
export async function showCommand(
  id: string,
  { history: wanted }: { readonly history: number },
  choice: StoreChoice,
  terminal: Terminal,
): Promise<number> {
  checkId('run', id)
  return readStore(choice.url, async ({ store, runs, withAwaits }) => {
    const view = await withAwaits(await runs.view(id))
    const [row] = await store.get('run', [id])
    const last = row ? readStored(id, row).history.seq : 0
    const history = wanted > 0 ? await runs.history(id, Math.max(0, last - wanted)) : []
    if (terminal.json) terminal.printJson({ ...view, history })
    else
      for (const line of [
        ...describe(view, storeWord(choice, store), terminal),
        ...tell(history, last, terminal),
      ])
        terminal.print(line)
    return EXIT.ok
  })
}

function describe(view: RunView, store: string | undefined, terminal: Terminal): string[] {
  const {
    id,
    workflow,
    version,
    status,
    state,
    visits,
    attempt,
    data,
    vars,
    session,
    awaits,
    timer,
    failure,
    createdAt,
    updatedAt,
    revision,
  } = view
  const now = Date.now()
  const timed = (at: number): string => `${sayDate(at)} (${sayDistance(at, now)})`
  const lines: (readonly [name: string, value: string])[] = [
    ['workflow', clean(`${workflow}, version ${version}`)],
    ['session', clean(session)],
    ['started', timed(createdAt)],
    ['changed', `${timed(updatedAt)}, revision ${revision}`],
    [
      'visits',
      clean(
        Object.entries(visits)
          .map(([name, n]) => `${name} ${n}`)
          .join(', '),
      ),
    ],
  ]
  if (attempt > 1) lines.push(['attempt', String(attempt)])
  if (awaits.length > 0)
    lines.push(
      ['waits for', clean(awaits.join(' or '))],
      ...signalLines({ id, awaits }, store).map((line) => ['', terminal.onOut('dim', line)] as const),
    )
  if (timer) lines.push([timer.kind === 'retry' ? 'next try' : 'wait ends', timed(timer.at)])
  if (failure) lines.push(['failure', terminal.onOut('bad', sayFailure(failure))])
  lines.push(['data', terminal.value(data)], ['vars', terminal.value(vars)])
  const head = `${terminal.onOut('strong', id)}  ${terminal.onOut(TONES[status] ?? 'plain', status)} in ${terminal.onOut('strong', state)}`
  return [
    head,
    ...lines.map(
      ([name, value]) =>
        `  ${terminal.onOut('dim', name.padEnd(9))}  ${value.replaceAll('\n', `\n${' '.repeat(13)}`)}`,
    ),
  ]
}

function tell(history: readonly HistoryEvent[], last: number, terminal: Terminal): string[] {
  if (history.length === 0) return []
  const now = Date.now()
  const lines = history.map((event) => {
    const { tone, text } = sayHappening(event, now)
    return `  ${terminal.onOut('dim', `${String(event.seq).padStart(4)}  ${sayDate(event.at)}`)}  ${terminal.onOut(tone, text)}`
  })
  return [history.length < last ? `history, newest ${history.length} of ${last}` : 'history', ...lines]
}
