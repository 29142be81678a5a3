import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import { awaitedBy } from '../definition/definition.ts'
import { readCaller, type Caller } from '../model/caller.ts'
import { checkId } from '../model/identifier.ts'
import { checkSize } from '../model/limits.ts'
import { isEnded } from '../model/status.ts'
import { readToken } from '../store/callback-token.ts'
import { deliver, wasSeen } from '../store/inbox.ts'
import { readReply, type Reply } from '../store/reply.ts'
import type { Delete } from '../store/store.ts'
import { notCounted } from '../runtime/answering.ts'
import { fit } from '../model/fitting.ts'
import type { Kernel } from '../runtime/kernel.ts'
import { readPublished } from './publication.ts'
import type { RunStore } from './run-store.ts'
import type { RunView } from './run-view.ts'

/** How a signal is sent. */
export interface Send {
  /** The same id twice is one signal. */
  readonly id?: string
  /** Who sends it. */
  readonly as?: Caller
}

/** A signal that is stored. `duplicate`: one of the same id was before. */
export interface Accepted {
  readonly id: string
  readonly duplicate: boolean
}

/** What comes to runs from outside. */
export class Mailbox {
  readonly #kernel: Kernel
  readonly #runs: RunStore

  constructor(kernel: Kernel, runs: RunStore) {
    this.#kernel = kernel
    this.#runs = runs
  }

  /**
   * I2, I6 Puts a signal into the inbox of a run. Refused: names the workflow does not declare, payloads that do not
   * fit, callers who may not send it now, runs that have ended. Acknowledged means stored; the same id twice is
   * applied once.
   */
  async signal(
    id: string,
    name: string,
    payload: unknown,
    { id: given, as }: Send = {},
    spent?: readonly Delete[],
  ): Promise<Accepted> {
    const { store, host } = this.#kernel
    const view = await this.#runs.view(id)
    const machine = await this.#kernel.library.machineFor(view)
    const declared = machine ? [...machine.definition.signals.keys()] : await this.#publishedSignals(view)
    if (!declared.includes(name)) {
      throw new StepwrightError('unknown-signal', {
        what: `${view.workflow} declares no signal ${quote(name)}`,
        remedy:
          declared.length > 0
            ? `Its signals are ${declared.map(quote).join(', ')}`
            : 'It declares no signals at all',
        details: { run: id, signal: name, declared },
      })
    }
    const signalId = given === undefined ? undefined : checkId('signal', given)
    const isKnown = async (): Promise<boolean> =>
      signalId !== undefined && (await wasSeen(store, id, signalId))
    if (isEnded(view.status)) {
      if (signalId !== undefined && (await isKnown())) return { id: signalId, duplicate: true }
      throw new StepwrightError('run-ended', {
        what: `Run ${quote(id)} is ${view.status}, so the signal ${quote(name)} was not accepted`,
        remedy: 'Start a new run',
        details: { run: id, status: view.status },
      })
    }
    const schema = machine?.definition.signals.get(name)
    const where = `The payload of ${quote(name)}`
    if (schema) await fit(schema, payload, 'invalid-signal', where, this.#kernel.limits.signal)
    else checkSize(payload, this.#kernel.limits.signal, where)
    const caller = as && readCaller(as)
    const state = machine?.definition.states.get(view.state)
    const way = state && awaitedBy(state).get(name)
    const wrong = way && notCounted(view, way, { name, ...(caller ? { caller } : {}) })
    if (wrong !== undefined && !(await isKnown())) {
      throw new StepwrightError('not-permitted', {
        what: `Run ${quote(id)} does not take ${quote(name)}: ${wrong}`,
        remedy: 'Send it as somebody who may: { as: { id, roles } }',
        details: { run: id, signal: name, roles: way?.roles, caller },
      })
    }
    const place = host.newId()
    const chosen = signalId ?? place
    const letter = { name, id: chosen, payload, at: host.now(), ...(caller ? { caller } : {}) }
    const once = signalId !== undefined
    try {
      if (await deliver(store, id, letter, place, { once, ...(spent ? { spent } : {}) }))
        return { id: chosen, duplicate: false }
    } finally {
      this.#kernel.nudge() // whatever came of it: a write whose reply was lost is there all the same
    }
    if (await isKnown()) return { id: chosen, duplicate: true }
    if (spent) throw unknownToken()
    throw new StepwrightError('store-unavailable', {
      what: `${store.name} refused to store a signal of ${quote(id)}`,
      remedy: 'Send it again',
    })
  }

  /** Throws `unknown-signal` where a signal is not one that is answered. */
  async checkUpdate(id: string, name: string): Promise<void> {
    const view = await this.#runs.view(id)
    const machine = await this.#kernel.library.machineFor(view)
    if (!machine?.definition.signals.has(name) || machine.definition.replies.has(name)) return
    throw new StepwrightError('unknown-signal', {
      what: `${view.workflow} declares no reply to ${quote(name)}, so it is not an update`,
      remedy: 'Send it with run.signal, or declare what it is answered with under "replies"',
      details: { run: id, signal: name, declared: [...machine.definition.replies.keys()] },
    })
  }

  /** Sends the signal that a callback token stands for, and uses the token up in the same write. */
  async callback(token: string, payload: unknown): Promise<Accepted & { readonly run: string }> {
    const { store, host } = this.#kernel
    const found = typeof token === 'string' && token !== '' ? await readToken(store, token) : undefined
    if (!found || (found.until ?? Infinity) <= host.now()) throw unknownToken()
    return { run: found.run, ...(await this.signal(found.run, found.signal, payload, {}, found.spent)) }
  }

  /** The answer to an update, or `undefined`: there is none yet. */
  reply(run: string, signal: string): Promise<Reply | undefined> {
    return readReply(this.#kernel.store, run, signal)
  }

  async #publishedSignals({ workflow, version }: RunView): Promise<readonly string[]> {
    return (await readPublished(this.#kernel.store, workflow, version))?.signals ?? []
  }
}

function unknownToken(): StepwrightError {
  return new StepwrightError('unknown-token', {
    what: 'The callback token is not one that can be used: it was used, has expired, or never was one',
    remedy: 'Ask the run for a new one',
  })
}
