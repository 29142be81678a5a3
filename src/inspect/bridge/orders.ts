import { timingSafeEqual } from 'node:crypto'
import { signalType } from '../../compile/keys.ts'
import { StepwrightError, quote, whatOf } from '../../errors/stepwright-error.ts'
import { readCaller, type Caller } from '../../model/caller.ts'
import type { InspectorParts } from './inspector-parts.ts'
import type { Line } from './line.ts'
import type { Viewer } from './viewer.ts'

/**
 * What a client says, in either protocol.
 *
 * I2 Only signals that the workflow declares are passed on, and only where sending was allowed.
 */
export class Orders {
  readonly #line: Line
  readonly #viewer: Viewer
  readonly #parts: InspectorParts
  /** Why this client may not send, and what to do about it; `undefined` where it may. */
  readonly #closed: readonly [why: string, remedy: string] | undefined
  #greeted = false

  constructor(
    line: Line,
    viewer: Viewer,
    parts: InspectorParts,
    closed: readonly [why: string, remedy: string] | undefined,
  ) {
    this.#line = line
    this.#viewer = viewer
    this.#parts = parts
    this.#closed = closed
  }

  /** Anything that is none of the protocols is ignored. */
  receive(text: string): void {
    const message = readObject(text)
    switch (message?.['type']) {
      case 'xstate.event':
        return this.#receiveService(message)
      case '@xstate.event': {
        const { event, sessionId, _version } = message
        if (typeof _version === 'string' && isObject(event)) void this.#pass(sessionId, event, undefined)
        return
      }
      case 'xstate.inspecting':
        // a client says so as soon as it is connected, which the first replay has answered; later it asks for another
        if (this.#greeted) void this.#viewer.replay()
        this.#greeted = true
        return
      default:
        return
    }
  }

  #receiveService(message: Readonly<Record<string, unknown>>): void {
    const scxml = typeof message['event'] === 'string' ? readObject(message['event']) : undefined
    const event = isObject(scxml?.['data']) ? scxml['data'] : { type: scxml?.['name'], ...scxml }
    const runId = message['service'] ?? scxml?.['origin']
    const { reply, as } = message
    const passed = this.#pass(runId, event, as)
    if (typeof reply !== 'string') return void passed
    void passed.then((refused) => {
      const said = refused === undefined ? { accepted: true } : { accepted: false, message: refused }
      this.#line.send(JSON.stringify({ type: 'service.reply', sessionId: runId, reply, ...said }))
    })
  }

  /** Resolves with why it was refused, or with nothing. */
  async #pass(
    runId: unknown,
    event: Readonly<Record<string, unknown>>,
    as: unknown,
  ): Promise<string | undefined> {
    const { type, ...payload } = event
    const run = typeof runId === 'string' ? this.#viewer.find(runId) : undefined
    if (this.#closed) return this.#refuse(type, runId, ...this.#closed)
    if (!run) return this.#refuse(type, runId, 'it shows no such run', 'Send to a run that was registered')
    const { signals } = this.#parts.machineOf(run).definition
    const names = [...signals.keys()]
    const name = names.find((signal) => signalType(signal) === type)
    if (name === undefined)
      return this.#refuse(
        type,
        runId,
        `${run.workflow} declares no such signal`,
        `Its signals are ${names.map(quote).join(', ')}`,
      )
    try {
      await this.#parts.signal(run.id, name, payload, as === undefined ? undefined : readCaller(as as Caller))
      return undefined
    } catch (error) {
      this.#line.warn(`The inspector could not send ${quote(name)}: ${String(error)}`)
      return inWords(error)
    }
  }

  #refuse(type: unknown, runId: unknown, why: string, remedy: string): string {
    const what = `The inspector was asked to send ${quote(type)} to run ${quote(runId)}, but ${why}`
    this.#line.warn(new StepwrightError('permission-denied', { what, remedy }).message)
    return `${what}.`
  }
}

/** For a person at a page: what is wrong, without what a program would do about it. */
function inWords(error: unknown): string {
  if (!(error instanceof StepwrightError)) return error instanceof Error ? error.message : String(error)
  const what = `${whatOf(error)}.`
  return error.code === 'not-permitted' ? `${what} Say who you are, with a role that may send it.` : what
}

/** Why a client may not send. `token`: what it must show, where sending is allowed at all. */
export function whyClosed(
  token: string | undefined,
  shown: string | null,
): readonly [why: string, remedy: string] | undefined {
  if (token === undefined)
    return ['it is read-only', 'Allow it with createEngine({ inspect: { allowSend: true } })']
  const [right, given] = [Buffer.from(token), Buffer.from(shown ?? '')]
  if (right.length === given.length && timingSafeEqual(right, given)) return undefined
  return ['it did not show the token', 'Connect to the address that engine.inspectUrl gives']
}

function readObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
