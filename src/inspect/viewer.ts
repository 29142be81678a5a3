import type { WebSocket } from 'ws'
import { signalType } from '../compile/keys.ts'
import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import { isEnded } from '../model/status.ts'
import type { InspectorParts, StoredRun } from './inspector-parts.ts'
import { ServiceMessages } from './service-messages.ts'

/** A client that has this much unread is dropped: the engine does not wait for it. */
export const MOST_BUFFERED_BYTES = 4 * 2 ** 20

/** Runs that are shown to a client that connects late. */
const MOST_REPLAYED = 200
/** Stored runs that are looked at to find them. */
const MOST_LOOKED_AT = 2_000
const PAGE = 100
const MOST_WARNINGS = 10

/**
 * One connected client of the inspector.
 *
 * I2 Only signals that the workflow declares are passed on, and only where sending was allowed.
 */
export class Viewer {
  readonly #socket: WebSocket
  readonly #parts: InspectorParts
  readonly #allowSend: boolean
  /** The workflow and newest shown revision of every run this client knows of. */
  readonly #known = new Map<string, { readonly workflow: string; readonly revision: number }>()
  /** Runs that ended during a replay, which may still find them active. */
  readonly #endedMeanwhile = new Set<string>()
  #replaying = false
  #greeted = false
  #warnings = 0

  constructor(socket: WebSocket, parts: InspectorParts, allowSend: boolean) {
    this.#socket = socket
    this.#parts = parts
    this.#allowSend = allowSend
  }

  /** Shows a commit: a run that is new to this client is registered first. */
  show(messages: ServiceMessages): void {
    const { run, revision, ended } = messages
    const known = this.#known.get(run.id)
    if (known && known.revision >= revision) return
    if (!known) this.#send(messages.register)
    for (const event of messages.events) this.#send(event)
    if (known || ended) this.#send(messages.state)
    if (!ended) return void this.#known.set(run.id, { workflow: run.workflow, revision })
    this.#send(messages.stop)
    this.#known.delete(run.id)
    if (this.#replaying) this.#endedMeanwhile.add(run.id)
  }

  /** Registers the newest active runs of the store. What a commit has shown meanwhile is newer and stays. */
  async replay(): Promise<void> {
    if (this.#replaying) return
    this.#replaying = true
    this.#known.clear()
    try {
      let shown = 0
      for await (const run of this.#storedRuns()) {
        if (shown >= MOST_REPLAYED || !this.#open) break
        const messages = this.#messagesOf(run)
        if (!messages || this.#known.has(run.id) || this.#endedMeanwhile.has(run.id)) continue
        this.#known.set(run.id, { workflow: run.workflow, revision: run.revision })
        await this.#sendSlowly(messages.register)
        shown++
      }
    } catch (error) {
      this.#warn(`The inspector could not read the runs: ${String(error)}`)
    } finally {
      this.#replaying = false
      this.#endedMeanwhile.clear()
    }
  }

  /** Reads a message of the client. Anything that is none of the protocol is ignored. */
  receive(text: string): void {
    const message = readObject(text)
    if (message?.['type'] === 'xstate.event') this.#receiveEvent(message)
    if (message?.['type'] !== 'xstate.inspecting') return
    // a client says so as soon as it is connected, which the first replay has answered; later it asks for another
    if (this.#greeted) void this.replay()
    this.#greeted = true
  }

  async *#storedRuns(): AsyncGenerator<StoredRun> {
    let before: string | undefined
    for (let looked = 0; looked < MOST_LOOKED_AT; looked += PAGE) {
      const page = await this.#parts.list({ limit: PAGE, ...(before === undefined ? {} : { before }) })
      yield* page.filter(({ status }) => !isEnded(status))
      before = page.findLast(({ status }) => status !== 'corrupt')?.id
      if (page.length < PAGE || before === undefined) return
    }
  }

  /** `undefined` for runs that have no place on a chart: damaged, of a workflow or in a state that is not loaded. */
  #messagesOf(run: StoredRun): ServiceMessages | undefined {
    try {
      const machine = this.#parts.machineOf(run.workflow)
      machine.state(run.state)
      return new ServiceMessages({ run, revision: run.revision, happenings: [] }, machine)
    } catch {
      return undefined
    }
  }

  #receiveEvent(message: Readonly<Record<string, unknown>>): void {
    const scxml = typeof message['event'] === 'string' ? readObject(message['event']) : undefined
    const event = isObject(scxml?.['data']) ? scxml['data'] : scxml
    const type = event?.['type'] ?? scxml?.['name']
    const runId = message['service'] ?? scxml?.['origin']
    if (!this.#allowSend)
      return this.#refuse(
        type,
        runId,
        'it is read-only',
        'Allow it with createEngine({ inspect: { allowSend: true } })',
      )
    const known = typeof runId === 'string' ? this.#known.get(runId) : undefined
    if (typeof runId !== 'string' || !known)
      return this.#refuse(type, runId, 'it shows no such run', 'Send to a run that was registered')
    const { signals } = this.#parts.machineOf(known.workflow).definition
    const name = [...signals.keys()].find((signal) => signalType(signal) === type)
    if (name === undefined)
      return this.#refuse(
        type,
        runId,
        `${known.workflow} declares no such signal`,
        `Its signals are ${[...signals.keys()].map(quote).join(', ')}`,
      )
    const { type: _type, ...payload } = event ?? {}
    this.#parts
      .signal(runId, name, payload)
      .catch((error: unknown) => this.#warn(`The inspector could not send ${quote(name)}: ${String(error)}`))
  }

  #refuse(type: unknown, runId: unknown, why: string, remedy: string): void {
    const what = `The inspector was asked to send ${quote(type)} to run ${quote(runId)}, but ${why}`
    this.#warn(new StepwrightError('permission-denied', { what, remedy }).message)
  }

  #warn(message: string): void {
    if (++this.#warnings <= MOST_WARNINGS) this.#parts.warn(message) // a client cannot fill the log
  }

  get #open(): boolean {
    return this.#socket.readyState === this.#socket.OPEN
  }

  #send(text: string): void {
    if (!this.#open) return
    this.#socket.send(text)
    if (this.#socket.bufferedAmount <= MOST_BUFFERED_BYTES) return
    this.#socket.terminate()
    this.#warn('The inspector dropped a client that reads too slowly')
  }

  /** Resolves when the text has left, so that a replay does not fill the buffer by itself. */
  #sendSlowly(text: string): Promise<void> {
    if (!this.#open) return Promise.resolve()
    return new Promise((resolve) => this.#socket.send(text, () => resolve()))
  }
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
