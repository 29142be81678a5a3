// Connects with the client of the real @xstate/inspect and says, a line of JSON each, what it made of the messages. The
// words are the address without a protocol, the run that it waits for to stop, and an event to send once that run waits.
import { createRequire } from 'node:module'
import { WebSocket } from 'ws'

const require = createRequire(import.meta.url)
const { createWebSocketReceiver } = require('@xstate/inspect')
const { State, toSCXMLEvent } = require('xstate')

globalThis.WebSocket = WebSocket
const [server, run, event] = process.argv.slice(2)
const machines = new Map()
let isSent = event === undefined

const receiver = createWebSocketReceiver({ server })
receiver.subscribe((message) => {
  const { type, sessionId, parent, machine, state } = message
  if (machine) machines.set(sessionId, machine)
  console.log(
    JSON.stringify({ type, sessionId, parent, event: message.event?.name, ...read(sessionId, state) }),
  )
  if (!isSent && state?.hasTag('waiting')) send()
  if (type === 'service.stop' && sessionId === run) process.exit(0)
})

/** A state as version 4 understands it: resolving it throws where the machine has no such state. */
function read(sessionId, state) {
  if (!state) return {}
  const machine = machines.get(sessionId)
  const resolved = machine.resolveState(State.from(state.value, state.context))
  const { value, nextEvents } = resolved
  const nodes = resolved.configuration.map(({ id }) => id)
  return { value, nodes, nextEvents, done: state.done, tags: [...state.tags], context: state.context }
}

function send() {
  isSent = true
  const scxml = toSCXMLEvent(JSON.parse(event), { origin: run })
  receiver.send({ type: 'xstate.event', event: JSON.stringify(scxml), service: run })
}
