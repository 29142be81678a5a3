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
  /** Where exactly, where that is known already. */
  readonly place?: Place | undefined
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

/** A member of the enum of states, as `go` takes it. */
export type Member = string | number

/** A move as it stands in a handler, or in what it calls. */
export interface SourceMove {
  /** Where it goes; one of them, where only the type of its target tells. */
  readonly to: readonly Member[]
  readonly place: Place
  /** Why what it hands over does not fit, for sure. */
  readonly misfits: readonly Misfit[]
  /** By field of what it hands over, what that may be made of; `*`: any field. */
  readonly feeds: ReadonlyMap<string, readonly Origin[]>
  /** The same of the vars that it changes. */
  readonly vars: ReadonlyMap<string, readonly Origin[]>
}

/** A field of what a handler is given; `*`: any. */
export interface Origin {
  readonly of: 'input' | 'vars' | 'session' | 'signal'
  readonly field: string
}

/** A call that asks a model. */
export interface SourcePrompt {
  readonly place: Place
  /** What is called, as it is written. */
  readonly call: string
  /** What it is given may be made of these. */
  readonly from: readonly Origin[]
}

/** What is wrong with a value that is handed to a state. */
export interface Misfit {
  /** A field that is missing, one that the state does not have, or a value of another kind. */
  readonly fault: 'missing' | 'extra' | 'other'
  /** The names of fields, with dots; empty for the value itself. */
  readonly path: string
  readonly is?: string
  readonly wants?: string
}

/** A way out that a decorator gives data for. */
export interface SourceEdge {
  readonly by: 'catch' | 'expires' | 'visits'
  readonly to: Member
  /** Where its data stands. */
  readonly place: Place
  /** Why what its function makes does not fit, for sure. */
  readonly misfits: readonly Misfit[]
  /** As those of a move. */
  readonly feeds: ReadonlyMap<string, readonly Origin[]>
}

/** What the types of a workflow say of one decorated method. */
export interface SourceHandler {
  /** The name of its decorator: `step`, `wait`, and so on. */
  readonly kind: string
  readonly method: string
  /** The state that it handles. */
  readonly state: Member
  /** Where each declared target stands that is written in the decorator. */
  readonly targets: ReadonlyMap<Member, Place>
  readonly edges: readonly SourceEdge[]
  readonly moves: readonly SourceMove[]
  /** It makes no other moves: all that it returns is known. */
  readonly complete: boolean
  readonly prompts: readonly SourcePrompt[]
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
  /** What types say of its handlers; only where they were asked for. */
  readonly handlers?: readonly SourceHandler[]
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
export function placeOf({ place, method, state, signal, transaction }: Anchor, found: WorkflowSource): Place {
  if (place) return place
  const entry =
    (method === undefined ? undefined : found.methods.get(method)) ??
    (state === undefined ? undefined : found.members.get(state)) ??
    (signal === undefined ? undefined : found.signals.get(signal)) ??
    (transaction === undefined ? undefined : found.transactions.get(transaction))
  return (entry ?? found).place
}
