import { stateKey } from '../../compile/keys.ts'
import type { Definition, ParallelState } from '../../definition/definition.ts'
import type { Happening } from '../../model/history.ts'
import type { InspectedRun } from './inspector-parts.ts'

/** The state value of the projection, as far as a commit tells it. */
export function stateValue(
  { states }: Definition,
  run: InspectedRun,
  happenings: readonly Happening[],
): unknown {
  const key = stateKey(run.state)
  const state = states.get(run.state)
  const waits = isWaiting(run)
  const status = run.paused ?? run.status
  const goesOn = run.handling ?? happenings.some(({ type }) => type === 'signalled' || type === 'joined')
  const works = waits || ((status === 'running' || status === 'pending') && !isRetrying(run) && !goesOn)
  switch (state?.kind) {
    case 'wait':
      return { [key]: waits ? 'awaiting' : 'handling' }
    case 'timer':
      return { [key]: waits ? 'sleeping' : 'handling' }
    case 'child':
      return state.detached ? key : { [key]: works ? 'working' : 'handling' }
    case 'parallel':
      return { [key]: works ? { working: regions(state, run) } : 'joining' }
    default:
      return key
  }
}

/** Nothing is at work: the run waits for somebody or for time. */
export function isWaiting(run: InspectedRun): boolean {
  return ((run.paused ?? run.status) === 'waiting' || run.reminding !== undefined) && !isRetrying(run)
}

function isRetrying({ timer }: InspectedRun): boolean {
  return timer?.kind === 'retry'
}

function regions({ branches }: ParallelState, { branches: ended = {} }: InspectedRun): object {
  const values = [...branches.keys()].map((name) => [
    stateKey(name),
    (Object.hasOwn(ended, name) && ended[name]) || 'working',
  ])
  return Object.fromEntries(values) as object
}
