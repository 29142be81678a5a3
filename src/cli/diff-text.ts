import type { DiffLine } from '../deploy/diff-text.ts'
import { diffLines } from '../deploy/diff-text.ts'
import type { WorkflowDiff } from '../deploy/definition-diff.ts'
import type { LiveImpact } from '../deploy/live-runs.ts'
import { table } from './table.ts'
import { oneLine, type Terminal, type Tone } from './terminal.ts'

const TONES: Readonly<Record<DiffLine['tone'], Tone>> = {
  added: 'good',
  removed: 'bad',
  changed: 'warn',
  heading: 'strong',
  plain: 'plain',
  risk: 'bad',
}

/** A difference for people. */
export function showDiff(diff: WorkflowDiff, terminal: Terminal): void {
  for (const { text, tone } of diffLines(diff)) terminal.print(terminal.onOut(TONES[tone], text))
}

/** What becomes of live runs, state by state, and which are blocked. */
export function showImpact({ live, blocked, mapped, newer, states }: LiveImpact, terminal: Terminal): void {
  if (states.length > 0) {
    terminal.print('')
    const rows = states.map((state) => [
      oneLine(state.state),
      ...[state.live, state.blocked, state.mapped].map(String),
    ])
    for (const line of table(['STATE', 'LIVE', 'BLOCKED', 'MAPPED'], rows, terminal)) terminal.print(line)
  }
  for (const { runs, blocked: all } of states) {
    for (const { id, state, version, reason } of runs)
      terminal.print(
        `${terminal.onOut('bad', 'blocked')} ${oneLine(id)} in ${oneLine(state)} of version ${version}: ${oneLine(reason)}`,
      )
    if (all > runs.length)
      terminal.note(terminal.onErr('dim', `and ${all - runs.length} more; see them with --all`))
  }
  const said = [
    `${live} live`,
    `${blocked} would be blocked`,
    ...(mapped > 0 ? [`${mapped} mapped`] : []),
    ...(newer > 0 ? [`${newer} of a newer version than the new code`] : []),
  ]
  terminal.note(said.join(', '))
}
