import { hash } from 'node:crypto'
import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import { readDefinition } from '../definition/read-definition.ts'
import { isChild, type ChildSpec, type ForkState } from '../definition/definition.ts'
import { ChildError, toFailure } from '../model/failure.ts'
import type { Happening } from '../model/history.ts'
import { LONGEST_ID } from '../model/identifier.ts'
import { NOTHING_SPENT } from '../model/model-call.ts'
import { idempotencyKey, spentWithChildren, visitOf, type Parent, type Run } from '../model/run.ts'
import { isEnded } from '../model/status.ts'
import { isOfVisit, readNotices } from '../store/inbox.ts'
import type { Part, PartList } from '../store/part-list.ts'
import type { Delete, Put } from '../store/store.ts'
import { create } from './creation.ts'
import { edgeFor } from './failing.ts'
import { isOurs, type Hold } from './hold.ts'
import type { Loaded } from './kernel.ts'

/** Starts the child runs of a state, and learns how they end. */
export class ChildStarter {
  readonly #hold: Hold
  readonly #list: PartList
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
      const options = {
        ...{ id, session: run.session },
        ...(detached ? {} : { parent: this.#parent(name) }),
        ...(run.startedBy ? { as: run.startedBy } : {}),
      }
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
      const adopted = await this.#adopt(id, creation.run.workflow, state, detached)
      return { part: await this.#save(name, adopted) }
    } catch (error) {
      if (isOurs(error)) throw error
      return { part: await this.#save(name, failedPart(error, state, at)) }
    }
  }

  /** What a child knows of this run: a budget bounds the whole family. */
  #parent(part: string): Parent {
    const { run, familySpent: spent } = this.#hold
    const top = run.parent?.top ?? run.parent?.run ?? run.id
    const here = { run: run.id, state: run.state, visit: visitOf(run), part, top }
    return spent.calls > 0 ? { ...here, spent } : here
  }

  /** A run of that id is there already. */
  async #adopt(id: string, workflow: string, state: ForkState, detached: boolean): Promise<Part> {
    const { run, kernel } = this.#hold
    const at = kernel.host.now()
    const found = await this.#load(id)
    if (!found)
      throw new StepwrightError('store-busy', {
        what: `Run ${quote(id)} is being removed, and ${quote(state.name)} starts a child with its id`,
        remedy: 'Nothing to do: it is tried again in a moment',
      })
    if (found.status !== 'corrupt' && (found.workflow !== workflow || id === run.id))
      throw new StepwrightError('run-exists', {
        what: `${quote(state.name)} starts a child with the id ${quote(id)}, which is ${id === run.id ? 'its own' : `that of a run of ${found.workflow}`}`,
        remedy: 'Give the child another id',
        details: { run: run.id, child: id, workflow: found.workflow },
      })
    if (detached) return { status: 'done', at, result: { id } }
    if (isEnded(found.status)) return endedPart(found, run, state, at)
    const { parent } = found
    const own = parent?.run === run.id && parent.state === run.state && parent.visit === visitOf(run)
    return { status: 'child', at, child: id, ...(own ? {} : { foreign: true }) }
  }

  async #save(name: string, part: Part): Promise<Part> {
    const row = this.#list.put(name, part)
    if (!(await this.#hold.write({ put: [row.put] }))) throw await this.#hold.lost()
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
      if (found && !isEnded(found.status)) return
      const { part, put } = this.#list.put(
        name,
        found
          ? endedPart(found, run, state as ForkState, at)
          : failedPart(new ChildError(child, 'gone'), state as ForkState, at),
      )
      ended.set(name, part)
      puts.push(put)
    }
    for (const notice of notices) {
      const { child } = parts.get(notice.name) ?? {}
      if (child === notice.id && isOfVisit(notice, run) && !ended.has(notice.name))
        await settle(notice.name, child)
      gone.push({ collection: 'inbox', key: notice.key }) // not `must`: this write may be made twice
    }
    if (notices.length === 0)
      for (const [name, { status, child }] of parts)
        if (status === 'child' && child !== undefined) await settle(name, child)
    if (puts.length + gone.length > 0 && !(await this.#hold.write({ put: puts, delete: gone })))
      throw await this.#hold.lost()
    return ended
  }

  /** Outcomes with the members of the child's enum, as a handler takes them. */
  membersIn(joined: unknown, state: ForkState): unknown {
    const spec = state.kind === 'child' && state.detached ? undefined : childOf(state)
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

  /** One that cannot be read may be mended: it has not ended. */
  async #load(id: string): Promise<Run | undefined> {
    try {
      return (await this.#hold.kernel.documents.load(id))?.run
    } catch (error) {
      if (!(error instanceof StepwrightError) || error.code !== 'corrupt-document') throw error
      return { ...this.#hold.run, id, status: 'corrupt' }
    }
  }

  #loadedOf(spec: ChildSpec): Loaded {
    const { name } = readDefinition(spec.workflow)
    const loaded = this.#hold.kernel.library.current(name)
    if (loaded) return loaded
    throw this.#hold.kernel.library.unknown(name)
  }
}

/** The child run that a state, or each item of it, is. */
export function childOf(state: ForkState): ChildSpec | undefined {
  if (state.kind === 'child') return state.child
  return state.kind === 'map' && isChild(state.item) ? state.item : undefined
}

function childId(run: Run, name: string, state: ForkState): string {
  if (state.kind === 'child' && state.childId) return state.childId(run.data)
  const id = idempotencyKey(run, state.kind === 'child' ? undefined : name)
  return id.length <= LONGEST_ID ? id : `child-${hash('sha256', id, 'base64url')}`
}

/** How a child has ended, with what it has cost: nothing of `run`'s where somebody else started it. */
function endedPart(child: Run, run: Run, state: ForkState, at: number): Part {
  const { id, status, state: name, data, failure } = child
  const spent = child.parent?.run === run.id ? spentWithChildren(child) : NOTHING_SPENT
  const of = { child: id, ...(spent.calls > 0 ? { spent } : {}) }
  if (status === 'completed') return { status: 'done', at, ...of, result: { state: name, data } }
  return { ...failedPart(new ChildError(id, status, failure), state, at), ...of }
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
