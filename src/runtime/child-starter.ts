import { hash } from 'node:crypto'
import { StepwrightError } from '../errors/stepwright-error.ts'
import { readDefinition } from '../definition/read-definition.ts'
import type { ChildSpec, ForkState } from '../definition/definition.ts'
import { ChildError, toFailure } from '../model/failure.ts'
import type { Happening } from '../model/history.ts'
import { LONGEST_ID } from '../model/identifier.ts'
import { idempotencyKey, visitOf, type Run } from '../model/run.ts'
import { isEnded } from '../model/status.ts'
import { readNotices, taken, type Message } from '../store/inbox.ts'
import type { Part, PartList } from '../store/part-list.ts'
import { RunDocument } from '../store/run-document.ts'
import type { Delete, Put } from '../store/store.ts'
import { create } from './creation.ts'
import { edgeFor } from './failing.ts'
import type { Hold } from './hold.ts'
import type { Loaded } from './kernel.ts'

/** Starts the child runs of a state, and learns how they end. */
export class ChildStarter {
  readonly #hold: Hold
  readonly #list: PartList
  /** A child that another run has started: it tells this one nothing. */
  foreign = false

  constructor(hold: Hold, list: PartList) {
    this.#hold = hold
    this.#list = list
  }

  /** Starts the child of a part, in one write with the part itself; one that was started before is the same child. */
  async start(
    name: string,
    spec: ChildSpec,
    item: unknown,
    state: ForkState,
  ): Promise<{ readonly part: Part; readonly told?: Happening }> {
    const { run, kernel, turn } = this.#hold
    const at = kernel.host.now()
    const detached = state.kind === 'child' && state.detached
    let id: string
    try {
      const loaded = this.#loadedOf(spec)
      id = childId(run, name, state)
      const input = state.kind === 'child' ? spec.input(run.data) : spec.input(item, run.data)
      const parent = { run: run.id, state: run.state, visit: visitOf(run), part: name }
      const options = { id, session: run.session, ...(detached ? {} : { parent }) }
      const creation = await create(loaded, input, options, undefined, kernel)
      const { part, put } = this.#list.put(
        name,
        detached ? { status: 'done', at, result: { id } } : { status: 'child', at, child: id },
      )
      const along = { put: [...creation.along.put, put], check: [turn.document.fence] }
      if (await creation.document.commit(creation.run, creation.happenings, along)) {
        kernel.announce({ run: creation.run, revision: 1, happenings: creation.happenings })
        kernel.nudge()
        return { part, told: { type: 'child-started', child: id, workflow: creation.run.workflow } }
      }
    } catch (error) {
      if (error instanceof StepwrightError && error.code.startsWith('store-')) throw error
      return { part: await this.#save(name, failedPart(error, state, at)) }
    }
    return { part: await this.#adopt(name, id, state, detached) }
  }

  /** A run of that id is there already. */
  async #adopt(name: string, id: string, state: ForkState, detached: boolean): Promise<Part> {
    const { run, kernel } = this.#hold
    const at = kernel.host.now()
    const found = await this.#load(id)
    if (!found) throw this.#hold.fenced()
    if (detached) return this.#save(name, { status: 'done', at, result: { id } })
    if (isEnded(found.status)) return this.#save(name, endedPart(found, state, at))
    this.foreign ||=
      found.parent?.run !== run.id || found.parent.state !== run.state || found.parent.visit !== visitOf(run)
    return this.#save(name, { status: 'child', at, child: id })
  }

  async #save(name: string, part: Part): Promise<Part> {
    const row = this.#list.put(name, part)
    if (!(await this.#hold.write({ put: [row.put] }))) throw this.#hold.fenced()
    return row.part
  }

  /** How children have ended that have told so since; where none has, looks whether they all still exist. */
  async ended(parts: ReadonlyMap<string, Part>): Promise<ReadonlyMap<string, Part>> {
    const { run, state, kernel } = this.#hold
    const notices = (await readNotices(kernel.store, run.id)).filter(({ kind }) => kind === 'child')
    const ended = new Map<string, Part>()
    const puts: Put[] = []
    const gone: Delete[] = []
    const at = kernel.host.now()
    const settle = async (name: string, child: string): Promise<void> => {
      const found = await this.#load(child)
      if (found && !isEnded(found.status)) {
        this.foreign ||= found.parent?.run !== run.id
        return
      }
      const { part, put } = this.#list.put(
        name,
        found
          ? endedPart(found, state as ForkState, at)
          : failedPart(new ChildError(child, 'gone'), state as ForkState, at),
      )
      ended.set(name, part)
      puts.push(put)
    }
    for (const notice of notices) {
      const { child } = parts.get(notice.name) ?? {}
      if (child === notice.id && isOfVisit(notice, run) && !ended.has(notice.name))
        await settle(notice.name, child)
      gone.push(taken(notice))
    }
    if (notices.length === 0)
      for (const [name, { status, child }] of parts)
        if (status === 'child' && child !== undefined) await settle(name, child)
    if (puts.length + gone.length > 0 && !(await this.#hold.write({ put: puts, delete: gone })))
      throw this.#hold.fenced()
    return ended
  }

  /** Outcomes with the members of the child's enum, as a handler takes them. */
  membersIn(joined: unknown, state: ForkState): unknown {
    const spec =
      state.kind === 'child'
        ? state.detached
          ? undefined
          : state.child
        : state.kind === 'map' && 'workflow' in state.item
          ? state.item
          : undefined
    if (!spec) return joined
    const { states } = readDefinition(spec.workflow)
    const member = (outcome: unknown): unknown => {
      const { state: name, data } = outcome as { state: string; data: unknown }
      return { state: states.get(name)?.member ?? name, data }
    }
    if (!Array.isArray(joined)) return member(joined)
    const collects = state.kind === 'map' && state.collects
    return joined.map((one: { ok?: boolean; value?: unknown }) =>
      !collects ? member(one) : one.ok ? { ok: true, value: member(one.value) } : one,
    )
  }

  async #load(id: string): Promise<Run | undefined> {
    const { store, host } = this.#hold.kernel
    return (await RunDocument.load(store, id, host.newId))?.run
  }

  #loadedOf(spec: ChildSpec): Loaded {
    const { name } = readDefinition(spec.workflow)
    const loaded = this.#hold.kernel.library.current(name)
    if (loaded) return loaded
    throw this.#hold.kernel.library.unknown(name)
  }
}

function childId(run: Run, name: string, state: ForkState): string {
  if (state.kind === 'child' && state.childId) return state.childId(run.data)
  const id = idempotencyKey(run, state.kind === 'child' ? undefined : name)
  return id.length <= LONGEST_ID ? id : `child-${hash('sha256', id, 'base64url')}`
}

function isOfVisit({ payload }: Message, run: Run): boolean {
  const { state, visit } = payload as { state: string; visit: number }
  return state === run.state && visit === visitOf(run)
}

function endedPart({ id, status, state: name, data, failure }: Run, state: ForkState, at: number): Part {
  if (status === 'completed') return { status: 'done', at, child: id, result: { state: name, data } }
  return { ...failedPart(new ChildError(id, status, failure), state, at), child: id }
}

function failedPart(error: unknown, state: ForkState, at: number): Part {
  const edge = edgeFor(state, error)
  return {
    status: 'failed',
    at,
    failure: toFailure(error),
    ...(edge ? { edge: state.catches.indexOf(edge) } : {}),
  }
}
