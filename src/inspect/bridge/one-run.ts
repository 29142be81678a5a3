import type {
  Following,
  InspectedCommit,
  InspectedParts,
  InspectedRun,
  InspectorParts,
} from './inspector-parts.ts'
import { joinedBranches } from './joined-branches.ts'
import type { Line } from './line.ts'
import { ShownCommit, type Protocol } from './shown-commit.ts'
import type { Viewer } from './viewer.ts'

/** Child runs that are shown beside their parent; a map may have thousands. */
const MOST_CHILDREN = 50

/**
 * A client that watches one run from its beginning, whether it has ended or goes on, and with it its child runs: the
 * entries of its history come as the messages that a live run gives.
 */
export class OneRun implements Viewer {
  readonly #line: Line
  readonly #parts: InspectorParts
  readonly #protocol: Protocol
  readonly #id: string
  readonly #registered = new Set<string>()
  /** The newest of every run that was registered and has not ended. */
  readonly #known = new Map<string, InspectedCommit>()
  /** Live runs as the ends of their parts last told of them. */
  readonly #live = new Map<string, InspectedRun>()
  readonly #followed = new Map<string, Following>()
  #closed = false

  constructor(id: string, line: Line, parts: InspectorParts, protocol: Protocol) {
    this.#id = id
    this.#line = line
    this.#parts = parts
    this.#protocol = protocol
  }

  /** Ends of parts only: what is committed is read from the history. */
  show({ commit }: ShownCommit): void {
    const { run, part } = commit
    if (!part || !this.#followed.has(run.id)) return
    this.#live.set(run.id, run)
    const known = this.#known.get(run.id)
    if (!known || !isSameVisit(known.run, run)) return
    const { revision } = known
    const told = { run: { ...known.run, ...part.all }, revision, happenings: [], part }
    for (const text of this.#textsOf(told)) this.#line.send(text)
  }

  find(id: string): InspectedRun | undefined {
    return this.#known.get(id)?.run
  }

  replay(): Promise<void> {
    this.#registered.clear()
    this.#known.clear()
    for (const following of this.#followed.values()) following.end()
    this.#followed.clear()
    return this.#follow(this.#id)
  }

  close(): void {
    this.#closed = true
    for (const following of this.#followed.values()) following.end()
  }

  async #follow(id: string): Promise<void> {
    const following = this.#parts.follow(id)
    this.#followed.set(id, following)
    try {
      for (let told; (told = await following.next()) !== undefined;) {
        for (const [i, commit] of told.entries()) {
          if (this.#closed || this.#followed.get(id) !== following) return
          await this.#takeUp(commit, i === told.length - 1)
        }
      }
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      this.#line.warn(`The inspector could not show run ${JSON.stringify(id)}: ${why}`)
      this.#line.send(JSON.stringify({ type: 'service.unreadable', sessionId: id, message: why }))
    } finally {
      following.end()
    }
  }

  async #takeUp(commit: InspectedCommit, isNewest: boolean): Promise<void> {
    const { run } = commit
    this.#takeJoined(commit)
    const forks = ['parallel', 'map'].includes(this.#kindOf(commit) ?? '')
    const stored = isNewest && forks ? await this.#parts.partsOf(run) : {}
    const told = { ...commit, run: { ...run, ...stored, ...this.#liveParts(run) } }
    for (const text of this.#textsOf(told, isNewest)) await this.#line.sendSlowly(text)
    for (const happening of commit.happenings)
      if (happening.type === 'child-started') this.#followChild(happening.child)
  }

  /** A history tells of branches and items when they are joined. */
  #takeJoined({ run, happenings }: InspectedCommit): void {
    const { definition } = this.#parts.machineOf(run)
    for (const happening of happenings) {
      if (happening.type !== 'joined') continue
      const { state, done, failed } = happening
      const branches = joinedBranches(definition, happening)
      const progress = { ...this.#liveParts(run).progress, done, failed }
      if (branches) this.#live.set(run.id, { ...run, branches })
      else if (definition.states.get(state)?.kind === 'map') this.#live.set(run.id, { ...run, progress })
    }
  }

  /** What parts have told since this client is there, which is newer than what was stored when it was read. */
  #liveParts(run: InspectedRun): InspectedParts {
    const live = this.#live.get(run.id)
    if (!live || !isSameVisit(live, run)) return {}
    return { branches: live.branches, progress: live.progress }
  }

  #followChild(id: string): void {
    if (this.#followed.has(id) || this.#followed.size > MOST_CHILDREN) return
    void this.#follow(id)
  }

  #kindOf({ run }: InspectedCommit): string | undefined {
    return this.#parts.machineOf(run).definition.states.get(run.state)?.kind
  }

  /** What has failed may be undone or tried again: only the newest entry can be an end. */
  #textsOf(commit: InspectedCommit, isNewest = true): readonly string[] {
    const { run } = commit
    const machine = this.#parts.machineOf(run)
    if (!machine.definition.states.has(run.state)) return [] // of a version that is not loaded
    const shown = new ShownCommit(commit, machine)
    const { register, events, state, stop } = shown.in(this.#protocol)
    const isNew = !this.#registered.has(run.id)
    this.#registered.add(run.id)
    if (shown.ended) this.#known.delete(run.id)
    else this.#known.set(run.id, commit)
    return [
      ...(isNew ? [register] : []),
      ...events,
      ...(!isNew || shown.ended ? [state] : []),
      ...(shown.ended && isNewest && stop !== undefined ? [stop] : []),
    ]
  }
}

function isSameVisit(one: InspectedRun, other: InspectedRun): boolean {
  const { state } = one
  return state === other.state && one.visits?.[state] === other.visits?.[state]
}
