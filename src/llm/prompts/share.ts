import { hash } from 'node:crypto'
import { invalidPrompt } from './template.ts'

/** Which labels get how much: `{ production: 0.9, canary: 0.1 }`. Only their proportions count. */
export type Share = Readonly<Record<string, number>>

/** The label that a key falls to: always the same one, and over many keys each label gets its share. */
export function pick(prompt: string, share: Share, key: string): string {
  const parts = Object.entries(share).filter(([, part]) => part !== 0)
  const total = parts.reduce((sum, [, part]) => sum + part, 0)
  const last = parts.at(-1)
  if (!last || !(total < Infinity) || parts.some(([, part]) => !(part > 0)))
    throw invalidPrompt(prompt, [`its shares are ${JSON.stringify(share)}, and not numbers above zero`])
  // by the prompt too, else those who try one thing try all things
  const point = fractionOf(`${prompt}/${key}`) * total
  let sum = 0
  for (const [label, part] of parts) if (point < (sum += part)) return label
  return last[0]
}

/** A number in [0, 1) that a text always comes to. */
function fractionOf(text: string): number {
  return parseInt(hash('sha256', text, 'hex').slice(0, 12), 16) / 2 ** 48
}
