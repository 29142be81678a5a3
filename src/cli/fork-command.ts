import type { Caller } from '../model/caller.ts'
import { checkId } from '../model/identifier.ts'
import { readJsonArgument } from './json-argument.ts'
import { moveRun } from './moving.ts'
import type { StoreChoice } from './shell-line.ts'
import type { Terminal } from './terminal.ts'

/** Options of `stepwright fork`. */
export interface ForkCommandOptions {
  /** The number of a history entry that entered a state. */
  readonly from?: number
  readonly id?: string
  readonly session?: string
  readonly data?: string
  readonly as?: Caller
  readonly follow: boolean
}

/** Starts a new run where another one stood at a checkpoint, and follows it. */
export async function forkCommand(
  run: string,
  path: string,
  { data: given, follow, from, id, session, as }: ForkCommandOptions,
  choice: StoreChoice,
  terminal: Terminal,
): Promise<number> {
  if (id !== undefined) checkId('run', id)
  if (session !== undefined) checkId('session', session)
  const data = given === undefined ? undefined : await readJsonArgument(given, '--data')
  return moveRun({ run, path, follow }, choice, terminal, async (handle) => {
    const fork = await handle.fork({
      ...(from === undefined ? {} : { from }),
      ...(id === undefined ? {} : { id }),
      ...(session === undefined ? {} : { session }),
      ...(data === undefined ? {} : { data }),
      ...(as ? { as } : {}),
    })
    terminal.note(
      `${terminal.onErr('strong', fork.id)} is a fork of ${terminal.onErr('strong', run)}${from === undefined ? '' : ` from its entry ${from}`}`,
    )
    return fork
  })
}
