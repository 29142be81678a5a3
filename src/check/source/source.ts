import type { Definition } from '../../definition/definition.ts'

/** A place in a file; lines and columns begin at 1. */
export interface Place {
  /** The path of the file, absolute. */
  readonly file: string
  readonly line: number
  readonly column: number
  /** The column behind what is meant, on the same line. */
  readonly endColumn: number
}

/** What in the source a finding is about; nothing: the class. */
export interface Anchor {
  readonly method?: string
  readonly state?: string
  readonly signal?: string
  readonly transaction?: string
}

/** Something of a workflow as it stands in its source. */
export interface SourceEntry {
  readonly place: Place
  /** Its doc comment as text, without stars and tags. */
  readonly doc?: string
}

/** A method of a workflow class. */
export interface SourceMethod extends SourceEntry {
  /** Its body names `idempotencyKey`. */
  readonly keyed: boolean
}

/** A workflow class as it stands in its source, its bases included. */
export interface WorkflowSource extends SourceEntry {
  /** The name of the class; empty where it has none. */
  readonly className: string
  /** The name in `@workflow({ name })`, where it is written there as text. */
  readonly workflow?: string
  readonly methods: ReadonlyMap<string, SourceMethod>
  /** Members of the enum, by the name that is stored. */
  readonly members: ReadonlyMap<string, SourceEntry>
  readonly signals: ReadonlyMap<string, SourceEntry>
  readonly transactions: ReadonlyMap<string, SourceEntry>
}

/** The workflow classes of some files, as {@link readSource} gives them. */
export interface Source {
  readonly workflows: readonly WorkflowSource[]
}

/** The class of a definition; of several of one name the one whose decorator names the workflow. */
export function sourceOf(definition: Definition, source: Source | undefined): WorkflowSource | undefined {
  const named = source?.workflows.filter(({ workflow }) => workflow === definition.name) ?? []
  const byClass = (all: readonly WorkflowSource[]): WorkflowSource | undefined =>
    all.find(({ className }) => className === definition.workflowClass.name)
  return byClass(named) ?? named[0] ?? byClass(source?.workflows.filter((one) => !one.workflow) ?? [])
}

/** Where something of a workflow stands; the class, where it is not to be found. */
export function placeOf({ method, state, signal, transaction }: Anchor, found: WorkflowSource): Place {
  const entry =
    (method === undefined ? undefined : found.methods.get(method)) ??
    (state === undefined ? undefined : found.members.get(state)) ??
    (signal === undefined ? undefined : found.signals.get(signal)) ??
    (transaction === undefined ? undefined : found.transactions.get(transaction))
  return (entry ?? found).place
}
