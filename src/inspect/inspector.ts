/**
 * Live runs over the protocol of `@xstate/inspect`: each run is a service that registers, changes its state and stops.
 * Loopback only, read-only unless asked otherwise, with marked fields masked. Runs that other processes drive are
 * shown as they stood when a client connected.
 */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'
import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import { refusal } from './handshake.ts'
import type { InspectedCommit, InspectorParts } from './inspector-parts.ts'
import { ServiceMessages } from './service-messages.ts'
import { Viewer } from './viewer.ts'

/** Options of the inspector. */
export interface InspectorOptions {
  /** The port on 127.0.0.1. Default: a free one. */
  readonly port?: number
  /** Lets clients send the signals that a workflow declares. Default `false`. */
  readonly allowSend?: boolean
  /** Lets the pages at https://stately.ai and https://statecharts.io connect. Default `false`. */
  readonly hostedViewers?: boolean
}

/** A running inspector. */
export interface Inspector {
  /** `ws://127.0.0.1:<port>` */
  readonly url: string
  close(): Promise<void>
}

const LOOPBACK = '127.0.0.1'
const CLOSING_MS = 250

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
  const viewers = new Set<Viewer>()
  const refused = new Set<string>()
  const server = new WebSocketServer({
    host: LOOPBACK,
    port,
    maxPayload: 2 ** 20,
    verifyClient: ({ req }, answer) => {
      const why = refusal({ host: req.headers.host, origin: req.headers.origin }, hostedViewers)
      if (why === undefined) return answer(true)
      const who = quote(req.headers.origin ?? req.headers.host)
      if (refused.size < 10 && !refused.has(who))
        parts.warn(`The inspector refused a connection from ${who}: ${why}`)
      refused.add(who)
      answer(false, 403, why)
    },
  })
  server.on('connection', (socket) => {
    const viewer = new Viewer(socket, parts, allowSend)
    viewers.add(viewer)
    socket.on('close', () => viewers.delete(viewer))
    socket.on('error', () => socket.terminate())
    socket.on('message', (data, isBinary) => {
      if (!isBinary) viewer.receive((data as Buffer).toString())
    })
    void viewer.replay()
  })
  await once(server, 'listening').catch((cause: unknown) => {
    throw new StepwrightError('invalid-options', {
      what: `The inspector cannot listen on ${LOOPBACK}:${port}: ${String(cause)}`,
      remedy: 'Give createEngine({ inspect: { port } }) a free port',
      cause,
    })
  })
  server.on('error', (error) => parts.warn(`The inspector: ${error.message}`))

  const unsubscribe = parts.subscribe((commit) => {
    if (viewers.size > 0) show(commit, parts, viewers)
  })
  return {
    url: `ws://${LOOPBACK}:${(server.address() as AddressInfo).port}`,
    close: async () => {
      unsubscribe()
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const socket of server.clients) socket.close(1001, 'the engine was closed')
      const end = setTimeout(() => server.clients.forEach((socket) => socket.terminate()), CLOSING_MS)
      await closed
      clearTimeout(end)
    },
  }
}

function show(commit: InspectedCommit, parts: InspectorParts, viewers: Iterable<Viewer>): void {
  try {
    const machine = parts.machineOf(commit.run.workflow)
    machine.state(commit.run.state)
    const messages = new ServiceMessages(commit, machine)
    for (const viewer of viewers) viewer.show(messages)
  } catch (error) {
    parts.warn(`The inspector could not show run ${quote(commit.run.id)}: ${String(error)}`)
  }
}
