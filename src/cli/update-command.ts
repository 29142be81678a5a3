import { setTimeout as sleep } from 'node:timers/promises'
import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import type { Caller } from '../model/caller.ts'
import { toMs, type Duration } from '../model/duration.ts'
import { checkId } from '../model/identifier.ts'
import { isEnded } from '../model/status.ts'
import { systemHost } from '../model/host.ts'
import { EXIT } from './exit-code.ts'
import { lastEvent } from './following.ts'
import { masksFor } from './masks.ts'
import { readJsonArgument } from './json-argument.ts'
import { shellLine, storeWord, type StoreChoice } from './shell-line.ts'
import { checkPayload } from './signal-command.ts'
import { readStore, type StoreReader } from './store-reader.ts'
import type { Terminal } from './terminal.ts'
import { noteNoWorker } from './worker-hint.ts'

/** An update as it is given on the command line. */
export interface UpdateArguments {
  readonly run: string
  readonly name: string
  readonly payload: string | undefined
  readonly id?: string
  readonly as?: Caller
  readonly timeout: Duration
}

/** What has become of an update. */
type Fate =
  | { readonly answer: unknown }
  | { readonly refused: string }
  /** It was taken, or counted, and gives no answer. */
  | { readonly taken: string }

const LOOK_MS = 50

/** Sends a signal that is answered, and waits for the answer. */
export async function updateCommand(
  { run, name, payload, id = systemHost.newId(), as, timeout }: UpdateArguments,
  choice: StoreChoice,
  terminal: Terminal,
): Promise<number> {
  checkId('run', run)
  checkId('signal', id)
  const until = Date.now() + toMs(timeout, '--timeout')
  const value = checkPayload(run, name, await readJsonArgument(payload, 'the payload'))
  return readStore(choice.url, async (reader) => {
    const before = await lastEvent(reader.store, run)
    const { duplicate } = await reader.mailbox.signal(run, name, value, { id, ...(as ? { as } : {}) })
    const since = duplicate ? 0 : before
    for (;;) {
      const fate = await fateOf(reader, run, id, since)
      if (fate) {
        const masks = await masksFor(await reader.runs.view(run), reader.store, terminal)
        const shown = 'answer' in fate ? { answer: masks.at(`reply ${name}`, fate.answer) } : fate
        return report(run, name, id, shown, terminal)
      }
      if (Date.now() >= until) break
      await sleep(Math.min(LOOK_MS, until - Date.now()))
    }
    if (terminal.json) terminal.printJson({ run, update: name, id, answered: false })
    const again = shellLine('update', [run, name, payload ?? '{}'], {
      id,
      store: storeWord(choice, reader.store),
    })
    terminal.note(
      `no answer came in time; it is stored, and the same id asks for the same answer:\n  ${again}`,
    )
    await noteNoWorker(reader.store, run, storeWord(choice, reader.store), terminal)
    return EXIT.notFinished
  })
}

/** `undefined`: nothing yet. The run is read before the reply, since both are written together. */
async function fateOf(
  { kernel, runs, mailbox }: StoreReader,
  run: string,
  id: string,
  since: number,
): Promise<Fate | undefined> {
  const stored = await kernel.documents.find(run)
  const reply = await mailbox.reply(run, id)
  if (reply) return reply.ok ? { answer: reply.value } : { refused: reply.reason }
  if (!stored || (stored.history.seq === since && !isEnded(stored.status))) return undefined
  const seen = (await runs.history(run, since)).findLast((event) => 'id' in event && event.id === id)
  if (seen?.type === 'signal-refused') return { refused: seen.reason }
  if (seen?.type === 'voted') return { taken: `counted, ${seen.count} of ${seen.of}` }
  if (seen?.type === 'signalled' && stored.signal?.id !== id) return { taken: 'taken' }
  return isEnded(stored.status) && !seen ? { refused: `it is ${stored.status}` } : undefined
}

function report(run: string, name: string, id: string, fate: Fate, terminal: Terminal): number {
  if ('refused' in fate) {
    throw new StepwrightError('signal-refused', {
      what: `Run ${quote(run)} did not take ${quote(name)}: ${fate.refused}`,
      remedy: 'Send another one, with an id of its own',
      details: { run, signal: name, id, reason: fate.refused },
    })
  }
  if ('answer' in fate) {
    if (terminal.json) terminal.printJson({ run, update: name, id, answered: true, answer: fate.answer })
    else terminal.print(terminal.value(fate.answer, true))
    return EXIT.ok
  }
  if (terminal.json) terminal.printJson({ run, update: name, id, answered: false, taken: true })
  else terminal.note(`${terminal.onErr('strong', name)} was ${fate.taken}; it gives no answer`)
  return EXIT.ok
}
