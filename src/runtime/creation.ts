import { hash } from 'node:crypto'
import { StepwrightError, quote } from '../errors/stepwright-error.ts'
import { readCaller, type Caller } from '../model/caller.ts'
import { toMs, type Duration } from '../model/duration.ts'
import type { Happening } from '../model/history.ts'
import { checkId, joinKey } from '../model/identifier.ts'
import type { Parent, Run } from '../model/run.ts'
import { encode } from '../store/codec.ts'
import { duePut } from '../store/due-list.ts'
import type { RunDocument } from '../store/run-document.ts'
import type { Put } from '../store/store.ts'
import { begin } from './advance.ts'
import { fit } from '../model/fitting.ts'
import type { Kernel, Loaded } from './kernel.ts'

/** How a run is started. */
export interface Start {
  /** The same id, workflow and input twice is the same run. Default: a new one. */
  readonly id?: string
  /** Runs with the same session share its state. Default: one of its own. */
  readonly session?: string
  /** How long the run may take in all, or until when. Default: the workflow's. */
  readonly deadline?: Duration | Date
  /** Who starts it. */
  readonly as?: Caller
}

/** What only the engine itself says of a start. */
export interface InnerStart extends Start {
  readonly parent?: Parent
  readonly schedule?: string
  /** A fork begins in that state, with these vars. */
  readonly fork?: {
    readonly run: string
    readonly seq: number
    readonly state: string
    readonly vars: unknown
  }
}

/** A new run that is not stored yet, and what has to be written with it. */
export interface Creation {
  readonly document: RunDocument
  readonly run: Run
  readonly happenings: readonly Happening[]
  readonly along: { readonly put: readonly Put[] }
}

/** Makes a run. With a `worker`, that one drives it at once. Throws `invalid-input`, `invalid-id`, `invalid-options`. */
export async function create(
  { machine }: Loaded,
  input: unknown,
  options: InnerStart,
  worker: string | undefined,
  { documents, host, limits }: Kernel,
): Promise<Creation> {
  const { definition } = machine
  const { fork, parent, schedule, as } = options
  const startedBy = as && readCaller(as)
  const id = options.id === undefined ? host.newId() : checkId('run', options.id)
  const session = options.session === undefined ? id : checkId('session', options.session)
  const state = fork?.state ?? definition.initial
  const data = await fit(
    machine.state(state).schema,
    input,
    'invalid-input',
    `The input of ${definition.name}`,
    limits.value,
  )
  const vars = await fit(definition.vars, fork?.vars ?? {}, 'invalid-input', `The vars of ${definition.name}`)
  const now = host.now()
  const deadline = readDeadline(options.deadline ?? definition.deadlineMs, now)
  const { run, happenings } = begin(
    machine,
    {
      id,
      input: data,
      inputHash: inputHashOf(data, fork),
      vars,
      session,
      state,
      ...(worker === undefined ? {} : { worker }),
      ...(deadline === undefined ? {} : { deadline }),
      ...(parent ? { parent } : {}),
      ...(schedule === undefined ? {} : { schedule }),
      ...(startedBy ? { startedBy } : {}),
      ...(fork ? { forkedFrom: { run: fork.run, seq: fork.seq } } : {}),
    },
    now,
  )
  const put: Put[] = [
    { collection: 'started', key: startedKey(now, id), value: '{}' },
    ...(session === id ? [] : [{ collection: 'member', key: joinKey(session, id), value: '{}' } as const]),
    ...(run.status === 'running' ? [] : [duePut(now, id, 'started')]),
  ]
  return { document: documents.create(run), run, happenings, along: { put } }
}

/** What tells the same start from another one with the same id; two forks with the same data are not the same run. */
export function inputHashOf(
  input: unknown,
  fork: { readonly run: string; readonly seq: number } | undefined,
): string {
  const origin = fork ? JSON.stringify([fork.run, fork.seq]) : ''
  return hash('sha256', origin + JSON.stringify(encode(input, 'input')), 'base64url')
}

/** Runs by start: the key of one. */
export function startedKey(at: number, id: string): string {
  return `${String(at).padStart(15, '0')}/${joinKey(id)}`
}

function readDeadline(option: Duration | Date | undefined, now: number): number | undefined {
  if (option === undefined) return undefined
  const at = option instanceof Date ? option.getTime() : now + toMs(option, 'deadline')
  if (at > now) return at
  throw new StepwrightError('invalid-options', {
    what: `deadline is ${quote(option)}, which is not in the future`,
    remedy: 'Give a time to come, or none',
  })
}
