/**
 * Runs over the protocols of `@xstate/inspect` and `@statelyai/inspect`, and on a page of our own: each run is a service
 * that registers, changes its state and stops. Loopback only, read-only unless asked otherwise, with marked fields
 * masked. Where a client watches all runs, those that other processes drive are shown as they stood when it connected.
 */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocketServer, type WebSocket } from 'ws'
import { StepwrightError, quote } from '../../errors/stepwright-error.ts'
import { actors } from './actor-messages.ts'
import { AllRuns } from './all-runs.ts'
import { refusal, targetOf } from './handshake.ts'
import type { InspectedCommit, InspectedRun, InspectorParts } from './inspector-parts.ts'
import { Line } from './line.ts'
import { OneRun } from './one-run.ts'
import { Orders, whyClosed } from './orders.ts'
import { answerPage, refusePage } from './page-server.ts'
import { PartsBoard } from './parts-board.ts'
import { services } from './service-messages.ts'
import { ShownCommit, type Protocol } from './shown-commit.ts'
import type { Viewer } from './viewer.ts'

/** Options of the inspector. */
export interface InspectorOptions {
  /** The port on 127.0.0.1. Default: a free one. */
  readonly port?: number
  /** Lets clients that know the token in the address send the signals that a workflow declares. Default `false`. */
  readonly allowSend?: boolean
  /** Lets the pages at https://stately.ai and https://statecharts.io connect. Default `false`. */
  readonly hostedViewers?: boolean
}

/** A running inspector. */
export interface Inspector {
  /** `ws://127.0.0.1:<port>`; where sending is allowed with `/?token=<secret>`. */
  readonly url: string
  /** `http://127.0.0.1:<port>/`; where sending is allowed with `#token=<secret>`. */
  readonly page: string
  close(): Promise<void>
}

const LOOPBACK = '127.0.0.1'
const CLOSING_MS = 250
/** The protocol that is spoken at a path. */
const PROTOCOLS: ReadonlyMap<string, Protocol> = new Map([
  ['/', services],
  ['/stately', actors],
])

/**
 * Serves the runs of an engine to inspectors.
 *
 * @throws StepwrightError `invalid-options` where the port cannot be listened on.
 */
export async function startInspector(
  parts: InspectorParts,
  options: InspectorOptions = {},
): Promise<Inspector> {
  const { port = 0, allowSend = false, hostedViewers = false } = options
  const token = allowSend ? randomBytes(24).toString('base64url') : undefined
  const viewers = new Set<Viewer>()
  const doorkeeper = new Doorkeeper(parts, hostedViewers)
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 2 ** 20 })
  const server = createServer((request, response) => {
    const why = doorkeeper.refuses(request)
    if (why !== undefined) return refusePage(response, why)
    answerPage(request, response, parts).catch((error: unknown) => {
      parts.warn(`The inspector could not answer: ${String(error)}`)
      response.destroy()
    })
  })
  server.on('upgrade', (request, socket, head) => {
    const { pathname, searchParams } = targetOf(request)
    const protocol = PROTOCOLS.get(pathname)
    const why = doorkeeper.refuses(request)
    socket.on('error', () => socket.destroy())
    if (why !== undefined || !protocol)
      return void socket.end(`HTTP/1.1 ${why === undefined ? '404 Not Found' : '403 Forbidden'}\r\n\r\n`)
    sockets.handleUpgrade(request, socket, head, (client) => {
      const line = new Line(client, parts.warn)
      const run = searchParams.get('run')
      const viewer =
        run === null ? new AllRuns(line, parts, protocol) : new OneRun(run, line, parts, protocol)
      viewers.add(viewer)
      client.on('close', () => {
        viewers.delete(viewer)
        viewer.close()
      })
      attend(client, new Orders(line, viewer, parts, whyClosed(token, searchParams.get('token'))))
      void viewer.replay()
    })
  })
  server.listen(port, LOOPBACK)
  await once(server, 'listening').catch((cause: unknown) => {
    throw new StepwrightError('invalid-options', {
      what: `The inspector cannot listen on ${LOOPBACK}:${port}: ${String(cause)}`,
      remedy: 'Give createEngine({ inspect: { port } }) a free port',
      cause,
      details: { port },
    })
  })
  server.on('error', (error) => parts.warn(`The inspector: ${error.message}`))

  const isBranch = (run: InspectedRun): boolean =>
    parts.machineOf(run).definition.states.get(run.state)?.kind === 'parallel'
  const board = new PartsBoard((commit) => show(commit, parts, viewers), isBranch)
  const unsubscribe = parts.subscribe((commit) => board.take(commit))
  const host = `${LOOPBACK}:${(server.address() as AddressInfo).port}`
  return {
    url: `ws://${host}${token === undefined ? '' : `/?token=${token}`}`,
    page: `http://${host}/${token === undefined ? '' : `#token=${token}`}`,
    close: async () => {
      unsubscribe()
      board.close()
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const socket of sockets.clients) socket.close(1001, 'the engine was closed')
      const end = setTimeout(() => {
        for (const socket of sockets.clients) socket.terminate()
        server.closeAllConnections()
      }, CLOSING_MS)
      server.closeIdleConnections()
      await closed
      clearTimeout(end)
    },
  }
}

function attend(client: WebSocket, orders: Orders): void {
  client.on('error', () => client.terminate())
  client.on('message', (data, isBinary) => {
    if (!isBinary) orders.receive((data as Buffer).toString())
  })
}

/** Lets in programs and pages of this machine. */
class Doorkeeper {
  readonly #parts: InspectorParts
  readonly #hostedViewers: boolean
  readonly #refused = new Set<string>()

  constructor(parts: InspectorParts, hostedViewers: boolean) {
    this.#parts = parts
    this.#hostedViewers = hostedViewers
  }

  refuses({ headers }: IncomingMessage): string | undefined {
    const { host, origin } = headers
    const why = refusal({ host, origin }, this.#hostedViewers)
    if (why === undefined) return undefined
    const who = quote(origin ?? host)
    if (this.#refused.size < 10 && !this.#refused.has(who))
      this.#parts.warn(`The inspector refused a connection from ${who}: ${why}`)
    this.#refused.add(who)
    return why
  }
}

function show(commit: InspectedCommit, parts: InspectorParts, viewers: ReadonlySet<Viewer>): void {
  if (viewers.size === 0) return
  try {
    const shown = new ShownCommit(commit, parts.machineOf(commit.run))
    for (const viewer of viewers) viewer.show(shown)
  } catch (error) {
    parts.warn(`The inspector could not show run ${quote(commit.run.id)}: ${String(error)}`)
  }
}
