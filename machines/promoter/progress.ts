import { basename } from 'node:path'
import type { RunView } from 'stepwright'

type Seen = Pick<RunView, 'id' | 'status' | 'state'>

/** What `npm start` prints: a line that is rewritten on a terminal, plain lines elsewhere, a table at the end. */
export class Progress {
  readonly #total: number
  readonly #quiet: boolean
  readonly #began = performance.now()
  readonly #runs = new Map<string, Seen>()
  readonly #terminal = process.stderr.isTTY

  constructor(total: number, quiet: boolean) {
    this.#total = total
    this.#quiet = quiet
  }

  print(text: string): void {
    if (this.#quiet) return
    this.#clear()
    console.error(text)
  }

  /** A run has moved. */
  saw({ id, status, state }: Seen): void {
    this.#runs.set(id, { id, status, state })
    if (this.#quiet) return
    const ended = [...this.#runs.values()].filter(
      (run) => run.status === 'completed' || run.status === 'failed',
    ).length
    const line = `${ended}/${this.#total} done, ${this.#seconds()}: ${shop(id)} ${status === 'completed' ? `ended in ${state}` : state}`
    if (this.#terminal) process.stderr.write(`\r\x1b[2K${line.slice(0, (process.stderr.columns ?? 80) - 1)}`)
    else if (status === 'completed' || status === 'failed') console.error(line)
  }

  /** One row a page, on stdout. */
  table(views: readonly RunView[]): void {
    this.#clear()
    const rows = views.map((view) => {
      const {
        plugin = '',
        subject = '',
        file = '',
        reason = '',
      } = (view.data ?? {}) as Record<string, string>
      const said = view.failure
        ? `${view.failure.name}: ${view.failure.message}`
        : reason || `${plugin}: ${subject}`
      return [
        shop(view.id),
        view.status === 'completed' ? view.state : view.status,
        clip(said, 60),
        file && basename(file),
      ]
    })
    const head = ['page', 'ended', 'what', 'mail']
    const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)))
    for (const row of [head, ...rows])
      console.log(
        row
          .map((cell, i) => cell.padEnd(widths[i] ?? 0))
          .join('  ')
          .trimEnd(),
      )
    const sent = views.filter((view) => view.state === 'sent').length
    console.log(`${sent} of ${views.length} mails sent in ${this.#seconds()}`)
  }

  #seconds(): string {
    return `${((performance.now() - this.#began) / 1000).toFixed(1)} s`
  }

  #clear(): void {
    if (this.#terminal) process.stderr.write('\r\x1b[2K')
  }
}

function shop(id: string): string {
  return id.replace(/\.html?:[0-9a-f]{8}$/, '')
}

function clip(text: string, length: number): string {
  const line = text.replaceAll(/\s+/g, ' ').trim()
  return line.length > length ? `${line.slice(0, length - 3)}...` : line
}
