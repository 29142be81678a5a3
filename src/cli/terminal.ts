import { Console } from 'node:console'
import { inspect, styleText } from 'node:util'
import { StepwrightError, whatOf } from '../errors/stepwright-error.ts'
import { writeJson } from './json-text.ts'

/** Looks of text on a terminal. */
export type Tone = 'plain' | 'strong' | 'good' | 'bad' | 'warn' | 'dim'

const STYLES = { strong: 'bold', good: 'green', bad: 'red', warn: 'yellow', dim: 'dim' } as const

/** How a command is to speak. */
export interface Manner {
  readonly json?: boolean
  readonly quiet?: boolean
  readonly unmask?: boolean
}

/**
 * Where commands write: results on stdout, everything else on stderr. With `json`, both hold only lines of JSON.
 * Colours only on a terminal, and not where NO_COLOR is set.
 */
export class Terminal {
  readonly json: boolean
  /** Fields that schemas mark as secret or personal are shown as they are. */
  readonly unmask: boolean
  readonly #quiet: boolean
  /** A line stands there that is to be written over. */
  #passing = false

  constructor({ json = false, quiet = false, unmask = false }: Manner = {}) {
    this.unmask = unmask
    this.json = json
    this.#quiet = quiet || json
    // what a handler prints must not get between the lines of JSON
    if (json) globalThis.console = new Console(process.stderr, process.stderr)
  }

  /** A line of the result. */
  print(text: string): void {
    this.#clear()
    process.stdout.write(`${text}\n`)
  }

  /** The result for programs. */
  printJson(value: unknown): void {
    this.print(writeJson(value))
  }

  /** A line about what goes on; not for programs, and not with `--quiet`. */
  note(text: string): void {
    if (this.#quiet) return
    this.#clear()
    process.stderr.write(`${text}\n`)
  }

  /** A line that changes can be shown. */
  get isLive(): boolean {
    return !this.#quiet && process.stderr.isTTY
  }

  /** A line that the next one takes the place of; empty: none is left there. Shown on a terminal only. */
  status(text: string): void {
    if (!this.isLive) return
    this.#clear()
    if (text === '') return
    const line = oneLine(text).slice(0, (process.stderr.columns || 80) - 1)
    process.stderr.write(`${this.onErr('dim', line)}\r`) // what a handler prints goes over it
    this.#passing = true
  }

  #clear(): void {
    if (this.#passing) process.stderr.write('\u001b[K')
    this.#passing = false
  }

  /** A person is there to be asked. */
  get canAsk(): boolean {
    return !this.json && process.stdin.isTTY && process.stderr.isTTY
  }

  /** A line of what a person is asked about; also with `--quiet`. */
  ask(text: string): void {
    this.#clear()
    process.stderr.write(`${text}\n`)
  }

  /** Something a person should know. */
  warn(message: string): void {
    this.#clear()
    process.stderr.write(
      this.json
        ? `${writeJson({ warning: message })}\n`
        : `${this.onErr('warn', 'warning:')} ${clean(message)}\n`,
    )
  }

  /** What went wrong; a stack only with DEBUG=stepwright. */
  fail(error: unknown): void {
    this.#clear()
    const { code, message, remedy, details } = explain(error)
    if (this.json) process.stderr.write(`${writeJson({ error: { code, message, remedy, details } })}\n`)
    else
      process.stderr.write(
        `${this.onErr('bad', 'error:')} ${clean(message)}\n  ${clean(remedy)} ${this.onErr('dim', `[${code}]`)}\n`,
      )
    if (/(^|[,\s])(stepwright|\*)/.test(process.env['DEBUG'] ?? ''))
      process.stderr.write(`${inspect(error)}\n`)
  }

  /** Text for stdout, cleaned and in colour where that fits. */
  onOut(tone: Tone, text: string): string {
    return paint(tone, text, process.stdout)
  }

  /** Text for stderr, cleaned and in colour where that fits. */
  onErr(tone: Tone, text: string): string {
    return paint(tone, text, process.stderr)
  }

  /** A value for people, on stdout. `whole`: nothing is left out. */
  value(value: unknown, whole = false): string {
    const limits = whole
      ? { depth: null, maxArrayLength: null, maxStringLength: null }
      : { depth: 6, maxArrayLength: 50, maxStringLength: 2_000 }
    return inspect(value, { ...limits, colors: isColourful(process.stdout), breakLength: 100 }).replace(
      DIRECTION,
      escaped,
    ) // the rest it escapes itself
  }
}

const CONTROL = /[\0-\x08\x0b-\x1f\x7f-\x9f]/g
const DIRECTION = /[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

/**
 * Text as it may be shown: what a run holds was written by others, and control characters could recolour, rewrite or
 * rename the terminal; marks of writing direction could turn a line round.
 */
export function clean(text: string): string {
  return text.replace(CONTROL, escaped).replace(DIRECTION, escaped)
}

function escaped(c: string): string {
  return `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/** {@link clean} text on one line. */
export function oneLine(text: string): string {
  return clean(text.replace(/\s*\n\s*/g, ' '))
}

function paint(tone: Tone, text: string, stream: NodeJS.WriteStream): string {
  const cleaned = clean(text)
  return tone === 'plain' || !isColourful(stream)
    ? cleaned
    : styleText(STYLES[tone], cleaned, { validateStream: false })
}

function isColourful(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY && (process.env['NO_COLOR'] ?? '') === ''
}

function explain(error: unknown): { code: string; message: string; remedy: string; details: unknown } {
  if (error instanceof StepwrightError) {
    const { code, remedy, details } = error
    return { code, remedy, details, message: whatOf(error) }
  }
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  return {
    code: 'unexpected',
    message,
    remedy: 'Set DEBUG=stepwright to see where; if it is not your code, please report it',
    details: {},
  }
}
