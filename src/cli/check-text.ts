import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import type { Finding } from '../check/finding.ts'
import type { Severity } from '../model/rule.ts'
import { clean, type Terminal, type Tone } from './terminal.ts'

const TONES: Readonly<Record<Severity, Tone>> = { error: 'bad', warning: 'warn', note: 'dim' }

/** A finding for people: what and where, the lines of the source, why, a path that shows it, and what to do. */
export function findingLines(finding: Finding, terminal: Terminal): readonly string[] {
  const { severity, rule, message, why, remedy, path, workflow } = finding
  const tone = TONES[severity]
  const strong = (text: string): string => terminal.onOut('strong', text)
  const dim = (text: string): string => terminal.onOut('dim', text)
  return [
    `${strong(sayPlace(finding))} ${terminal.onOut(tone, severity)} ${clean(message)} ${dim(`[${rule}]`)}`,
    ...frame(finding, terminal),
    `  ${clean(why)}`,
    ...(path.length > 1 ? [`  ${dim('for example')} ${path.map(clean).join(' -> ')}`] : []),
    `  ${dim('remedy')} ${clean(remedy)}${finding.place ? '' : ` ${dim(`(workflow ${workflow})`)}`}`,
    '',
  ]
}

/** A finding as an annotation of GitHub Actions. */
export function githubLine({ severity, rule, message, why, remedy, place }: Finding): string {
  const level = severity === 'note' ? 'notice' : severity
  const where = place
    ? `file=${property(relative(process.cwd(), place.file))},line=${place.line},col=${place.column},endColumn=${place.endColumn},`
    : ''
  return `::${level} ${where}title=${property(rule)}::${escaped(`${message}. ${why} ${remedy}.`)}`
}

function sayPlace({ place, workflow, state }: Finding): string {
  if (!place) return state === undefined ? workflow : `${workflow}/${state}`
  return `${relative(process.cwd(), place.file)}:${place.line}:${place.column}`
}

/** The line it is about, with the one before; only where somebody looks at a terminal. */
function frame({ place, severity }: Finding, terminal: Terminal): readonly string[] {
  if (!place || !process.stdout.isTTY) return []
  let lines: readonly string[]
  try {
    lines = readFileSync(place.file, 'utf8').split('\n')
  } catch {
    return [] // it was there a moment ago
  }
  const width = String(place.line).length
  const shown = [place.line - 1, place.line].filter((n) => n > 0)
  const indent = ' '.repeat(width)
  const before = (lines[place.line - 1] ?? '').slice(0, place.column - 1).replace(/[^\t]/g, ' ')
  const mark = '^'.repeat(Math.max(1, place.endColumn - place.column))
  return [
    ...shown.map(
      (n) => terminal.onOut('dim', `  ${String(n).padStart(width)} | `) + clean(lines[n - 1] ?? ''),
    ),
    `${terminal.onOut('dim', `  ${indent} | `)}${before}${terminal.onOut(TONES[severity], mark)}`,
  ]
}

function escaped(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function property(text: string): string {
  return escaped(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
