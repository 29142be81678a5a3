import { isEnded } from '../../model/status.ts'
import type { InspectedParts, InspectedRun, InspectorParts, StoredRun } from './inspector-parts.ts'
import type { Line } from './line.ts'
import { ShownCommit, type Protocol } from './shown-commit.ts'
import type { Viewer } from './viewer.ts'

/** Runs that are shown to a client that connects late. */
const MOST_REPLAYED = 200
/** Stored runs that are looked at to find them. */
const MOST_LOOKED_AT = 2_000
const PAGE = 100

/** A client that watches all runs that have not ended, as they stand when it connects and as they go on. */
export class AllRuns implements Viewer {
  readonly #line: Line
  readonly #parts: InspectorParts
  readonly #protocol: Protocol
  /** Every run this client knows of, as it was shown last. */
  readonly #known = new Map<string, { readonly run: InspectedRun; readonly revision: number }>()
  /** Runs that ended during a replay, which may still find them active. */
  readonly #endedMeanwhile = new Set<string>()
  #replaying = false

  constructor(line: Line, parts: InspectorParts, protocol: Protocol) {
    this.#line = line
    this.#parts = parts
    this.#protocol = protocol
  }

  /** A run that is new to this client is registered first. */
  show(shown: ShownCommit): void {
    const { run, revision, part } = shown.commit
    const messages = shown.in(this.#protocol)
    const known = this.#known.get(run.id)
    if (known && (part ? known.revision > revision : known.revision >= revision)) return
    if (!known && part) return
    if (!known) this.#line.send(messages.register)
    for (const event of messages.events) this.#line.send(event)
    if (known || shown.ended) this.#line.send(messages.state)
    if (!shown.ended) return void this.#known.set(run.id, { run, revision })
    if (messages.stop !== undefined) this.#line.send(messages.stop)
    this.#known.delete(run.id)
    if (this.#replaying) this.#endedMeanwhile.add(run.id)
  }

  find(id: string): InspectedRun | undefined {
    return this.#known.get(id)?.run
  }

  close(): void {}

  /** Registers the newest active runs of the store. What a commit has shown meanwhile is newer and stays. */
  async replay(): Promise<void> {
    if (this.#replaying) return
    this.#replaying = true
    this.#known.clear()
    try {
      let shown = 0
      for await (const run of this.#storedRuns()) {
        if (shown >= MOST_REPLAYED || !this.#line.open) break
        const register = await this.#registerOf(run)
        if (register === undefined || this.#known.has(run.id) || this.#endedMeanwhile.has(run.id)) continue
        this.#known.set(run.id, { run, revision: run.revision })
        await this.#line.sendSlowly(register)
        shown++
      }
    } catch (error) {
      this.#line.warn(`The inspector could not read the runs: ${String(error)}`)
    } finally {
      this.#replaying = false
      this.#endedMeanwhile.clear()
    }
  }

  async *#storedRuns(): AsyncGenerator<StoredRun> {
    let before: string | undefined
    for (let looked = 0; looked < MOST_LOOKED_AT; looked += PAGE) {
      const page = await this.#parts.list({ limit: PAGE, ...(before === undefined ? {} : { before }) })
      yield* page.filter(({ status }) => !isEnded(status))
      before = page.findLast(({ status }) => status !== 'corrupt')?.id
      if (page.length < PAGE || before === undefined) return
    }
  }

  /** `undefined` for runs that have no place on a chart: damaged, of a workflow or in a state that is not loaded. */
  async #registerOf(run: StoredRun): Promise<string | undefined> {
    try {
      const machine = this.#parts.machineOf(run)
      const { kind } = machine.state(run.state)
      const parts: InspectedParts =
        kind === 'parallel' || kind === 'map' ? await this.#parts.partsOf(run) : {}
      const commit = { run: { ...run, ...parts }, revision: run.revision, happenings: [] }
      return new ShownCommit(commit, machine).in(this.#protocol).register
    } catch {
      return undefined
    }
  }
}
