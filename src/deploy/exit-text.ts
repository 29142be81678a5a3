import type { Exit } from '../definition/exit.ts'
import { sayExitAlone } from '../inspect/exit-text.ts'

/** What makes a run leave that way, and whose edge it is. */
export function sayOwnedExit(exit: Exit): string {
  const of = exit.by === 'catch' && exit.of ? ` of the ${exit.of}` : ''
  return `${sayExitAlone(exit)}${of}`
}
