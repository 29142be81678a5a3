import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import type { Caller } from '../model/caller.ts'
import { checkId } from '../model/identifier.ts'
import { EXIT } from './exit-code.ts'
import { readJsonArgument } from './json-argument.ts'
import type { StoreChoice } from './shell-line.ts'
import { readStore } from './store-reader.ts'
import type { Terminal } from './terminal.ts'

/** A signal as it is given on the command line. */
export interface SignalArguments {
  readonly run: string
  readonly name: string
  readonly payload: string | undefined
  /** The same id twice is one signal. */
  readonly id?: string
  /** Who sends it. */
  readonly as?: Caller
}

/** Puts a signal into the inbox of a run; whoever drives the run applies it. */
export async function signalCommand(
  { run, name, payload, id, as }: SignalArguments,
  { url }: StoreChoice,
  terminal: Terminal,
): Promise<number> {
  checkId('run', run)
  if (id !== undefined) checkId('signal', id)
  const value = checkPayload(run, name, await readJsonArgument(payload, 'the payload'))
  return readStore(url, async ({ runs, mailbox, withAwaits }) => {
    const accepted = await mailbox.signal(run, name, value, {
      ...(id === undefined ? {} : { id }),
      ...(as ? { as } : {}),
    })
    if (terminal.json) terminal.printJson({ run, signal: name, ...accepted })
    else
      terminal.print(
        `${accepted.duplicate ? 'had been accepted before:' : 'accepted:'} ${terminal.onOut('strong', name)} for ${terminal.onOut('strong', run)}, as signal ${terminal.onOut('plain', accepted.id)}`,
      )
    const { status, state, awaits } = await withAwaits(await runs.view(run))
    if (!accepted.duplicate && status === 'waiting' && awaits.length > 0 && !awaits.includes(name)) {
      terminal.note(
        `It stays in the inbox: in ${terminal.onErr('plain', state)} the run waits for ${terminal.onErr('plain', awaits.join(' or '))}`,
      )
    }
    return EXIT.ok
  })
}

/** Every payload is an object. Throws `invalid-signal`. */
export function checkPayload(run: string, name: string, value: unknown): object {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  throw new StepwrightError('invalid-signal', {
    what: `The payload of ${quote(name)} is ${quote(value)}, not an object`,
    remedy: `Give an object, such as '{"by":"ada"}'`,
    details: { run, signal: name },
  })
}
