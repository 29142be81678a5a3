import type { Feed } from './control/feed.ts'
import type { Mailbox } from './control/mailbox.ts'
import { Recall, type Scene } from './control/recall.ts'
import type { RunStore } from './control/run-store.ts'
import { VersionMasks } from './control/version-masks.ts'
import type { StateDefinition } from './definition/definition.ts'
import { quote, StepwrightError } from './errors/stepwright-error.ts'
import type { Inspector, InspectorOptions } from './inspect/bridge/inspector.ts'
import type {
  InspectedCommit,
  InspectedParts,
  InspectedRun,
  InspectorParts,
} from './inspect/bridge/inspector-parts.ts'
import type { Kernel, PartSettled } from './runtime/kernel.ts'
import { SOURCE } from './runtime/part-queue.ts'
import type { Part } from './store/part-list.ts'

/** What the inspector is wired to. */
export interface InspectionParts {
  readonly kernel: Kernel
  readonly runs: RunStore
  readonly feed: Feed
  readonly mailbox: Mailbox
  /** How often runs that others drive are looked at. Milliseconds. */
  readonly settings: { readonly pollMs: number }
}

type Kind = StateDefinition['kind'] | undefined

/** Starts the inspector where it is asked for; loaded only then, since servers are slow to load. */
export async function startInspection(
  inspect: boolean | InspectorOptions | undefined,
  { kernel, runs, feed, mailbox, settings }: InspectionParts,
): Promise<Inspector | undefined> {
  if (!inspect) return undefined
  const { startInspector } = await import('./inspect/bridge/inspector.ts')
  const { library, documents, store, host } = kernel
  const pollMs = store.shared ? settings.pollMs : Infinity
  const masks = new VersionMasks(library, store)
  const kindOf = (run: InspectedRun): Kind => library.of(run)?.machine.definition.states.get(run.state)?.kind
  const parts: InspectorParts = {
    subscribe: (listener) => {
      const ends = [
        feed.subscribe((committed) => listener({ ...committed, run: masks.blank(committed.run) })),
        feed.subscribeParts((settled) => {
          const end = endOf(settled, kindOf(settled.of.run))
          if (end) listener(end)
        }),
      ]
      return () => ends.forEach((end) => end())
    },
    list: async (page) => Promise.all((await runs.list(page)).map((view) => masks.run(view))),
    follow: (id) => {
      const recall = new Recall(id, { documents, library, watch: feed.watch(id, host, pollMs) })
      const next = async (): Promise<readonly InspectedCommit[] | undefined> => {
        const scenes = await recall.next()
        return scenes && Promise.all(scenes.map((scene) => commitOf(scene, masks)))
      }
      return { next, end: () => recall.end() }
    },
    partsOf: async (run) => partsOf(await runs.parts(run.id), kindOf(run)),
    machineOf: (run) => {
      const loaded = library.of(run)
      if (loaded) return loaded.machine
      throw new StepwrightError('unknown-workflow', {
        what: `This inspector was started without the file that has the workflow ${quote(run.workflow)}`,
        remedy: 'Start one with that file, or add its class to createEngine({ workflows })',
        details: { workflow: run.workflow },
      })
    },
    signal: (id, name, payload, as) => mailbox.signal(id, name, payload, as ? { as } : {}),
    warn: kernel.warn,
  }
  return startInspector(parts, inspect === true ? {} : inspect)
}

/** The end of a part as it is shown; other news of it are not. */
function endOf({ of, name, part, book }: PartSettled, kind: Kind): InspectedCommit | undefined {
  const { status: end, at } = part
  if (end !== 'done' && end !== 'failed') return undefined
  const { done, failed, total } = book.tally
  const branches = kind === 'parallel' ? partsOf(book.parts, kind).branches : undefined
  const all = { branches, progress: { done, failed, total } }
  return { run: of.run, revision: of.revision, happenings: [], part: { name, end, at, all } }
}

async function commitOf({ run, event }: Scene, masks: VersionMasks): Promise<InspectedCommit> {
  const { seq, at } = event
  const happenings = [await masks.event(run, event)]
  return { run: await masks.run(run), revision: seq, happenings, entry: { seq, at } }
}

/** How many there are in all is known to the worker alone that has the run. */
function partsOf(parts: ReadonlyMap<string, Part>, kind: Kind): InspectedParts {
  const ended = [...parts].flatMap(([name, { status }]) =>
    (name !== SOURCE || kind === 'parallel') && (status === 'done' || status === 'failed')
      ? [[name, status] as const]
      : [],
  )
  const failed = ended.filter(([, status]) => status === 'failed').length
  return { branches: Object.fromEntries(ended), progress: { done: ended.length - failed, failed } }
}
