/** What ends the wait of a run: a signal it awaits, the end of a child, or a time that has come. */
import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import { awaitedBy, isFork, type AwaitedSignal } from '../definition/definition.ts'
import { judge } from '../model/failure.ts'
import { visitOf, type Run } from '../model/run.ts'
import { parseWith, type Parsed } from '../model/schema.ts'
import { isOfVisit, readInbox, taken, type Message } from '../store/inbox.ts'
import { replyPut } from '../store/reply.ts'
import { edgeData } from './failing.ts'
import type { Hold } from './hold.ts'

/** Looks whether a waiting run can go on, and commits what that changes. `false`: it goes on waiting. */
export async function answer(hold: Hold): Promise<boolean> {
  const { run, state, kernel } = hold
  const due = run.timer !== undefined && run.timer.at <= kernel.host.now()
  if (await turnAway(hold)) return true
  if (run.timer?.kind === 'retry') {
    if (due) await hold.commit({ type: 'retry-due', worker: kernel.worker })
    return due
  }
  // the code may have made it a state of another kind
  if (state.kind === 'step' || state.kind === 'final') {
    await hold.commit({ type: 'woken', worker: kernel.worker })
    return true
  }
  if (state.kind === 'timer' && run.timer === undefined) {
    await hold.commit({ type: 'parts-waiting' })
    return true
  }
  const { expires } = { expires: undefined, ...state }
  const end = expires ? run.since + expires.afterMs : Infinity
  if ((isFork(state) || awaitedBy(state).size > 0) && (await answerMessages(hold, end))) return true
  if (end <= kernel.host.now()) return expire(hold) // whatever else was due before
  return due && answerTimer(hold)
}

/** A state that was entered too often is left at once. */
export async function turnAway(hold: Hold): Promise<boolean> {
  const { run, state } = hold
  const edge = state.kind === 'final' ? undefined : state.maxVisits
  if (!edge || visitOf(run) <= edge.times) return false
  await leave(hold, edge, { by: 'visits', to: edge.to, times: edge.times }, 'maxVisits')
  return true
}

/** What comes first counts: a signal, the end of a child, or `end`, when the wait is over. */
async function answerMessages(hold: Hold, end: number): Promise<boolean> {
  const { run, state, kernel } = hold
  const awaited = awaitedBy(state)
  let childAt = Infinity
  for await (const message of readInbox(kernel.store, run.id)) {
    if (isFork(state) && isOfVisit(message, run)) childAt = Math.min(childAt, message.at)
    if (message.kind !== undefined) continue
    if (message.at > Math.min(end, childAt)) break
    const way = awaited.get(message.name)
    const read = await readPayload(hold, message)
    const wrong = read.ok ? way && notCounted(hold.run, way, message) : read.reasons.join('; ')
    if (wrong !== undefined) {
      const { name, id } = message
      const reply = replyPut(run.id, id, { ok: false, reason: wrong })
      const answered = hold.turn.loaded.machine.definition.replies.has(name) ? { put: [reply] } : {}
      await hold.commit(
        { type: 'signal-refused', name, id, reason: wrong },
        { delete: [taken(message)], ...answered },
      )
      continue
    }
    if (!way || !read.ok) continue
    const { key: _key, kind: _none, ...letter } = message
    const signal = { ...letter, payload: read.value }
    const counted = (hold.run.votes ?? []).filter(({ name }) => name === signal.name).length + 1
    if (counted < way.count) {
      await hold.commit({ type: 'voted', signal, of: way.count }, { delete: [taken(message)] })
      continue
    }
    await hold.commit({ type: 'signalled', worker: kernel.worker, signal }, { delete: [taken(message)] })
    return true
  }
  if (childAt === Infinity || childAt > end) return false
  await hold.commit({ type: 'woken', worker: kernel.worker })
  return true
}

/** The payload as its handler gets it. It was stored as it was sent, for whatever code is loaded when its turn comes. */
function readPayload({ turn }: Hold, { name, payload }: Message): Promise<Parsed> | Parsed {
  const schema = turn.loaded.machine.definition.signals.get(name)
  return schema
    ? parseWith(schema, payload)
    : { ok: false, reasons: [`no signal ${quote(name)} is declared`] }
}

/** Why a signal does not count: who sent it may not, or has been counted. */
export function notCounted(
  { votes = [] }: Pick<Run, 'votes'>,
  { roles, count }: AwaitedSignal,
  { name, caller }: Pick<Message, 'name' | 'caller'>,
): string | undefined {
  if (roles.length > 0 && !roles.some((role) => caller?.roles?.includes(role)))
    return `${caller ? quote(caller.id) : 'a caller without a name'} has none of the roles ${roles.map(quote).join(', ')}`
  if (count <= 1) return undefined
  if (!caller) return `${count} different callers are needed, and this one did not say who it is`
  if (votes.some((vote) => vote.name === name && vote.caller?.id === caller.id))
    return `${quote(caller.id)} has been counted already`
  return undefined
}

async function answerTimer(hold: Hold): Promise<boolean> {
  const { run, kernel } = hold
  const { worker } = kernel
  if (run.timer?.kind === 'reminder') {
    await hold.commit({ type: 'reminding', worker, method: run.timer.method ?? '' })
    return true
  }
  // a wait that the code has made longer goes on
  await hold.commit(run.timer?.kind === 'expires' ? { type: 'parts-waiting' } : { type: 'woken', worker })
  return true
}

async function expire(hold: Hold): Promise<boolean> {
  const { expires } = { expires: undefined, ...hold.state }
  if (!expires) return false
  await leave(hold, expires, { by: 'expires', to: expires.to, afterMs: expires.afterMs }, 'expires')
  return true
}

/** Leaves the state by an edge of its own, without calling its handler. */
async function leave(
  hold: Hold,
  edge: { readonly to: string; readonly with: unknown },
  exit:
    | { readonly by: 'visits'; readonly to: string; readonly times: number }
    | { readonly by: 'expires'; readonly to: string; readonly afterMs: number },
  name: string,
): Promise<void> {
  const { run, state, kernel, turn } = hold
  try {
    const where = `The ${name} edge of ${quote(state.name)}`
    const data = await edgeData(turn.loaded.machine, edge, [run.data], where)
    await hold.commit({ type: 'moved', worker: kernel.worker, exit, data })
  } catch (error) {
    if (error instanceof StepwrightError && (error.code === 'fenced' || error.code.startsWith('store-')))
      throw error
    await hold.commit({ type: 'failed', failure: judge(error, kernel.host.now()).failure })
  }
}
