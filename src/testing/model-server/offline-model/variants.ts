import type { Prompt } from './prompt.ts'
import { asNode, flatten, recordAt } from './schema-node.ts'
import { overlap, spell, stemsOf } from './words.ts'

/** What a list in the request says of the name that it lists. */
const LISTED = /^\s*[-*]\s*([\w-]+)\s*:\s*(.*)$/gm
const ELSE = /\b(?:anything|everything|all|something) else\b|\botherwise\b/i

/**
 * Alternatives that are told apart by a constant, such as `{ move: 'report' }`, the one that the prompt speaks of first:
 * by that constant and by what the request lists for it. Others stay in their order.
 */
export function byPrompt(
  options: readonly unknown[],
  root: unknown,
  { document, question, instruction }: Prompt,
): readonly unknown[] {
  const listed = new Map([...instruction.matchAll(LISTED)].map(([, name = '', when = '']) => [name, when]))
  const said = new Set(stemsOf(`${document} ${question.replace(LISTED, '')}`))
  const scored = options.map((option) => {
    const name = constantOf(option, root)
    const when = listed.get(name ?? '') ?? ''
    if (name === undefined) return { option, score: 0 }
    return {
      option,
      score: ELSE.test(when) ? 0.5 : overlap(new Set(stemsOf(`${spell(name)} ${when}`)), said),
    }
  })
  return scored.sort((a, b) => b.score - a.score).map(({ option }) => option)
}

/** The constant that tells an alternative from others. */
function constantOf(option: unknown, root: unknown): string | undefined {
  const open = asNode(option)
  const node = open && flatten(root, open)?.node
  if (!node) return undefined
  for (const property of Object.values(recordAt(node, 'properties'))) {
    const value = asNode(property)?.['const']
    if (typeof value === 'string') return value
  }
  return undefined
}
