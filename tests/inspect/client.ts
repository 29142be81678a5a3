import { createRequire } from 'node:module'
import { WebSocket, type ClientOptions } from 'ws'

const require = createRequire(import.meta.url)

/** What `State.create` of XState 4 does, which `@xstate/inspect` calls and version 5 lacks: it reads `_event.data`. */
class State {
  readonly value: unknown
  readonly context: unknown
  readonly event: unknown
  readonly tags: Set<string>
  readonly done: boolean
  constructor(config: {
    value: unknown
    context: unknown
    _event: { data: unknown }
    tags: string[]
    done: boolean
  }) {
    this.value = config.value
    this.context = config.context
    this.event = config._event.data
    this.tags = new Set(config.tags)
    this.done = config.done
  }
  static create(config: ConstructorParameters<typeof State>[0]): State {
    return new State(config)
  }
}
;(require('xstate') as { State?: unknown }).State = State
const protocol = require('@xstate/inspect/lib/utils') as {
  isReceiverEvent(event: unknown): boolean
  parseReceiverEvent(event: unknown): Message
}

/** A message as the package's own client hands it on. */
export interface Message {
  readonly type: string
  readonly sessionId: string
  readonly parent?: string
  readonly id?: string
  readonly machine?: { readonly id: string; readonly states: object }
  readonly state?: {
    readonly value: unknown
    readonly context: { data: unknown; vars: unknown }
    readonly event: { type: string }
    readonly tags: Set<string>
    readonly done: boolean
  }
  readonly event?: { readonly name: string; readonly data: Readonly<Record<string, unknown>> }
}

/** A client that reads every message with the parser of `@xstate/inspect`. */
export class Client {
  readonly messages: Message[] = []
  /** All that was received, as it was sent. */
  readonly texts: string[] = []
  readonly socket: WebSocket
  readonly #wakers = new Set<() => void>()

  private constructor(socket: WebSocket) {
    this.socket = socket
    socket.on('message', (data: Buffer) => {
      const text = data.toString()
      const event: unknown = JSON.parse(text)
      if (!protocol.isReceiverEvent(event)) throw new Error(`not of the protocol: ${text}`)
      this.texts.push(text)
      this.messages.push(protocol.parseReceiverEvent(event))
      for (const wake of this.#wakers) wake()
    })
  }

  /** Connects, and says what `createWebSocketReceiver` says when it is open. Rejects where it is refused. */
  static connect(url: string | undefined, options: ClientOptions = {}): Promise<Client> {
    const socket = new WebSocket(url ?? '', options)
    const client = new Client(socket)
    return new Promise((resolve, reject) => {
      socket.once('error', reject)
      socket.once('open', () => {
        client.send({ type: 'xstate.inspecting' })
        resolve(client)
      })
    })
  }

  send(message: unknown): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message))
  }

  /** Sends an event as the inspector's page does. */
  sendEvent(sessionId: string, event: { type: string } & Record<string, unknown>): void {
    const scxml = { name: event.type, data: event, $$type: 'scxml', type: 'external', origin: sessionId }
    this.send({ type: 'xstate.event', event: JSON.stringify(scxml), service: sessionId })
  }

  /** Waits for a message that fits. */
  async until(fits: (message: Message) => boolean): Promise<Message> {
    for (;;) {
      const found = this.messages.find(fits)
      if (found) return found
      await new Promise<void>((resolve) => this.#wakers.add(resolve))
    }
  }

  /** What it saw of one run, in short: `register draft`, `event approve`, `state {"in%2Ereview":"awaiting"}`, `stop`. */
  story(sessionId: string): string[] {
    return this.messages
      .filter((message) => message.sessionId === sessionId)
      .map(({ type, state, event }) => {
        const value = typeof state?.value === 'string' ? state.value : JSON.stringify(state?.value)
        return [type.slice('service.'.length), state ? value : event?.name].filter(Boolean).join(' ')
      })
  }
}
