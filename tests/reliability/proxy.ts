import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'

/** Bytes that pass before a connection is cut; `undefined`: it is not. */
export interface Cut {
  readonly toServer?: number
  readonly fromServer?: number
}

/** Stands between a client and a server on this machine, cuts connections in the middle of what they say, and can lead elsewhere. */
export class Proxy {
  /** Where new connections lead. */
  target: number
  /** Asked for each new connection. */
  cut: () => Cut = () => ({})
  cuts = 0
  readonly #server: Server
  readonly #open = new Set<Socket>()

  private constructor(target: number) {
    this.target = target
    this.#server = createServer((client) => this.#join(client))
  }

  static async start(target: number): Promise<Proxy> {
    const proxy = new Proxy(target)
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve))
    return proxy
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** Cuts all that are open. */
  drop(): void {
    for (const socket of this.#open) socket.destroy()
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.drop()
    await closed
  }

  #join(client: Socket): void {
    const server = connect(this.target, '127.0.0.1')
    const both = [client, server]
    const end = (): void => both.forEach((socket) => (this.#open.delete(socket), socket.destroy()))
    for (const socket of both) {
      this.#open.add(socket)
      socket.on('error', end).on('close', end)
    }
    const { toServer, fromServer } = this.cut()
    this.#pass(client, server, toServer, end)
    this.#pass(server, client, fromServer, end)
  }

  #pass(from: Socket, to: Socket, most = Infinity, end: () => void): void {
    let left = most
    from.on('data', (data) => {
      if (data.length < left) {
        left -= data.length
        to.write(data)
        return
      }
      this.cuts++
      to.write(data.subarray(0, left), end) // what was said so far arrives
    })
  }
}

/** Says one thing to a Redis server, and gives its answer as text. */
export function tell(port: number, ...words: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(`${words.join(' ')}\r\n`))
    socket.once('error', reject).once('data', (data) => {
      socket.destroy()
      const answer = data.toString()
      if (answer.startsWith('-')) reject(new Error(answer))
      else resolve(answer)
    })
  })
}
