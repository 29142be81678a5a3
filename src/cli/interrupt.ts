import { EXIT } from './exit-code.ts'

/** A launcher such as npx passes a signal on that the terminal has already sent: the same key press arrives twice. */
const SAME_PRESS_MS = 400

/** Ctrl-C or SIGTERM. */
export interface Interrupt {
  readonly exitCode: number
}

/** The first interrupt is told, so that runs are left in good order; a second one ends the process at once. */
export function watchInterrupts(): { readonly first: Promise<Interrupt>; end(): void } {
  let firstAt: number | undefined
  const { promise, resolve } = Promise.withResolvers<Interrupt>()
  const onSignal = (signal: 'SIGINT' | 'SIGTERM'): void => {
    const now = performance.now()
    if (firstAt !== undefined && now - firstAt > SAME_PRESS_MS) process.exit(EXIT[signal])
    firstAt ??= now
    resolve({ exitCode: EXIT[signal] })
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  const end = (): void => {
    process.off('SIGINT', onSignal)
    process.off('SIGTERM', onSignal)
  }
  return { first: promise, end }
}
