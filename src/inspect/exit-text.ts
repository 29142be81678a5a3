import type { Exit } from '../definition/exit.ts'
import { sayAny, sayDuration } from './drawn-text.ts'

/** What makes a run leave that way, as far as the exit tells it alone; nothing for a move that a handler makes by itself. */
export function sayExitAlone(exit: Exit): string {
  switch (exit.by) {
    case 'step':
      return ''
    case 'signal':
      return exit.signal || '(empty)'
    case 'expires':
      return `after ${sayDuration(exit.afterMs)}`
    case 'visits':
      return `after ${exit.times} ${exit.times === 1 ? 'visit' : 'visits'}`
    case 'catch':
      return `catch ${sayAny((exit.errors ?? []).map((name) => name || 'an error without a name'))}`.trim()
  }
}
