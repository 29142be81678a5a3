import type { Definition } from '../definition/definition.ts'
import { awaitedBy } from '../definition/definition.ts'
import { toJson, type WorkflowJson } from '../inspect/chart-json.ts'
import { joinKey } from '../model/identifier.ts'
import type { Mark } from '../model/masking.ts'
import type { Put, Store } from '../store/store.ts'

/** What is written down about a workflow, for tools and newer versions that have not loaded it. */
interface Published {
  readonly name?: string
  readonly version?: number
  readonly signals?: readonly string[]
  readonly initial?: string
  readonly marks?: readonly Mark[]
  readonly states?: readonly { readonly name: string; readonly kind: string }[]
  /** All of it that is plain data; not in rows of older releases. */
  readonly chart?: WorkflowJson
}

/** The row that publishes a workflow. */
export function publish(definition: Definition): Put {
  const { name, version, initial, signals, states, marks } = definition
  const value = JSON.stringify({
    name,
    version,
    initial,
    signals: [...signals.keys()],
    ...(marks.length > 0 ? { marks } : {}),
    states: [...states.values()].map((state) => {
      const awaits = [...awaitedBy(state).keys()]
      return { name: state.name, kind: state.kind, ...(awaits.length > 0 ? { awaits } : {}) }
    }),
    chart: toJson(definition),
  })
  return { collection: 'definition', key: keyOf(name, version), value }
}

/** What a version of a workflow has published in this store, if it ever ran there. */
export async function readPublished(
  store: Store,
  name: string,
  version: number,
): Promise<Published | undefined> {
  const [row] = await store.get('definition', [keyOf(name, version)])
  return row && readRow(row.value)
}

/** What all versions of a workflow have published. */
export async function publishedVersions(store: Store, name: string): Promise<readonly Published[]> {
  const rows = await store.list('definition', { prefix: joinKey(`${name}@`), limit: 1_000, values: true })
  return rows.map(({ value }) => readRow(value ?? '') ?? {})
}

/** The names of all workflows that ever ran in this store, and of their states, version by version. */
export async function publishedIn(
  store: Store,
): Promise<readonly { readonly name: string; readonly states: readonly string[] }[]> {
  const rows = await store.list('definition', { limit: Number.MAX_SAFE_INTEGER, values: true })
  return rows.flatMap(({ value }) => {
    const { name, states = [] } = readRow(value ?? '') ?? {}
    return name === undefined ? [] : [{ name, states: states.map((state) => state.name) }]
  })
}

/** What the newest version of a workflow has published, if any ever ran in this store. */
export async function newestPublished(store: Store, name: string): Promise<Published | undefined> {
  const versions = await publishedVersions(store, name)
  return versions.toSorted((a, b) => (b.version ?? 0) - (a.version ?? 0))[0]
}

function keyOf(name: string, version: number): string {
  return joinKey(`${name}@${version}`)
}

/** A damaged row counts as none: every start of a process that has the workflow writes it anew. */
function readRow(text: string): Published | undefined {
  try {
    return JSON.parse(text) as Published
  } catch {
    return undefined
  }
}
