import { escape, isPlain } from '../inspect/drawn-text.ts'
import { sayOwnedExit } from './exit-text.ts'
import type { MarkedChart } from './marks.ts'

/** Legible on a light and on a dark page. */
const LOOKS = {
  added: 'fill:#d9f2dd,stroke:#1a7f37,color:#0b3d1a',
  removed: 'fill:#fbdfe0,stroke:#cf222e,color:#5f0a10,stroke-dasharray:5 4',
  changed: 'fill:#fff2cc,stroke:#b07d00,color:#4d3800',
} as const
/** State diagrams cannot colour their lines, so a changed one says so. */
const SIGNS = { added: '#43; ', removed: '#45; ', changed: '~ ' } as const

/**
 * Both versions as one Mermaid state diagram: what is new green, what is gone red and dashed, what has changed amber.
 * Lines are marked with `+`, `-` and `~`.
 */
export function diffMermaid({ initial, initialBefore, states, transitions }: MarkedChart): string {
  const ids = new Map(states.map(({ name }, i) => [name, isPlain(name) ? name : `s${i + 1}`]))
  const id = (name: string): string => ids.get(name) ?? ''
  const marked = states.flatMap(({ name, change }) => (change ? [`class ${id(name)} ${change}`] : []))
  const begins = initialBefore === undefined ? [] : [`[*] --> ${id(initialBefore)}: #45;`]
  const lines = [
    ...Object.entries(LOOKS).map(([name, look]) => `classDef ${name} ${look}`),
    ...states.map(({ name }) =>
      isPlain(name) ? `state ${name}` : `state "${escape(name) || '#40;empty#41;'}" as ${id(name)}`,
    ),
    `[*] --> ${id(initial)}${initialBefore === undefined ? '' : ': #43;'}`,
    ...begins,
    ...new Set(
      transitions.map(({ from, exit, change }) => {
        const text = `${change ? SIGNS[change] : ''}${escape(sayOwnedExit(exit))}`.trim()
        return `${id(from)} --> ${id(exit.to)}${text ? `: ${text}` : ''}`
      }),
    ),
    ...states.filter(({ kind }) => kind === 'final').map(({ name }) => `${id(name)} --> [*]`),
    ...marked,
  ]
  return `stateDiagram-v2\n${lines.map((line) => `  ${line}\n`).join('')}`
}
