/** What the address says: the run that is shown, and the token that lets this page send. */
export function readAddress() {
  const words = new URLSearchParams(location.hash.slice(1))
  return { run: words.get('run') ?? undefined, token: words.get('token') ?? undefined }
}

/** The address of a run on this page. */
export function addressOf(run) {
  const words = new URLSearchParams(location.hash.slice(1))
  words.set('run', run)
  return `#${words}`
}

const AGAIN_MS = 1_000

/**
 * A socket that speaks the protocol of `@xstate/inspect`, made anew where it is lost. `onOpen` is called each time: all
 * that was told is told again then.
 */
export class Connection {
  #socket
  #closed = false
  #replies = new Map()

  constructor(query, { onOpen, onMessage, onLost }) {
    const words = new URLSearchParams(query)
    const { token } = readAddress()
    if (token) words.set('token', token)
    const connect = () => {
      if (this.#closed) return
      this.#socket = new WebSocket(`ws://${location.host}/?${words}`)
      this.#socket.onopen = onOpen
      this.#socket.onmessage = ({ data }) => {
        const message = JSON.parse(data)
        if (message.type !== 'service.reply') return onMessage(message)
        this.#replies.get(message.reply)?.(message)
        this.#replies.delete(message.reply)
      }
      this.#socket.onclose = () => {
        if (this.#closed) return
        onLost()
        setTimeout(connect, AGAIN_MS)
      }
    }
    connect()
  }

  /** Sends an event to a run, with who sends it where that is asked; resolves with what became of it. */
  send(run, event, as) {
    const reply = crypto.randomUUID()
    const scxml = { name: event.type, data: event, $$type: 'scxml', type: 'external', origin: run }
    this.#socket.send(
      JSON.stringify({ type: 'xstate.event', event: JSON.stringify(scxml), service: run, reply, as }),
    )
    return new Promise((resolve) => this.#replies.set(reply, resolve))
  }

  close() {
    this.#closed = true
    this.#socket?.close()
  }
}
